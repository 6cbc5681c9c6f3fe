// The way to the page: names, addresses, connections that break off, redirects, and peers that are no web servers.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { startDante } from "../support/dante.js";
import { PACE, expectProbe, listen, respond, startHost, startPeer, together } from "./support.js";

const dante = await startDante([...PACE]);
/** The name that is probed where it has addresses of its own. */
const NAME = "dante.test";

const NAMED = `http://${NAME}:${dante.port}/`;
/** `--resolve` for several addresses, in this order. */
const resolved = (addresses) =>
  addresses.flatMap((address) => ["--resolve", `${NAME}:${dante.port}:${address}`]);

/** A port where nobody listens. */
async function closedPort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** An address that drops every attempt to connect, as a firewall does: its queue is full, and nobody accepts. */
async function startDeaf(host, port) {
  const script = `
    const server = require("node:net").createServer().listen({ port: ${port}, host: "${host}", backlog: 1 }, () => {
      require("node:worker_threads").parentPort.postMessage("");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(script, { eval: true });
  after(() => worker.terminate());
  await once(worker, "message");
  for (let queued = 0; queued < 4; queued += 1) {
    const socket = net.connect(port, host).on("error", () => {});
    after(() => socket.destroy());
    // Those beyond the queue never connect.
    await Promise.race([once(socket, "connect"), delay(200)]);
  }
}

together("the way there", {
  async "a name that is not known"() {
    await expectProbe("http://dante.invalid/", { verdicts: ["broken name-unknown at name"], last: "name" });
  },
  async "a port where nobody listens"() {
    const url = `http://127.0.0.1:${await closedPort()}/`;
    await expectProbe(url, { verdicts: ["broken not-listening at tcp"], last: "tcp" });
  },
  async "an address to which no way leads"() {
    // TCP knows no groups (RFC 1112), and so this needs no network.
    const args = ["--resolve", "dante.test:81:224.0.0.1"];
    const verdicts = ["broken unreachable at tcp"];
    await expectProbe("http://dante.test:81/", { args, verdicts, last: "tcp" });
  },
  async "two addresses, and a firewall before the first"() {
    await startDeaf("127.0.0.2", dante.port);
    await expectProbe(NAMED, {
      args: resolved(["127.0.0.2", "127.0.0.1"]),
      verdicts: ["note address-dead at tcp"],
    });
  },
  async "a black hole"() {
    const url = await startPeer(() => {});
    await expectProbe(url, {
      args: ["--timeout", "2s"],
      verdicts: ["broken black-hole at http, or guest-not-started"],
      last: "http",
    });
    await expectProbe(url.replace("http:", "https:"), {
      args: ["--timeout", "2s", "--insecure"],
      verdicts: ["broken black-hole at tls"],
      last: "tls",
    });
  },
  async "one that hangs up"() {
    const url = await startPeer((socket) => socket.once("data", () => socket.end()));
    await expectProbe(url, { verdicts: ["broken no-answer at http"], last: "http" });
  },
  async "no web server at all"() {
    const url = await startPeer((socket) => socket.write("220 mail.example ESMTP\r\n"));
    await expectProbe(url, { args: ["--timeout", "3s"], verdicts: ["broken garbage at http"], last: "http" });
  },
  async "a page that takes its time"() {
    const url = await startPeer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<!doctype html>");
      });
    });
    await expectProbe(url, {
      args: ["--timeout", "2s"],
      verdicts: ["broken slow-answer at http"],
      last: "page",
    });
  },
  async "redirects on and on"() {
    let at = 0;
    const server = http.createServer((_request, response) => {
      at += 1;
      response.writeHead(302, { location: `/${at}` }).end();
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    await expectProbe(url, { verdicts: ["broken redirect-loop at page"], last: "page" });
  },
  async "redirects to another port, where Dante is"() {
    const server = http.createServer((_request, response) => {
      response.writeHead(308, { location: `${dante.origin}/` }).end();
    });
    await expectProbe(`http://127.0.0.1:${await listen(server)}/`);
  },
});

/** A server at another address, on Dante's port. */
async function startBeside(address, server) {
  server.listen(dante.port, address);
  await once(server, "listening");
  after(() => {
    server.closeAllConnections?.();
    server.close();
  });
}

/** A site that is not Dante's. */
const elsewhere = () =>
  http.createServer((_request, response) => respond(response, 200, "text/html", "<title>Welcome!</title>"));

/** Passes connections on to Dante, unless `spoil(count, socket)` has dealt with one itself. */
async function startForwarder(spoil) {
  let count = 0;
  const server = net.createServer((client) => {
    count += 1;
    client.on("error", () => client.destroy());
    if (spoil(count, client, server)) return;
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

/** Resets a connection once it is asked something. */
function reset(socket) {
  socket.once("data", () => socket.resetAndDestroy());
  return true;
}

together("several addresses", {
  async "Dante at the first, another site at the second"() {
    await startBeside("127.0.0.3", elsewhere());
    const { verdicts } = await expectProbe(NAMED, {
      args: resolved(["127.0.0.1", "127.0.0.3"]),
      verdicts: ["degraded addresses-differ at tcp"],
    });
    assert.match(verdicts[0].evidence, /127\.0\.0\.1:\d+ is Dante; 127\.0\.0\.3:\d+ answers 200, "Welcome!"/);
  },
  async "another site at the first, IPv6, Dante at the second"() {
    await startBeside("::1", elsewhere());
    await expectProbe(NAMED, {
      args: [...resolved(["[::1]", "127.0.0.1"]), "--transports", "sse"],
      verdicts: ["broken addresses-differ at tcp"],
      last: "page",
    });
  },
  async "a second that closes without an answer"() {
    await startBeside(
      "127.0.0.4",
      net.createServer((socket) => socket.once("data", () => socket.destroy())),
    );
    await expectProbe(NAMED, {
      args: resolved(["127.0.0.1", "127.0.0.4"]),
      verdicts: ["degraded addresses-differ at tcp"],
    });
  },
  async "a second where nobody listens, on this machine: no matter"() {
    await expectProbe(NAMED, { args: [...resolved(["127.0.0.1", "127.0.0.5"]), "--transports", "sse"] });
  },
  async "a second that drops all connections"() {
    await startDeaf("127.0.0.6", dante.port);
    await expectProbe(NAMED, {
      args: [...resolved(["127.0.0.1", "127.0.0.6"]), "--transports", "sse"],
      verdicts: ["note address-dead at tcp"],
    });
  },
  async "a second that answers as the first one does by turns: no other site"() {
    let turn = 0;
    const turns = http.createServer((request, response) => {
      turn += 1;
      if (turn % 2) respond(response, 502, "text/html", "<title>Bad Gateway</title>");
      else http.get(`${dante.origin}${request.url}`, (from) => from.pipe(response));
    });
    await startBeside("127.0.0.7", turns);
    await expectProbe(NAMED, { args: [...resolved(["127.0.0.1", "127.0.0.7"]), "--transports", "sse"] });
  },
});

together("connections that break off", {
  async "a forwarder that serves one connection"() {
    const one = await startForwarder((_count, _client, server) => {
      server.close();
      return false;
    });
    const { verdicts } = await expectProbe(one, {
      verdicts: ["broken one-connection-only at tcp"],
      last: "handshake",
    });
    assert.match(verdicts[0].evidence, /the first connection was accepted, the next \d+ were refused/);
  },
  async "each fifth is reset: said once, and every hop goes on"() {
    let count = 0;
    const hit = new Set();
    /** Whether it is a request's turn. One that is made again just then is not hit twice. */
    const isFifth = ({ method, url: path }) => {
      const request = `${method} ${path}`;
      if (hit.delete(request)) return false;
      count += 1;
      if (count % 5 === 0) hit.add(request);
      return count % 5 === 0;
    };
    const fifth = await startHost(dante.port, {
      answer: (request, response) => isFifth(request) && Boolean(response.socket.resetAndDestroy()),
      upgrade: (request, socket) => isFifth(request) && Boolean(socket.resetAndDestroy()),
    });
    const document = await expectProbe(`${fifth}/`, { verdicts: ["degraded connections-reset at tcp"] });
    const { connections } = document.hops.find(({ hop }) => hop === "tcp").evidence;
    assert.ok(connections.broken.length > 1);
    assert.ok(connections.broken.every(({ answeredAgain }) => answeredAgain));
    assert.ok(connections.opened > connections.broken.length * 3);
  },
  async "each fourth is closed without an answer"() {
    const fourth = await startForwarder((count, client) => {
      if (count % 4) return false;
      client.once("data", () => client.end());
      return true;
    });
    await expectProbe(fourth, { verdicts: ["degraded connections-reset at tcp"] });
  },
  async "one is reset: no more than a note"() {
    const third = await startForwarder((count, client) => count === 3 && reset(client));
    await expectProbe(third, { verdicts: ["note connections-reset at tcp"] });
  },
  async "all are reset: not by chance"() {
    const all = await startForwarder((_count, client) => reset(client));
    await expectProbe(all, { verdicts: ["broken no-answer at http"], last: "http" });
  },
  async "the page is shorter than its Content-Length"() {
    const host = await startHost(dante.port, {
      pass(request, from, response) {
        if (request.url !== "/") return false;
        const { "transfer-encoding": _, ...headers } = from.headers;
        const parts = [];
        from
          .on("data", (part) => parts.push(part))
          .on("end", () => {
            const body = Buffer.concat(parts);
            response.writeHead(200, { ...headers, "content-length": body.length + 10 });
            response.write(body, () => response.socket.end());
          });
        return true;
      },
    });
    const { verdicts } = await expectProbe(`${host}/`, { verdicts: ["broken body-cut at page"] });
    assert.match(verdicts[0].evidence, /\d+ of \d+ bytes came, then the connection was closed/);
  },
  async "polls have a Content-Length that is too small"() {
    const host = await startHost(dante.port, {
      pass(request, from, response) {
        if (request.method !== "GET" || !request.url.includes("transport=polling")) return false;
        const { "transfer-encoding": _, ...headers } = from.headers;
        const parts = [];
        from
          .on("data", (part) => parts.push(part))
          .on("end", () => {
            const body = Buffer.concat(parts);
            const length = Math.max(0, body.length - 3);
            response.writeHead(from.statusCode, { ...headers, "content-length": length });
            response.end(body.subarray(0, length));
          });
        return true;
      },
    });
    const { verdicts } = await expectProbe(`${host}/`, {
      verdicts: ["degraded body-cut at handshake"],
      missed: ["sticky", "cors"],
    });
    assert.match(verdicts[0].evidence, /EOF while parsing .* column \d+; it ends with ".*maxPayload":\d+"$/);
  },
  async "the page ends in the middle of its chunks, once"() {
    let cut = false;
    const host = await startHost(dante.port, {
      pass(request, _from, response) {
        if (request.url !== "/" || cut) return false;
        cut = true;
        response.writeHead(200, { "content-type": "text/html" });
        response.write("<!doctype html>", () => response.socket.destroy());
        return true;
      },
    });
    await expectProbe(`${host}/`, { verdicts: ["note connections-reset at tcp"] });
  },
});
