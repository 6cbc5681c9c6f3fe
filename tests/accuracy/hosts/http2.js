// A front that speaks HTTP/2 and HTTP/1.1 behind TLS, in the shape of tests/probe/support.js: the faults that no proxy here has.

import http from "node:http";
import http2 from "node:http2";
import { readFileSync } from "node:fs";

import { listen, tunnel } from "../../probe/support.js";
import { CHAIN, KEY_FILE, trusted } from "./tls.js";

/** Headers of a connection, which HTTP/2 forbids (RFC 9113, 8.2.2). */
const OF_CONNECTION = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

export const isHttp2 = ({ httpVersionMajor }) => httpVersionMajor === 2;

/** The headers of a request of HTTP/2 as HTTP/1.1 has them. */
function headersOf(headers) {
  const plain = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
  return { host: headers[":authority"], ...Object.fromEntries(plain) };
}

/** Opens a WebSocket for an extended CONNECT (RFC 8441), and passes on what goes both ways. */
function connect(port, request, response) {
  const headers = {
    ...headersOf(request.headers),
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const forward = http.request({ port, host: "127.0.0.1", path: request.headers[":path"], headers });
  forward.once("error", () => response.stream.destroy());
  forward.once("response", (answer) => {
    answer.resume();
    response.writeHead(answer.statusCode).end();
  });
  forward.once("upgrade", (_answer, upstream, first) => {
    const { stream } = response;
    response.writeHead(200);
    stream.write(first);
    stream.on("error", () => upstream.destroy());
    upstream.on("error", () => stream.destroy());
    stream.once("close", () => upstream.destroy());
    upstream.pipe(stream).pipe(upstream);
  });
  forward.end();
}

/**
 * Starts one before a Dante.
 * @param {number} port where that listens
 * @param {object} spoil each may be missing. `answer(request, response)` and `connect(request, response)` say whether they have answered
 *   themselves; `pass(request, answer, response)` whether it has passed the answer on; `session(session)` sees connections of HTTP/2
 * @param {{offers?: boolean, allowHTTP1?: boolean}} options whether its settings offer extended CONNECT, and whether it speaks HTTP/1.1
 */
export async function startFront(port, spoil = {}, { offers = false, allowHTTP1 = true } = {}) {
  const server = http2.createSecureServer({
    cert: readFileSync(CHAIN),
    key: readFileSync(KEY_FILE),
    allowHTTP1,
    settings: { enableConnectProtocol: offers },
  });
  server.on("request", (request, response) => {
    if (spoil.answer?.(request, response)) return;
    const { method, url } = request;
    const headers = headersOf(request.headers);
    const to = { port, host: "127.0.0.1", method, path: url, headers, setHost: false, agent: false };
    const forward = http.request(to, (from) => {
      from.once("error", () => response.destroy());
      if (spoil.pass?.(request, from, response)) return;
      const kept = Object.entries(from.headers).filter(
        ([name]) => !isHttp2(request) || !OF_CONNECTION.includes(name),
      );
      response.writeHead(from.statusCode, Object.fromEntries(kept));
      response.flushHeaders?.();
      from.pipe(response);
    });
    forward.once("error", () => response.stream?.close?.(http2.constants.NGHTTP2_INTERNAL_ERROR));
    response.once("close", () => forward.destroy());
    request.pipe(forward);
  });
  server.on("upgrade", (request, client, first) => tunnel(request, client, first, port));
  server.on("connect", (request, response) => {
    if (!spoil.connect?.(request, response)) connect(port, request, response);
  });
  server.on("session", (session) => {
    session.on("error", () => session.destroy());
    spoil.session?.(session);
  });
  return trusted(`https://127.0.0.1:${await listen(server)}`);
}
