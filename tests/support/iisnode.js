// Stands in for IIS with iisnode, request by request and with iisnode's manners, which are known from its source
// (names of its files below). How a pipe to the guest is opened is a parameter: the everyday tests open a Unix
// domain socket; those on Windows a named pipe, through `tests/windows/bridge`. So both have the same manners.

import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

/** One pipe to the guest. What comes is kept until it is taken. */
class Pipe {
  #heard = Buffer.alloc(0);
  #news = () => {};

  constructor(socket) {
    this.socket = socket;
    this.gone = false;
    socket.on("data", (bytes) => {
      this.#heard = Buffer.concat([this.#heard, bytes]);
      this.#news();
    });
    // Whatever the error is, the close follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#ends());
    socket.on("end", () => this.#ends());
  }

  #ends() {
    this.gone = true;
    this.#news();
  }

  async #more() {
    if (this.gone) throw new Error("the guest has closed the pipe");
    await new Promise((resolve) => {
      this.#news = resolve;
    });
  }

  /** The bytes that have come, at most so many, and at least one. */
  async take(most) {
    while (this.#heard.length === 0) await this.#more();
    const bytes = this.#heard.subarray(0, most);
    this.#heard = this.#heard.subarray(bytes.length);
    return bytes;
  }

  /** Everything up to and with this text. */
  async takeUntil(text) {
    let at;
    while ((at = this.#heard.indexOf(text)) < 0) await this.#more();
    return this.take(at + text.length);
  }

  /** Nothing may come between two answers. */
  get isClean() {
    return this.#heard.length === 0;
  }

  close() {
    this.socket.destroy();
  }

  /** Becomes a tunnel to the client, opaque from now on (cnodehttpstoredcontext.cpp:370-407). */
  join(client, first) {
    this.socket.removeAllListeners("data");
    client.write(this.#heard);
    this.socket.write(first);
    this.socket.pipe(client);
    client.pipe(this.socket);
    client.once("close", () => this.close());
    this.socket.once("close", () => client.destroy());
  }
}

/** Opens a pipe to a guest that listens at a Unix domain socket. */
export const unixSocket = (path) => async () => {
  const socket = net.connect(path);
  await once(socket, "connect");
  return socket;
};

/** What a path is after URL Rewrite: it is decoded (iis-docs, url-rewrite-module-configuration-reference.md:66-71). */
function decoded(url) {
  const [, path, query] = url.match(/^([^?]*)(.*)$/s);
  return decodeURIComponent(path) + query;
}

/** The request's head as iisnode writes it (chttpprotocol.cpp, SerializeRequestHeaders). */
function headFor(request, application, promote) {
  const url = decoded(request.url);
  const own = new Set(["connection", "expect", "x-original-url"]);
  const peer = request.socket.remoteAddress;
  // Only Firefox sends more than `upgrade` with an upgrade; it is lost (cprotocolbridge.cpp:722-729).
  const connection = /^upgrade$/i.test(request.headers.connection)
    ? request.headers.connection
    : "keep-alive";
  const lines = [`${request.method} ${url} HTTP/${request.httpVersion}`, `Connection: ${connection}`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name, value] = [request.rawHeaders[at], request.rawHeaders[at + 1]];
    if (name.toLowerCase() === "x-forwarded-for") lines.push(`${name}: ${value}, ${peer}`);
    else if (!own.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  // URL Rewrite keeps the URL that the client asked for; iisnode passes that on (cprotocolbridge.cpp:490-515).
  lines.push(`X-Original-URL: ${url}`);
  if (!("x-forwarded-for" in request.headers)) lines.push(`X-Forwarded-For: ${peer}`);
  if (!("x-forwarded-proto" in request.headers)) lines.push("X-Forwarded-Proto: http");
  if (promote) lines.push(`X-iisnode-SCRIPT_NAME: ${application}/server-socketio.js`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** An answer's status and headers, as they stand on the wire. */
function parseHead(head) {
  const [status, ...lines] = head.toString("latin1").trimEnd().split("\r\n");
  const headers = lines.map((line) => line.split(/: */, 1).concat(line.replace(/^[^:]*: */, "")));
  const value = (name) => headers.find(([known]) => known.toLowerCase() === name)?.[1];
  return { status: Number(status.match(/^HTTP\/\S+ (\d{3}) /)[1]), headers, value };
}

/** Passes an answer's body on: what has no length is taken for chunks (cprotocolbridge.cpp:1497). */
async function passBody(pipe, { value }, response) {
  const pass = async (left) => {
    while (left > 0) {
      const bytes = await pipe.take(left);
      left -= bytes.length;
      response.write(bytes);
    }
  };
  const length = value("content-length");
  if (length !== undefined) return pass(Number(length));
  for (;;) {
    const size = String(await pipe.takeUntil("\r\n")).match(/^([0-9a-f]+)\s*(;.*)?\r\n$/i)?.[1];
    if (!size) throw new Error("the answer has neither Content-Length nor chunks");
    await pass(parseInt(size, 16));
    if (String(await pipe.takeUntil("\r\n")) !== "\r\n") throw new Error("a chunk without its end");
    if (/^0+$/.test(size)) return undefined;
  }
}

/**
 * IIS with iisnode before a guest, closed after the test file at the latest. It answers 500 where iisnode does.
 * @param {() => Promise<net.Socket>} open opens a pipe to the guest, or throws; `error.busy` says that none was free
 * @param {{application?: string, promote?: boolean, poolMs?: number}} options `application` is the path of the IIS
 *   application; `promote` makes iisnode tell it (`promoteServerVars="SCRIPT_NAME"`); `poolMs` is how
 *   long an idle pipe may be used again (iisnode_schema_x64.xml:38-39)
 */
export async function startIisnode(open, { application = "/dante", promote = true, poolMs = 30_000 } = {}) {
  const relay = { opened: 0, reused: 0, missed: 0, busy: 0, heads: [], failures: [] };
  const clients = new Set();
  const idle = [];

  /** Asks without waiting, and 250 ms later again, 100 times (cprotocolbridge.cpp:594-700, schema:36-37). */
  async function openPipe() {
    for (let retry = 0; ; retry += 1) {
      try {
        const socket = await open();
        relay.opened += 1;
        return new Pipe(socket);
      } catch (error) {
        if (retry === 100 || !server.listening) throw error;
        relay[error.busy ? "busy" : "missed"] += 1;
        await delay(250);
      }
    }
  }

  /** The pipe that was used last, if it is not too old; one that the guest has closed fails at the first write. */
  async function takePipe() {
    for (let last; (last = idle.pop());) {
      if (!last.pipe.gone && performance.now() - last.since <= poolMs) {
        relay.reused += 1;
        return last.pipe;
      }
      last.pipe.close();
    }
    return openPipe();
  }

  function keep(pipe) {
    if (!pipe.isClean) throw new Error("the guest said more than Content-Length");
    // The size of the pool, schema:38.
    if (idle.length < 512) idle.push({ pipe, since: performance.now() });
    else pipe.close();
  }

  /** Relays one request. `tunnel` is the client's socket and first bytes, if it asks for an upgrade. */
  async function relayRequest(request, response, tunnel) {
    let pipe;
    try {
      pipe = await takePipe();
      // IIS would notice when it writes; a test has no time for that.
      response.once("close", () => response.writableFinished || pipe.close());
      const head = headFor(request, application, promote);
      relay.heads.push(head);
      pipe.socket.write(head);
      // IIS decodes chunks; iisnode makes them again.
      const chunked = /^chunked/i.test(request.headers["transfer-encoding"] ?? "");
      for await (const bytes of request) {
        if (chunked) pipe.socket.write(`${bytes.length.toString(16)}\r\n`);
        pipe.socket.write(bytes);
        if (chunked) pipe.socket.write("\r\n");
      }
      if (chunked) pipe.socket.write("0\r\n\r\n");

      const raw = await pipe.takeUntil("\r\n\r\n");
      const answer = parseHead(raw);
      // What the guest says decides, not what the client asked for (chttpprotocol.cpp:341).
      if (answer.status === 101) {
        response.detachSocket?.(tunnel.client);
        tunnel.client.write(raw);
        pipe.join(tunnel.client, tunnel.first);
        return;
      }
      // Only lower case, and only at the end, does iisnode know it (chttpprotocol.cpp:556).
      const closes = /close$/.test(answer.value("connection") ?? "");
      const passed = answer.headers.filter(([name]) => !/^(connection|transfer-encoding)$/i.test(name));
      response.writeHead(answer.status, passed.flat());
      response.flushHeaders();
      const bodiless = request.method === "HEAD" || [204, 304].includes(answer.status);
      if (!bodiless) await passBody(pipe, answer, response);
      if (closes) pipe.close();
      else keep(pipe);
      response.end();
    } catch (error) {
      pipe?.close();
      // A client that left is no failure of the guest.
      if (!response.destroyed) relay.failures.push(`${request.method} ${request.url}: ${error.message}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end("HTTP subStatus: 1001");
    }
  }

  const server = http.createServer((request, response) => relayRequest(request, response));
  server.on("upgrade", (request, client, first) => {
    client.on("error", () => client.destroy());
    const response = new http.ServerResponse(request);
    response.assignSocket(client);
    response.once("finish", () => client.end());
    relayRequest(request, response, { client, first });
  });
  server.on("connection", (socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    for (const client of clients) client.destroy();
    for (const { pipe } of idle.splice(0)) pipe.close();
  };
  after(close);
  return Object.assign(relay, { origin: `http://127.0.0.1:${server.address().port}`, close });
}
