// Stands in for IIS with iisnode: TCP on one side, the guest's socket on the other, with iisnode's manners
// (iisnode cprotocolbridge.cpp:594-729): it tries each 250 ms until the guest listens, passes the URL on as
// it came, and makes `Connection` `keep-alive` unless it is exactly `upgrade`.

import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { Transform } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { after } from "node:test";

const RETRY_MS = 250;
const RETRIES = 100;

/** Connects to the guest as iisnode does. */
async function connect(socketPath) {
  for (let attempt = 1; ; attempt += 1) {
    const socket = net.connect(socketPath);
    const error = await new Promise((resolve) => {
      socket.once("connect", () => resolve(null));
      socket.once("error", resolve);
    });
    if (!error) return socket;
    if (attempt === RETRIES) throw error;
    await delay(RETRY_MS);
  }
}

/** The request's head as iisnode sends it on. */
function head(request) {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name, value] = [request.rawHeaders[at], request.rawHeaders[at + 1]];
    if (name.toLowerCase() !== "connection") lines.push(`${name}: ${value}`);
    else lines.push(`Connection: ${value.toLowerCase() === "upgrade" ? value : "keep-alive"}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Passes on what it is given, but only so often: all at once, as a buffering proxy does. */
class Lumps extends Transform {
  #held = [];
  #timer;
  #ended;

  constructor(intervalMs) {
    super();
    this.intervalMs = intervalMs;
  }

  #release() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const chunk of this.#held.splice(0)) this.push(chunk);
    this.#ended?.();
  }

  _transform(chunk, _encoding, done) {
    this.#held.push(chunk);
    this.#timer ??= setTimeout(() => this.#release(), this.intervalMs);
    done();
  }

  /** What ends is held back as well. */
  _flush(done) {
    if (this.#timer === undefined) done();
    else this.#ended = done;
  }

  _destroy(error, done) {
    clearTimeout(this.#timer);
    done(error);
  }
}

/** Whether an answer is, or may be, waited for: a stream of events or a poll. */
const streams = (request) => request.method === "GET" && /\/sse\/stream|transport=polling/.test(request.url);

/** Closes a WebSocket with 1011, an error that the server did not expect. */
const CLOSE_FRAME = Buffer.from([0x88, 2, 0x03, 0xf3]);

/** Makes a connection a WebSocket (RFC 6455, 4.2.2). */
function accept(request, client) {
  const key = request.headers["sec-websocket-key"];
  const answer = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  client.write(`${[...lines, `Sec-WebSocket-Accept: ${answer}`].join("\r\n")}\r\n\r\n`);
}

/**
 * A relay to the guest behind `socketPath`, closed after the test file at the latest.
 * @param {{blockWebSocket?: boolean, bufferMs?: number, refuse?: RegExp, mute?: "close" | "break" | "keep"}} options `blockWebSocket` answers every
 *   upgrade with 501, as IIS without WebSocket support does; `bufferMs` holds streams, polls and WebSockets back
 *   and releases them so often, in lumps; `refuse` answers what has such a URL with 404, as a wrong route does;
 *   `mute` accepts every WebSocket itself and passes nothing on, as IIS's own WebSocket module does: then it closes
 *   it, breaks it off, or keeps it and stays silent
 * @returns {Promise<{origin: string, upgrades: number, close: () => void}>} `upgrades` counts what was asked for
 */
export async function startRelay(socketPath, { blockWebSocket = false, bufferMs = 0, refuse, mute } = {}) {
  const sockets = new Set();
  const relay = { upgrades: 0 };
  const server = http.createServer(async (request, response) => {
    if (refuse?.test(request.url)) {
      response
        .writeHead(404, { "content-type": "text/html" })
        .end("<h1>404 - File or directory not found.</h1>");
      return;
    }
    try {
      const agent = new http.Agent({ maxSockets: 1 });
      const upstream = await connect(socketPath);
      agent.createConnection = () => upstream;
      const headers = { ...request.headers, connection: "keep-alive" };
      const { method, url } = request;
      const forward = http.request({ agent, method, path: url, headers, setHost: false }, (answer) => {
        response.writeHead(answer.statusCode, answer.rawHeaders);
        (bufferMs && streams(request) ? answer.pipe(new Lumps(bufferMs)) : answer).pipe(response);
        answer.once("close", () => upstream.destroy());
      });
      forward.once("error", () => response.destroy());
      response.once("close", () => upstream.destroy());
      request.pipe(forward);
    } catch {
      response.writeHead(500).end("HTTP subStatus: 1001");
    }
  });
  server.on("upgrade", async (request, client, first) => {
    relay.upgrades += 1;
    client.on("error", () => client.destroy());
    if (blockWebSocket || refuse?.test(request.url)) {
      const status = blockWebSocket ? "501 Not Implemented" : "404 Not Found";
      client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    if (mute) {
      accept(request, client);
      if (mute === "close") client.end(CLOSE_FRAME);
      else if (mute === "break") client.end();
      return;
    }
    try {
      const upstream = await connect(socketPath);
      upstream.on("error", () => client.destroy());
      client.once("close", () => upstream.destroy());
      upstream.once("close", () => client.destroy());
      upstream.write(head(request));
      upstream.write(first);
      (bufferMs ? upstream.pipe(new Lumps(bufferMs)) : upstream).pipe(client);
      client.pipe(upstream);
    } catch {
      client.destroy();
    }
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  after(close);
  return Object.assign(relay, { origin: `http://127.0.0.1:${server.address().port}`, close });
}
