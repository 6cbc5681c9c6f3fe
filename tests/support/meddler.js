// Something in front of a server that meddles with files and policies: it answers what it likes in a file's place, keeps a file back, or adds
// a Content-Security-Policy to every answer. All else passes, WebSockets included.

import http from "node:http";
import net from "node:net";
import { after } from "node:test";

/**
 * A relay before a server, closed after the test file at the latest.
 * @param {string} origin of the server
 * @param {object} options
 * @param {(url: string) => {status: number, type?: string, body?: string} | "hang" | undefined} [options.answer] what it answers itself
 * @param {string | ((host: string) => string)} [options.policy] replaces the server's own Content-Security-Policy, as nginx's
 *   `proxy_hide_header` with `add_header` does; `host` is the one that the browser asked
 * @returns {Promise<{origin: string, release: () => void}>} `release` lets go what was kept back
 */
export async function startMeddler(origin, { answer = () => undefined, policy } = {}) {
  const port = Number(new URL(origin).port);
  const open = new Set();
  const kept = [];
  const pass = (request, response) => {
    const { method, url, headers } = request;
    const forward = http.request({ host: "127.0.0.1", port, method, path: url, headers }, (answered) => {
      const written = { ...answered.headers };
      if (policy && written["content-security-policy"]) {
        const text = typeof policy === "string" ? policy : policy(headers.host ?? "");
        written["content-security-policy"] = text;
      }
      response.writeHead(answered.statusCode ?? 502, written);
      answered.pipe(response);
    });
    forward.on("error", () => response.destroy());
    response.on("close", () => forward.destroy());
    request.pipe(forward);
  };
  const server = http.createServer((request, response) => {
    const own = answer(request.url ?? "");
    if (own === "hang") kept.push(() => pass(request, response));
    else if (!own) pass(request, response);
    else response.writeHead(own.status, { "content-type": own.type ?? "text/html" }).end(own.body ?? "no");
  });
  server.on("upgrade", (request, client, first) => {
    const upstream = net.connect(port, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      socket.on("error", () => {});
      socket.on("close", () => other.destroy());
    }
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(first);
    upstream.pipe(client);
    client.pipe(upstream);
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const release = () => kept.splice(0).forEach((one) => one());
  return { origin: `http://127.0.0.1:${server.address().port}`, release };
}
