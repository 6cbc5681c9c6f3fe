// Hosts that are not to be had here, and what they do to the page, the engine and the streams of a healthy Dante.

import { gzipSync } from "node:zlib";

import { WebSocket, WebSocketServer, createWebSocketStream } from "ws";

import { startDante } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { PACE, accepted, expectProbe, refuse, respond, startHost, together } from "./support.js";

const dante = await startDante([...PACE]);
const { port } = dante;
const host = (spoil) => startHost(port, spoil);

const isEngine = ({ url }) => url.startsWith("/socket.io/?");
const isPoll = (request) => isEngine(request) && request.url.includes("transport=polling");
const isHandshake = (request) => isPoll(request) && !request.url.includes("sid=");

/** An answer to what `which` picks. */
const answering = (which, status, type, body) => ({
  answer(request, response) {
    if (!which(request)) return false;
    respond(response, status, type, body);
    return true;
  },
});

/** Passes the answer on with a body that was changed as a whole. */
const changing = (which, change) => ({
  pass(request, from, response) {
    if (!which(request)) return false;
    const parts = [];
    from.on("data", (part) => parts.push(part));
    from.on("end", () => {
      const { body, headers = {} } = change(Buffer.concat(parts), from);
      const { "content-length": _old, "transfer-encoding": _coding, ...kept } = from.headers;
      response
        .writeHead(from.statusCode, {
          ...kept,
          ...headers,
          "content-length": body.length,
        })
        .end(body);
    });
    return true;
  },
});

/** What iisnode shows of a guest that did not start, with status 200 (cprotocolbridge.cpp:210-402). */
const IISNODE_PAGE = `<!doctype html><p>iisnode encountered an error when processing the request.</p>
<pre>HRESULT: 0x2
HTTP status: 500
HTTP subStatus: 1002
HTTP reason: Internal Server Error</pre>`;

const IIS = { server: "Microsoft-IIS/10.0" };

/** Adds IIS's name to every answer. */
const asIis = {
  pass(_request, from, response) {
    response.writeHead(from.statusCode, { ...from.headers, ...IIS });
    response.flushHeaders();
    from.pipe(response);
    return true;
  },
};

/** Refuses every upgrade. */
const refusing = (status, body, headers) => ({
  upgrade(_request, socket) {
    refuse(socket, status, body, headers);
    return true;
  },
});

together("the page behind a host", {
  async "that shows iisnode's error page with status 200"() {
    const url = await host(answering(() => true, 200, "text/html", IISNODE_PAGE));
    await expectProbe(url, {
      verdicts: ["broken iisnode-error-200 at page"],
      last: "page",
      host: "iisnode",
    });
  },
  async "that shows iisnode's error page for the engine only"() {
    const url = await host(answering(isPoll, 200, "text/html", IISNODE_PAGE));
    await expectProbe(url, {
      verdicts: ["degraded iisnode-error-200 at handshake"],
      missed: ["sticky", "cors"],
      host: "iisnode",
    });
  },
  async "whose guest did not start: 502.5"() {
    const body = "<h1>HTTP Error 502.5 - ANCM Out-Of-Process Startup Failure</h1>";
    const url = await host(answering(() => true, 502, "text/html", body));
    await expectProbe(url, {
      verdicts: ["broken guest-not-started at page"],
      last: "page",
      host: "aspnetcore",
    });
  },
  async "that is none of Dante's"() {
    const url = await host(answering(() => true, 200, "text/html", "<title>Welcome</title>"));
    await expectProbe(url, {
      verdicts: ["broken not-dante at page, or prefix-mismatch"],
      last: "page",
    });
  },
  async "that keeps an old client library"() {
    const old = "/*!\n * Socket.IO v2.5.0\n */";
    const url = await host(
      answering(({ url: path }) => path.includes("socket.io.js"), 200, "text/javascript", old),
    );
    await expectProbe(url, {
      verdicts: ["degraded wrong-library-version at client-library"],
    });
  },
  async "that compresses what is compressed"() {
    const page = ({ url: path }) => path === "/";
    const url = await host(
      changing(page, (body, { headers }) => ({
        body: headers["content-encoding"] ? gzipSync(body) : body,
      })),
    );
    await expectProbe(url, {
      verdicts: ["degraded double-compression at compression"],
    });
  },
});

together("the engine behind a host", {
  async "that speaks Engine.IO 3"() {
    const open = JSON.stringify({
      sid: "a",
      upgrades: ["websocket"],
      pingInterval: 25000,
      pingTimeout: 5000,
    });
    const body = `${open.length + 1}:0${open}2:40`;
    const url = await host(answering(isPoll, 200, "text/plain", body));
    await expectProbe(url, {
      verdicts: ["degraded wrong-eio at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that refuses Engine.IO 4"() {
    const body = '{"code":5,"message":"Unsupported protocol version"}';
    const url = await host(answering(isPoll, 400, "application/json", body));
    await expectProbe(url, {
      verdicts: ["degraded wrong-eio at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that writes chunks twice"() {
    const framed = changing(isHandshake, (body) => ({
      body: Buffer.from(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
    }));
    const url = await host(framed);
    await expectProbe(url, {
      verdicts: ["degraded double-framing at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that writes rubbish"() {
    const url = await host(answering(isPoll, 200, "text/plain", "OK"));
    await expectProbe(url, {
      verdicts: ["degraded garbage at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that fails at each second poll"() {
    let polls = 0;
    const second = (request) => isPoll(request) && !isHandshake(request) && (polls += 1) % 2 === 0;
    const url = await host(answering(second, 500, "text/plain", "HTTP subStatus: 1011"));
    await expectProbe(url, {
      args: ["--transports", "socketio-websocket,websocket,sse"],
      verdicts: ["degraded poll-failures at sticky"],
    });
  },
  async "that needs cookies"() {
    const other = await startDante([...PACE]);
    const nodes = [dante, other];
    let turn = 0;
    // Each new session is the next one's; what has no cookie, either's.
    const pick = (request) => {
      const named = /node=(\d)/.exec(request.headers.cookie ?? "")?.[1];
      turn += 1;
      return named ? Number(named) : turn % 2;
    };
    const url = await host({
      ask(request) {
        request.node = pick(request);
        request.port = nodes[request.node].port;
      },
      pass(request, from, response) {
        response.writeHead(from.statusCode, {
          ...from.headers,
          "set-cookie": `node=${request.node}; Path=/`,
        });
        response.flushHeaders();
        from.pipe(response);
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["note stickiness-by-cookie at sticky"],
    });
  },
  async "that allows no foreign page"() {
    const url = await host({
      pass(_request, from, response) {
        const { "access-control-allow-origin": _allowed, ...headers } = from.headers;
        response.writeHead(from.statusCode, headers);
        response.flushHeaders();
        from.pipe(response);
        return true;
      },
    });
    await expectProbe(url);
    await expectProbe(url, {
      args: ["--header", "Origin: https://elsewhere.example", "--transports", "sse"],
      verdicts: ["degraded cors-blocked at cors"],
    });
  },
});

together("the upgrade behind a host", {
  async "whose own WebSocket module answers, and closes"() {
    const { origin } = await startRelay({ port, host: "127.0.0.1" }, { mute: "close" });
    await expectProbe(origin, {
      verdicts: ["degraded closed-after-101 at upgrade"],
    });
  },
  async "that is IIS with its WebSocket module on"() {
    const url = await host({
      ...asIis,
      upgrade(request, socket) {
        socket.end(accepted(request));
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded iis-websocket-module-on at upgrade, or closed-after-101"],
      host: "iis",
    });
  },
  async "that is iisnode below IIS's WebSocket module"() {
    const url = await host({
      pass(_request, from, response) {
        response.writeHead(from.statusCode, {
          ...from.headers,
          ...IIS,
          "x-powered-by": "iisnode",
        });
        response.flushHeaders();
        from.pipe(response);
        return true;
      },
      upgrade(request, socket) {
        socket.end(accepted(request));
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded iis-websocket-module-on at upgrade"],
      host: "iisnode",
    });
  },
  async "that is IIS without WebSocket: 501"() {
    const url = await host({
      ...asIis,
      ...refusing(501, "", ["Server: Microsoft-IIS/10.0"]),
    });
    await expectProbe(url, {
      verdicts: ["degraded iis-websocket-module-off at upgrade"],
      host: "iis",
    });
  },
  async "that is IIS with its WebSocket module off: 503"() {
    const url = await host({
      ...asIis,
      ...refusing(503, "The service is unavailable."),
    });
    await expectProbe(url, {
      verdicts: ["degraded iis-websocket-module-off at upgrade, or upgrade-refused"],
      host: "iis",
    });
  },
  async "that answers 501 and tells no name"() {
    const { origin } = await startRelay({ port, host: "127.0.0.1" }, { blockWebSocket: true });
    await expectProbe(origin, {
      verdicts: ["degraded upgrade-refused at upgrade"],
    });
  },
  async "with a firewall for web applications"() {
    const url = await host(refusing(403, "<h1>Request blocked</h1>"));
    await expectProbe(url, {
      verdicts: ["degraded websocket-forbidden at upgrade"],
    });
  },
  async "that compares Connection"() {
    const url = await host({
      upgrade({ headers }, socket) {
        if (headers.connection.toLowerCase() === "upgrade") return false;
        refuse(socket, 400, "Bad Request");
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded firefox-connection at upgrade"],
    });
  },
  async "that cannot bear an offer of compression"() {
    const url = await host({
      upgrade({ headers }, socket) {
        if (!headers["sec-websocket-extensions"]) return false;
        refuse(socket, 502, "Bad Gateway");
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded deflate-offer-refused at upgrade"],
    });
  },
  async "that compresses WebSocket messages"() {
    const relay = new WebSocketServer({
      noServer: true,
      perMessageDeflate: { threshold: 0 },
    });
    const url = await host({
      upgrade(request, socket, first) {
        relay.handleUpgrade(request, socket, first, (client) => {
          const upstream = new WebSocket(`ws://127.0.0.1:${port}${request.url}`, {
            perMessageDeflate: false,
          });
          const [near, far] = [client, upstream].map((one) =>
            createWebSocketStream(one, {
              decodeStrings: false,
              encoding: "utf8",
            }),
          );
          near.on("error", () => upstream.terminate());
          far.on("error", () => client.terminate());
          near.pipe(far).pipe(near);
        });
        return true;
      },
    });
    // Messages that come through are no fault.
    await expectProbe(url);
  },
});

together("streams behind a host", {
  async "that gathers all of them"() {
    const { origin } = await startRelay({ port, host: "127.0.0.1" }, { bufferMs: 700 });
    await expectProbe(origin, {
      verdicts: ["degraded buffered at stream-socketio-websocket"],
    });
  },
  async "that writes chunks twice"() {
    const url = await host({
      pass({ url: path }, from, response) {
        if (path !== "/sse/stream") return false;
        response.writeHead(from.statusCode, from.headers);
        from.on("data", (part) => response.write(`${part.length.toString(16)}\r\n${part}\r\n`));
        from.once("end", () => response.end("0\r\n\r\n"));
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded double-framing at stream-sse"],
    });
  },
  async "that says nothing"() {
    const url = await host({
      pass(request, from, response) {
        if (!request.url.startsWith("/sse/")) return false;
        response.writeHead(from.statusCode, from.headers).flushHeaders();
        from.resume();
        return true;
      },
    });
    await expectProbe(url, {
      args: ["--transports", "sse"],
      verdicts: ["broken silent at stream-sse, or buffered"],
    });
  },
  async "that loses stanzas"() {
    const url = await host({
      pass(request, from, response) {
        if (!request.url.startsWith("/sse/")) return false;
        response.writeHead(from.statusCode, from.headers).flushHeaders();
        from.on("data", (part) => {
          if (!/"index":5\b/.test(part)) response.write(part);
        });
        from.once("end", () => response.end());
        return true;
      },
    });
    await expectProbe(url, {
      verdicts: ["degraded lost-stanzas at stream-sse"],
    });
  },
  async "that cuts what is quiet"() {
    const url = await host({
      tunnelled(_request, client, upstream) {
        for (const socket of [client, upstream]) {
          socket.setTimeout(1000, () => socket.destroy());
        }
      },
    });
    await expectProbe(url, {
      args: ["--hold", "3s"],
      verdicts: ["degraded idle-cut at hold"],
    });
  },
  async "that forgets where readers were"() {
    const url = await host({
      ask(request) {
        request.url = request.url.replace(/from=\d+&edition=\w+/, "");
        delete request.headers["last-event-id"];
      },
    });
    await expectProbe(url, {
      args: ["--transports", "websocket,sse"],
      verdicts: ["degraded lost-on-resume at resume"],
    });
  },
});
