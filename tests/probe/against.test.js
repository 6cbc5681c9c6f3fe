// `--against`: the same stream at its origin, read at the same time. What differs is the host's doing, and what doesn't is not.

import assert from "node:assert/strict";
import http from "node:http";

import { WebSocketServer } from "ws";

import { apache, pass } from "../accuracy/hosts/apache.js";
import { caddy } from "../accuracy/hosts/caddy.js";
import { haproxy } from "../accuracy/hosts/haproxy.js";
import { location, nginx } from "../accuracy/hosts/nginx.js";
import { startDante } from "../support/dante.js";
import { PACE, describeVerdict, listen, probe, startHost, together, withoutStalls } from "./support.js";

const EVERY_MS = 400;

/** An event stream that says the same to everybody, as a ticker does. */
function ticker({ until = Infinity, perClient = false, headers = {} } = {}) {
  const clients = new Set();
  let tick = 0;
  const timer = setInterval(() => {
    tick += 1;
    for (const client of clients) {
      client.write(`id: ${tick}\ndata: tick ${tick}${perClient ? ` for ${client.number}` : ""}\n\n`);
    }
  }, EVERY_MS);
  timer.unref();
  let number = 0;
  return http.createServer((_request, response) => {
    response.number = number += 1;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", ...headers });
    response.flushHeaders();
    clients.add(response);
    response.on("close", () => clients.delete(response));
    if (until < Infinity) setTimeout(() => response.destroy(), until);
  });
}

const origin = await listen(ticker());
const ORIGIN = `http://127.0.0.1:${origin}`;

/** What is said of a stream at a host, beside that at other places. */
async function against(host, others, { path = "/events", args = ["--sse"], time = "4s" } = {}) {
  const document = await probe(`${host}${path}`, [
    ...args,
    ...(time ? ["--for", time] : []),
    ...others.flatMap((other) => ["--against", `${other}${path}`]),
  ]);
  const seen = withoutStalls(document.verdicts).map(describeVerdict);
  const said = document.verdicts.map(({ id, evidence }) => `${id}: ${evidence}`).join("\n");
  return { document, seen, said };
}

async function expect(host, others, expected, options) {
  const { seen, said, document } = await against(host, others, options);
  assert.deepEqual(seen, expected, said);
  return { said, document };
}

/** nginx that passes on everything, with this beside. */
const behindNginx = (port, more = "proxy_buffering off;") => nginx(location("/", port, more));

/** A proxy that gathers what comes for so long. */
const gathering = (port, ms) =>
  startHost(port, {
    pass(_request, from, response) {
      response.writeHead(from.statusCode, from.headers);
      response.flushHeaders();
      const parts = [];
      from.on("data", (part) => parts.push(part));
      const timer = setInterval(() => response.write(Buffer.concat(parts.splice(0))), ms);
      response.once("close", () => clearInterval(timer));
      return true;
    },
  });

together("the same stream at its origin", {
  async "behind nginx, Caddy, HAProxy and Apache: nothing to say"() {
    for (const host of [
      await behindNginx(origin),
      await caddy(`reverse_proxy 127.0.0.1:${origin}`),
      await haproxy(`server app 127.0.0.1:${origin}`),
      await apache(pass(origin, "/")),
    ]) {
      await expect(host, [ORIGIN], [], { time: "2s" });
    }
  },
  async "behind a host that gathers events"() {
    const { said } = await expect(await gathering(origin, 2500), [ORIGIN], ["degraded buffered at against"], {
      time: "6s",
    });
    assert.match(said, /came \d\.\d to \d\.\d s later than further in/);
  },
  async "with two places: the guilty one is named"() {
    const guilty = await gathering(origin, 2500);
    const front = await behindNginx(new URL(guilty).port);
    const { said } = await expect(front, [guilty, ORIGIN], ["degraded buffered at against"], { time: "6s" });
    assert.ok(said.includes(`between ${guilty}/events and ${ORIGIN}/events`), said);
  },
  async "behind nginx that compresses"() {
    const host = await behindNginx(origin, "proxy_buffering off; gzip on; gzip_types *; gzip_min_length 1;");
    await expect(host, [ORIGIN], ["note compressed-stream at against"]);
  },
  async "behind nginx that changes a header"() {
    const host = await behindNginx(origin, "proxy_buffering off; proxy_hide_header Cache-Control;");
    const { said } = await expect(host, [ORIGIN], ["note headers-changed at against"]);
    assert.match(said, /cache-control: no-store becomes missing/);
  },
  async "at an origin that ends by itself"() {
    const short = await listen(ticker({ until: 1500 }));
    const { document } = await against(await behindNginx(short), [`http://127.0.0.1:${short}`]);
    assert.deepEqual(
      [...new Set(document.verdicts.map(({ id }) => id))],
      ["origin-itself"],
      JSON.stringify(document.verdicts),
    );
  },
  async "that differs for each client"() {
    const own = await listen(ticker({ perClient: true }));
    await expect(await behindNginx(own), [`http://127.0.0.1:${own}`], ["note not-comparable at against"]);
  },
  async "at an origin that is down"() {
    const { document } = await against(await behindNginx(1), ["http://127.0.0.1:1"]);
    const first = document.verdicts[0];
    assert.deepEqual(
      [first.id, document.outcome],
      ["origin-itself", "broken"],
      JSON.stringify(document.verdicts),
    );
  },
  async "over WebSocket, behind nginx that drops the upgrade"() {
    const server = http.createServer((_request, response) => response.writeHead(426).end());
    const sockets = new WebSocketServer({ server });
    // The same to everybody: with a timer for each, one would now and then skip what another has sent.
    let tick = 0;
    const timer = setInterval(() => {
      tick += 1;
      for (const socket of sockets.clients) socket.send(`tick ${tick}`);
    }, EVERY_MS);
    timer.unref();
    const port = await listen(server);
    const inner = `http://127.0.0.1:${port}`;
    await expect(await behindNginx(port), [inner], [], { args: ["--ws"] });
    const host = await nginx(`location / { proxy_http_version 1.1; proxy_pass ${inner}; }`);
    const { document } = await against(host, [inner], { args: ["--ws"] });
    assert.deepEqual(
      document.verdicts.map(({ id }) => id),
      ["upgrade-stripped"],
    );
  },
  async "of Dante itself"() {
    const dante = await startDante([...PACE, "--prefix", "/dante"]);
    const host = await behindNginx(dante.port);
    await expect(host, [dante.origin], [], {
      path: "/dante/",
      args: ["--transports", "sse,websocket"],
      time: "2s",
    });
  },
});
