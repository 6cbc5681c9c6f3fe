// Streams that are named by an option, and redirected: followed as browsers do, and said where browsers do not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

import { describeVerdict, listen, probe, together, withoutStalls } from "./support.js";

const LISTEN = ["--for", "1s"];

/** What reached the server, as `METHOD /path authorization`. */
const reached = [];

/** An event every 100 ms. */
function speak(response, headers = {}) {
  response.writeHead(200, { "content-type": "text/event-stream", ...headers });
  const timer = setInterval(() => response.write("data: x\n\n"), 100);
  response.on("close", () => clearInterval(timer));
}

/** `/to/STATUS?URL` redirects there, `/cookie` until its cookie comes back. */
const server = createServer((request, response) => {
  const { pathname, search } = new URL(request.url, "http://localhost");
  const status = pathname.match(/^\/to\/(\d+)$/)?.[1];
  reached.push(`${request.method} ${pathname} ${request.headers.authorization ?? "-"}`);
  if (status) {
    response.writeHead(Number(status), { location: decodeURIComponent(search.slice(1)) }).end();
  } else if (pathname === "/events") {
    speak(response);
  } else if (pathname === "/shared") {
    speak(response, { "access-control-allow-origin": request.headers.origin ?? "none" });
  } else if (pathname === "/post" && request.method === "POST") {
    speak(response);
  } else if (pathname === "/cookie" && request.headers.cookie !== "node=1") {
    response.writeHead(302, { location: "/cookie", "set-cookie": "node=1; Path=/" }).end();
  } else if (pathname === "/cookie") {
    speak(response);
  } else {
    response.writeHead(404).end();
  }
});
const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const to = request.url.match(/^\/to\/301\?(.*)$/)?.[1];
  if (to) {
    const headers = `location: ${decodeURIComponent(to)}\r\ncontent-length: 0\r\nconnection: close`;
    socket.end(`HTTP/1.1 301 Moved Permanently\r\n${headers}\r\n\r\n`);
  } else {
    sockets.handleUpgrade(request, socket, head, (connection) => connection.send("x"));
  }
});
const port = await listen(server);
const here = `http://127.0.0.1:${port}`;
/** The same server by another name, which is another host. */
const there = `http://localhost:${port}`;
const to = (status, url) => `${here}/to/${status}?${encodeURIComponent(url)}`;

/** Probes, and expects these verdicts; gives the document and its one stream. */
async function expectVerdicts(url, args, verdicts) {
  const document = await probe(url, [...args, ...LISTEN]);
  const { evidence } = document.hops.find(({ hop }) => hop === "stream");
  const report = JSON.stringify({ evidence, verdicts: document.verdicts }).slice(0, 4000);
  assert.deepEqual(withoutStalls(document.verdicts).map(describeVerdict), verdicts, report);
  return { document, stream: evidence.streams[0] };
}

together("streams that are redirected", {
  async "an event stream is followed, also twice"() {
    const { stream } = await expectVerdicts(to(302, "/to/307?/events"), ["--sse"], []);
    assert.equal(stream.redirects.length, 2);
    assert.equal(stream.url, `${here}/events`);
    assert.ok(stream.events.length > 3);
  },
  async "a host that sets a cookie first gets it back"() {
    const { stream } = await expectVerdicts(`${here}/cookie`, ["--sse"], []);
    assert.equal(stream.redirects.length, 1);
  },
  async "a circle"() {
    const verdicts = ["broken redirect-loop at stream"];
    const { document } = await expectVerdicts(`${here}/to/302?`, ["--sse"], verdicts);
    assert.match(document.verdicts[0].evidence, /→/);
  },
  async "another host, which lets pages of the first one read the stream"() {
    await expectVerdicts(to(302, `${there}/shared`), ["--sse"], []);
  },
  async "another host, which does not"() {
    const { document } = await expectVerdicts(
      to(302, `${there}/events`),
      ["--sse"],
      ["degraded redirect-elsewhere at stream"],
    );
    assert.match(document.verdicts[0].evidence, /no Access-Control-Allow-Origin/);
  },
  async "credentials do not go to another host"() {
    const args = ["--sse", "--header", "Authorization: Bearer secret"];
    await expectVerdicts(to(302, `${there}/nothing`), args, ["broken redirect-elsewhere at stream"]);
    assert.ok(reached.includes("GET /to/302 Bearer secret"), `${reached}`);
    assert.ok(reached.includes("GET /nothing -"), `${reached}`);
  },
  async "another port, which nothing listens on"() {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const gone = `http://127.0.0.1:${other.address().port}/events`;
    other.close();
    await once(other, "close");
    await expectVerdicts(to(302, gone), ["--sse"], ["broken redirect-elsewhere at stream"]);
  },
  async "a POST stays one with 307"() {
    const { stream } = await expectVerdicts(to(307, "/post"), ["--post", "{}"], []);
    assert.equal(stream.exchange.method, "POST");
  },
  async "a POST that becomes a GET"() {
    const { document } = await expectVerdicts(
      to(301, "/post"),
      ["--post", "{}"],
      ["broken stream-refused at stream"],
    );
    assert.match(document.verdicts[0].evidence, /makes a GET of the POST/);
  },
  async "a WebSocket is not followed, and its URL is named"() {
    const url = to(301, "/socket").replace("http", "ws");
    const { document } = await expectVerdicts(url, [], ["broken redirect-elsewhere at upgrade"]);
    assert.ok(document.verdicts[0].evidence.includes(`use ws://127.0.0.1:${port}/socket itself`));
    const login = to(301, "/login").replace("http", "ws");
    await expectVerdicts(login, [], ["broken login-required at upgrade"]);
  },
});
