// Applications that know nothing of Dante: servers of `ws`, `socket.io` and plain HTTP, recognised or named by an option.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after } from "node:test";

import { Server } from "socket.io";
import { WebSocketServer } from "ws";

import { describeVerdict, listen, outcomeOf, probe, run, together } from "./support.js";

const EVERY_MS = 150;
/** Long enough for some events, and no test waits for more. */
const LISTEN = ["--for", "2s"];

/**
 * The age at which a stream is cut. Two ages count as one if they differ by a tenth and a quarter of a second at most: the older the
 * streams, the longer may this process be kept from its timers.
 */
const CUT_MS = 3_000;

/** Says something now and then until the other side leaves. */
function speak(response, line) {
  let count = 0;
  const timer = setInterval(() => response.write(line(count++)), EVERY_MS);
  response.on("close", () => clearInterval(timer));
}

/** What is at each path. */
const ANSWERS = {
  "/events"(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    speak(response, (count) => `id: ${count}\ndata: {"count":${count}}\n\n`);
  },
  "/marked"(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write("\ufeff");
    speak(response, (count) => `data: ${count}\r\n\r\n`);
  },
  "/wrong-type"(_request, response) {
    response.writeHead(200, { "content-type": "text/plain" });
    speak(response, (count) => `data: ${count}\n\n`);
  },
  "/silent"(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  },
  "/lines"(_request, response) {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    speak(response, (count) => `${JSON.stringify({ count })}\n`);
  },
  "/words"(_request, response) {
    response.writeHead(200, { "content-type": "text/plain" });
    speak(response, (count) => `word ${count} `);
  },
  // As a proxy does it that waits for the end of an answer that has none.
  "/withheld"() {},
  // In pieces of 4096 bytes, whatever is in them, and the rest never: as a proxy with a buffer does it.
  "/buffered"(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    let held = "";
    const timer = setInterval(() => {
      for (let count = 0; count < 12; count++) held += `data: ${"x".repeat(150)}\n\n`;
      if (held.length < 4096) return;
      response.write(held.slice(0, 4096));
      held = held.slice(4096);
    }, 750);
    response.on("close", () => clearInterval(timer));
  },
  "/cut"(_request, response) {
    ANSWERS["/events"](_request, response);
    setTimeout(() => response.destroy(), CUT_MS);
  },
  "/complete"(request, response) {
    if (request.method !== "POST") {
      response.writeHead(405, { allow: "POST" }).end("Method Not Allowed");
      return;
    }
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      const { words } = JSON.parse(body);
      response.writeHead(200, { "content-type": "text/event-stream" });
      if (words === 0) {
        response.end('data: {"error":{"message":"no words"}}\n\n');
        return;
      }
      let count = 0;
      const timer = setInterval(() => {
        if (count++ < words) response.write(`data: ${JSON.stringify({ count })}\n\n`);
        else response.end("data: [DONE]\n\n", () => clearInterval(timer));
      }, 50);
    });
  },
  "/page"(_request, response) {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      '<!doctype html><title>Chat</title><script src="https://cdn.example/socket.io.min.js"></script>' +
        '<script>const socket = io({ path: "/chat/socket.io" });</script>',
    );
  },
  "/strict"(_request, response) {
    const policy = "default-src 'self' 'unsafe-inline'; script-src * 'unsafe-inline'; connect-src https:";
    response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy });
    response.end(
      '<!doctype html><title>Chat</title><script src="/chat/socket.io/socket.io.js"></script>' +
        '<script src="/lost.js"></script><script>io({ path: "/chat/socket.io" });</script>',
    );
  },
};

/** A server of all of these, of a WebSocket at /ws and of Socket.IO at /chat/socket.io/. */
async function start() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const answer = ANSWERS[pathname];
    if (answer) answer(request, response);
    else response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
  });
  const io = new Server(server, {
    path: "/chat/socket.io/",
    destroyUpgrade: false,
  });
  io.on("connection", (socket) => {
    socket.on("subscribe", (room) => socket.emit("subscribed", room));
  });
  io.of("/private")
    .use(({ handshake }, next) =>
      next(handshake.auth.token === "secret" ? undefined : new Error("unauthorized")),
    )
    .on("connection", (socket) => socket.emit("welcome", 1));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 0 },
  });
  server.on("upgrade", (request, socket, head) => {
    if (request.url.startsWith("/ws")) {
      sockets.handleUpgrade(request, socket, head, (connection) => {
        if (request.url.endsWith("?anonymous")) connection.close(1008, "token missing");
        const times = request.url.endsWith("?large") ? 400_000 : 50;
        const timer = setInterval(() => connection.send(`{"text":"${"so ".repeat(times)}"}`), EVERY_MS);
        connection.on("close", () => clearInterval(timer));
        connection.on("message", (text) => connection.send(`you said ${text}`));
      });
    } else if (request.url.startsWith("/broken-ws")) {
      // Compression is agreed on, and what is sent is not compressed though it says so.
      const broken = new WebSocketServer({
        noServer: true,
        perMessageDeflate: Boolean(request.headers["sec-websocket-extensions"]) && { threshold: 1 << 20 },
      });
      broken.handleUpgrade(request, socket, head, (connection) => {
        const text = "x".repeat(30);
        const first = request.headers["sec-websocket-extensions"] ? 0xc1 : 0x81;
        const say = () => socket.write(Buffer.from([first, text.length, ...Buffer.from(text)]));
        // The first at once: who looks at the upgrade alone does not wait long.
        say();
        const timer = setInterval(say, EVERY_MS);
        connection.on("error", () => connection.terminate());
        connection.on("close", () => clearInterval(timer));
      });
    } else if (request.url === "/page") {
      // As a catch-all page does it, which knows no upgrades.
      socket.end(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<!doctype html><title>Chat</title>",
      );
    } else if (!request.url.startsWith("/chat/socket.io")) {
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
  });
  after(() => io.close());
  return `http://127.0.0.1:${await listen(server)}`;
}

const origin = await start();

/** Probes a path, and expects this of it: what it is taken for, the verdicts, and at least so many events on each stream. */
async function expectApp(path, args, { subject, verdicts = [], events = 0 }) {
  const url = path.startsWith("ws:") ? path : `${origin}${path}`;
  const document = await probe(url, args);
  const { evidence } = document.hops.find(({ hop }) => hop === "stream");
  const seen = document.verdicts.map(describeVerdict);
  const report = JSON.stringify({ seen, evidence }).slice(0, 4000);
  assert.equal(document.subject, subject, report);
  assert.deepEqual(seen, verdicts, report);
  for (const stream of evidence.streams) assert.ok(stream.events.length >= events, report);
  return evidence.streams;
}

together("an application that is not Dante", {
  async "an event stream, by its URL alone"() {
    await expectApp("/events", LISTEN, { subject: "event-stream", events: 3 });
  },
  async "an event stream, named"() {
    const [stream] = await expectApp("/events", ["--sse", "--expect", "3"], {
      subject: "event-stream",
      events: 3,
    });
    assert.equal(stream.enough, true);
  },
  async "an event stream with the type of a text"() {
    await expectApp("/wrong-type", ["--sse", ...LISTEN], {
      subject: "event-stream",
      verdicts: ["degraded wrong-content-type at stream"],
      events: 3,
    });
  },
  async "an answer that does not come, by its URL alone, of a server that answers elsewhere"() {
    await expectApp("/withheld", ["--timeout", "1s"], {
      subject: "event-stream",
      verdicts: ["broken slow-answer at stream, or buffered"],
    });
  },
  async "the same, where its origin answers: it is held back"() {
    await expectApp("/withheld", ["--timeout", "1s", "--for", "1s", "--against", `${origin}/events`], {
      subject: "event-stream",
      verdicts: ["broken buffered at stream, or slow-answer"],
    });
  },
  async "silence is a note"() {
    await expectApp("/silent", LISTEN, {
      subject: "event-stream",
      verdicts: ["note quiet-stream at stream"],
    });
  },
  async "silence where an event was expected is a fault"() {
    await expectApp("/silent", ["--sse", "--expect", "1", ...LISTEN], {
      subject: "event-stream",
      verdicts: ["broken silent at stream, or buffered"],
    });
  },
  async "lines of JSON"() {
    const [stream] = await expectApp("/lines", LISTEN, {
      subject: "event-stream",
      events: 3,
    });
    assert.equal(stream.form, "lines");
  },
  async "text that goes on and on"() {
    await expectApp("/words", LISTEN, { subject: "event-stream", events: 3 });
  },
  async "buffers that tear events"() {
    await expectApp("/buffered", ["--sse", "--for", "9s"], {
      subject: "event-stream",
      verdicts: ["degraded buffered at stream, or origin-itself"],
      events: 3,
    });
  },
  async "an event stream that begins with a byte order mark"() {
    await expectApp("/marked", ["--sse", ...LISTEN], { subject: "event-stream", events: 3 });
  },
  async "a stream that is cut at the same age again"() {
    await expectApp("/cut", ["--sse", "--for", "6s"], {
      subject: "event-stream",
      verdicts: ["degraded age-cut at stream"],
      events: 3,
    });
  },
  async "an answer to a POST"() {
    await expectApp("/complete", ["--post", '{"words":20}'], {
      subject: "post",
      events: 21,
    });
  },
  async "an error in the answer to a POST"() {
    await expectApp("/complete", ["--post", '{"words":0}'], {
      subject: "post",
      verdicts: ["note application-error at stream"],
    });
  },
  async "what wants POST"() {
    const document = await probe(`${origin}/complete`);
    assert.deepEqual(document.verdicts.map(describeVerdict), ["broken not-dante at page, or page-refused"]);
    assert.match(document.verdicts[0].toTell, /--post/);
  },
  async "a WebSocket, by its URL alone, with compressed messages"() {
    const [stream] = await expectApp("/ws", LISTEN, {
      subject: "websocket",
      events: 3,
    });
    assert.ok(stream.inflated >= 3, JSON.stringify(stream));
  },
  async "a WebSocket that is spoken to"() {
    const url = `${origin.replace("http", "ws")}/ws`;
    const [stream] = await expectApp(url, ["--send", "hello", ...LISTEN], {
      subject: "websocket",
      events: 3,
    });
    assert.ok(stream.inflated >= 3, JSON.stringify(stream));
  },
  async "a WebSocket whose compression is broken"() {
    await expectApp("/broken-ws", ["--ws", ...LISTEN], {
      subject: "websocket",
      verdicts: ["broken deflate-broken at upgrade"],
    });
  },
  async "a WebSocket with large messages, compressed"() {
    const [stream] = await expectApp("/ws?large", ["--ws", ...LISTEN], { subject: "websocket", events: 2 });
    assert.ok(stream.inflated >= 2 && stream.events[0].bytes > 1_000_000, JSON.stringify(stream));
  },
  async "a WebSocket that closes for lack of credentials"() {
    await expectApp("/ws?anonymous", ["--ws", ...LISTEN], {
      subject: "websocket",
      verdicts: ["broken closed-by-policy at stream"],
    });
  },
  async "a page where a WebSocket is asked for"() {
    await expectApp("/page", ["--ws", ...LISTEN], {
      subject: "websocket",
      verdicts: ["broken html-instead-of-handshake at upgrade, or upgrade-stripped"],
    });
  },
  async "a page that loads a client of Socket.IO"() {
    const streams = await expectApp("/page", LISTEN, { subject: "engine" });
    assert.deepEqual(
      streams.map(({ way }) => way),
      ["socketio-websocket", "socketio-polling"],
    );
  },
  async "a page whose policy forbids it to connect, and one of whose scripts is missing"() {
    await expectApp("/strict", LISTEN, {
      subject: "engine",
      verdicts: ["broken blocked-by-csp at page", "degraded files-missing at files"],
    });
  },
  async "an event stream where a WebSocket is asked for"() {
    const url = `${origin.replace("http", "ws")}/events`;
    const document = await probe(url);
    assert.deepEqual(document.verdicts.map(describeVerdict), [
      "broken upgrade-stripped at upgrade, or prefix-mismatch",
    ]);
    assert.equal(document.url, url);
  },
  async "a page where an event stream is asked for"() {
    await expectApp("/page", ["--sse", ...LISTEN], {
      subject: "event-stream",
      verdicts: ["broken wrong-content-type at stream"],
    });
  },
  async "an event of Socket.IO that is asked for"() {
    const args = ["--socketio", "/chat/socket.io/", "--emit", '["subscribe", 7]', "--event", "subscribed"];
    await expectApp("/", [...args, "--expect", "1"], {
      subject: "engine",
      events: 1,
    });
  },
  async "a namespace with credentials"() {
    const args = ["--socketio", "/chat/socket.io/", "--namespace", "/private", "--expect", "1"];
    await expectApp("/", [...args, "--auth", '{"token":"secret"}'], {
      subject: "engine",
      events: 1,
    });
    await expectApp("/", [...args, "--auth", '{"token":"wrong"}'], {
      subject: "engine",
      verdicts: ["broken namespace-refused at stream"],
    });
  },
  async "a namespace that lets nobody in without credentials"() {
    const args = ["--socketio", "/chat/socket.io/", "--namespace", "/private", ...LISTEN];
    for (const [more, verdict, hop] of [
      [[], "note namespace-refused at stream", "good"],
      [["--expect", "1"], "broken namespace-refused at stream", "failed"],
    ]) {
      const document = await probe(`${origin}/`, [...args, ...more]);
      assert.deepEqual(document.verdicts.map(describeVerdict), [verdict]);
      assert.equal(outcomeOf(document, "stream"), hop);
      assert.match(document.verdicts[0].evidence, /unauthorized/);
      assert.match(document.verdicts[0].remedy, /--auth/);
    }
  },
  async "nothing that streams"() {
    const document = await probe(`${origin}/nothing`);
    assert.deepEqual(document.verdicts.map(describeVerdict), [
      "broken not-dante at page, or prefix-mismatch",
    ]);
    assert.match(document.verdicts[0].remedy, /--sse/);
  },
  async "options that do not fit each other"() {
    const { code, stderr } = await run([`${origin}/events`, "--send", "hello"]);
    assert.equal(code, 2);
    assert.match(stderr, /--ws/);
  },
});
