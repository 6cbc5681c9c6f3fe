// `--watch` with applications that know nothing of Dante: a stream that is cut and comes back is one line each, and counted.

import assert from "node:assert/strict";
import http from "node:http";

import { WebSocketServer } from "ws";

import { listen, startHost, together } from "./support.js";
import { changes, watch } from "./watching.js";

const EVERY_MS = 200;

/** An application with a WebSocket at /feed and an event stream at /events. */
async function start({ port = 0 } = {}) {
  const streams = new Set();
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const timer = setInterval(() => response.write("data: news\n\n"), EVERY_MS);
    streams.add(response);
    response.once("close", () => (clearInterval(timer), streams.delete(response)));
  });
  const sockets = new WebSocketServer({ server, path: "/feed" });
  sockets.on("connection", (socket) => {
    const timer = setInterval(() => socket.send("news"), EVERY_MS);
    socket.once("close", () => clearInterval(timer));
  });
  const at = await listen(server, { port });
  const cut = () => {
    for (const socket of sockets.clients) socket.terminate();
    for (const response of streams) response.destroy();
  };
  return {
    port: at,
    cut,
    stop() {
      server.close();
      cut();
    },
  };
}

/** Expects one stream that was cut once, for no longer than a reader who comes back after a second. */
function expectOneCut(summary, name) {
  assert.deepEqual([summary.cuts, summary.outcome, summary.exitCode], [1, "degraded", 3]);
  const [stream, ...others] = summary.streams;
  assert.deepEqual([stream.stream, stream.cuts, stream.open, others], [name, 1, true, []]);
  assert.ok(
    stream.longestGapMs >= 900 && stream.longestGapMs === summary.longestGapMs,
    JSON.stringify(summary),
  );
}

/** Watches an application, cuts its stream once it is followed, and waits until it is back. */
async function cutOnce(path, args, name) {
  const app = await start();
  const watching = await watch(`http://127.0.0.1:${app.port}${path}`, [...args, "--for", "1s"]);
  assert.deepEqual(watching.begun.streams, [name]);
  app.cut();
  const cut = await watching.change("cut");
  assert.deepEqual([cut.severity, cut.streams], ["degraded", [name]]);
  const back = await watching.change("back");
  assert.ok(back.afterMs >= 900, JSON.stringify(back));
  const summary = await watching.end();
  assert.deepEqual(changes(watching), ["cut", "back"]);
  expectOneCut(summary, name);
}

together("an application whose stream is cut and comes back", {
  async "a WebSocket"() {
    await cutOnce("/feed", ["--ws"], "websocket");
  },
  async "an event stream"() {
    await cutOnce("/events", ["--sse"], "event stream");
  },
  async "one that was taken for what it is"() {
    await cutOnce("/events", [], "event stream");
  },
  async "one that is gone for a while"() {
    const app = await start();
    const watching = await watch(`http://127.0.0.1:${app.port}/feed`, ["--ws", "--for", "1s"]);
    app.stop();
    const cut = await watching.change("cut");
    assert.deepEqual(cut.streams, ["websocket"]);
    const gone = await watching.change("status");
    assert.deepEqual([gone.severity, gone.now], ["broken", "no connection"]);
    await start({ port: app.port });
    const back = await watching.change("back");
    assert.match(back.text, /^websocket: open again after .*; meanwhile: .*refused/);
    await watching.until(({ change, now }) => change === "status" && now === "a connection");
    const summary = await watching.end();
    assert.deepEqual(changes(watching).toSorted(), ["back", "cut", "status", "status"]);
    assert.deepEqual([summary.cuts, summary.outcome, summary.exitCode], [1, "broken", 4]);
  },
  async "one that is refused meanwhile"() {
    const app = await start();
    // Busy is asked again before it counts as refused.
    let refusals = 0;
    const host = await startHost(app.port, {
      upgrade(_request, socket) {
        if (refusals <= 0) return false;
        refusals -= 1;
        socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
        return true;
      },
    });
    const watching = await watch(`${host}/feed`, ["--ws", "--for", "1s"]);
    refusals = 3;
    app.cut();
    const back = await watching.change("back");
    assert.match(back.text, /; meanwhile: 503/);
    const summary = await watching.end();
    assert.deepEqual(changes(watching), ["cut", "back"]);
    expectOneCut(summary, "websocket");
  },
});
