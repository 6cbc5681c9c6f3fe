// A host with manners that a test chooses for each request: one that answers nothing, late or with a status of its own, and
// one with limits of time, which cuts what it has passed on.

import http from "node:http";
import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

/**
 * What a host does with a request: never answers it; answers with a status; waits before it passes it on; passes on the head of
 * the answer only; cuts it at an age; and lets nothing through any more from an age on.
 * @typedef {{hang?: boolean, status?: number, delayMs?: number, headOnly?: boolean, cutMs?: number, muteMs?: number}} Manner
 */

/**
 * A host before a server, closed after the test file at the latest.
 * @param {string} origin of the server
 * @param {(request: import("node:http").IncomingMessage, upgrade: boolean) => Manner | undefined} treat may be changed at any time
 * @returns {Promise<{origin: string, treat: typeof treat, asked: string[], cut: () => void}>} `asked` are the URLs of its
 *   requests; `cut` ends every connection
 */
export async function startHost(origin, treat) {
  const { port } = new URL(origin);
  const open = new Set();
  /** @type {string[]} */
  const asked = [];
  const host = { origin: "", treat, asked };
  const timers = new Set();
  const later = (ms, then) => {
    if (ms === undefined) return;
    const timer = setTimeout(then, ms);
    timers.add(timer);
  };
  const server = http.createServer(async (request, response) => {
    asked.push(request.url ?? "");
    const manner = host.treat(request, false) ?? {};
    if (manner.hang) return;
    if (manner.status) {
      response.writeHead(manner.status, { "content-type": "text/html" }).end("<h1>no</h1>");
      return;
    }
    if (manner.delayMs) await delay(manner.delayMs);
    const { method, url, headers } = request;
    const forward = http.request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      response.flushHeaders();
      if (manner.headOnly) answer.resume();
      else answer.pipe(response);
      later(manner.muteMs, () => answer.unpipe(response).resume());
    });
    later(manner.cutMs, () => response.destroy());
    forward.once("error", () => response.destroy());
    response.once("close", () => forward.destroy());
    request.pipe(forward);
  });
  server.on("upgrade", async (request, client, first) => {
    asked.push(request.url ?? "");
    client.on("error", () => client.destroy());
    const manner = host.treat(request, true) ?? {};
    if (manner.hang) return;
    if (manner.status) {
      client.end(`HTTP/1.1 ${manner.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    if (manner.delayMs) await delay(manner.delayMs);
    const upstream = net.connect(Number(port), "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(first);
    upstream.pipe(client);
    client.pipe(upstream);
    later(manner.muteMs, () => upstream.unpipe(client).resume());
    later(manner.cutMs, () => client.destroy());
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => {
    for (const timer of timers) clearTimeout(timer);
    server.close();
    cut();
  });
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return Object.assign(host, { cut, origin: `http://127.0.0.1:${server.address().port}` });
}
