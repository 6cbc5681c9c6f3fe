// Applications that know their clients by a cookie, on four nodes behind HAProxy, which keeps each client at its node by another one. A
// browser sends both wherever it opens a stream, and so does the probe.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { Server } from "socket.io";
import { WebSocketServer } from "ws";

import { haproxy } from "../accuracy/hosts/haproxy.js";
import { describeVerdict, listen, probe, together, withoutStalls } from "./support.js";

const LISTEN = ["--for", "1s"];
const EVERY_MS = 100;

/** A node: whoever has asked it for a page or a refusal has a session there, and only there. */
async function node(name) {
  const knows = ({ headers }) => headers.cookie?.includes(`session=${name}`) ?? false;
  const cookie = { "set-cookie": `session=${name}; Path=/` };
  const server = createServer((request, response) => {
    if (request.url.startsWith("/events") && knows(request)) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write(`data: ${name}\n\n`), EVERY_MS);
      response.on("close", () => clearInterval(timer));
    } else if (request.url === "/chat") {
      response.writeHead(200, { "content-type": "text/html", ...cookie });
      response.end('<!doctype html><script src="/socket.io/socket.io.js"></script><script>io()</script>');
    } else {
      response.writeHead(400, cookie).end("Upgrade Required");
    }
  });
  const io = new Server(server, { destroyUpgrade: false });
  io.use((socket, next) => next(knows(socket.request) ? undefined : new Error("no session")));
  io.on("connection", (socket) => {
    const timer = setInterval(() => socket.emit("news", name), EVERY_MS);
    socket.on("disconnect", () => clearInterval(timer));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (request.url.startsWith("/socket.io/")) return;
    if (request.url !== "/feed" || !knows(request)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const timer = setInterval(() => connection.send(name), EVERY_MS);
      connection.on("close", () => clearInterval(timer));
    });
  });
  return await listen(server);
}

// With two, a session without the cookie would too often find its own node by chance.
const nodes = await Promise.all(["a", "b", "c", "d"].map(node));
const servers = nodes.map((port, at) => `server n${at} 127.0.0.1:${port} cookie n${at}`);
const host = await haproxy(
  `balance roundrobin\n  cookie node insert indirect nocache\n  ${servers.join("\n  ")}`,
);

/** Probes, and expects events from one node alone on each stream, and these verdicts. */
async function expectEvents(path, subject, verdicts = []) {
  const document = await probe(new URL(path, host).href, LISTEN);
  const { evidence } = document.hops.find(({ hop }) => hop === "stream");
  const report = JSON.stringify({ evidence, verdicts: document.verdicts }).slice(0, 4000);
  assert.equal(document.subject, subject, report);
  assert.deepEqual(withoutStalls(document.verdicts).map(describeVerdict), verdicts, report);
  for (const stream of evidence.streams) {
    assert.ok(stream.events.length > 3, report);
    assert.equal(new Set(stream.events.map(({ digest }) => digest)).size, 1, report);
  }
}

together("an application whose sessions are kept by cookies", {
  async "a WebSocket"() {
    await expectEvents("/feed", "websocket");
  },
  async "an event stream"() {
    await expectEvents("/events", "event-stream");
  },
  async "Socket.IO, by its page"() {
    await expectEvents("/chat", "engine", ["note stickiness-by-cookie at sticky"]);
  },
});
