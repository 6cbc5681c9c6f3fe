// Runs `dante probe` as a person does, and says what it found in a form that can be compared; and stand-ins for
// hosts that are not to be had here.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, describe, test } from "node:test";

import { BINARY } from "../support/dante.js";

/** All hops, in their order: docs/probe.md says that they are always all there. */
export const HOPS = [
  ...["proxy", "name", "tcp", "tls", "http", "page", "hosting", "client-library", "files", "handshake"],
  ...["sticky", "upgrade"],
  ...["stream-socketio-websocket", "stream-socketio-polling", "stream-websocket", "stream-sse"],
  ...["stream", "against", "echo", "http2", "hold", "resume", "compression", "cors", "browser"],
];

/** The tests' hosts are on this machine, whatever way out it has: a variable that is empty is not set. */
const NO_PROXIES = { NO_PROXY: "*", no_proxy: "" };

/** No probe of these tests takes longer; what does not end at all is told with its command, and not by a run that stands still. */
const LONGEST_MS = 300_000;

const EXIT_CODES = { good: 0, degraded: 3, broken: 4 };

/** A stanza comes so often: fast enough for short probes, and slow enough for two noisy cores. */
export const PACE = ["--interval", "250ms"];

/** The verdicts without what a machine that stalls for a moment adds, which no test of a host is about. */
export const withoutStalls = (verdicts) =>
  verdicts.filter(({ id, severity }) => `${severity} ${id}` !== "note line-stalled");

/** Runs the command. `watch` is given its process. */
export function run(args, { env = {}, watch } = {}) {
  const signal = AbortSignal.timeout(LONGEST_MS);
  return new Promise((resolve, reject) => {
    const child = execFile(
      BINARY,
      ["probe", ...args],
      { maxBuffer: 2 ** 26, env: { ...process.env, ...NO_PROXIES, ...env }, signal },
      (error, stdout, stderr) => {
        const late = `not done after ${LONGEST_MS / 1000} s: ${args.join(" ")}\n${stdout}${stderr}`;
        if (error?.name === "AbortError") reject(new Error(late));
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
    // It may have a browser to end.
    after(() => child.kill("SIGTERM"));
    watch?.(child);
  });
}

/** The document of a probe, whose form and exit code are those that are documented. */
export async function probe(url, args = [], options = {}) {
  const { code, stdout, stderr } = await run([url, "--json", ...args], options);
  assert.equal(stderr, "");
  const document = JSON.parse(stdout);
  assert.deepEqual([document.version, document.exitCode], [2, code]);
  assert.equal(code, EXIT_CODES[document.outcome]);
  assert.deepEqual(
    document.hops.map(({ hop }) => hop),
    HOPS,
  );
  for (const { hop, outcome, summary, evidence } of document.hops) {
    assert.ok(summary, hop);
    assert.equal(evidence === null, ["notReached", "skipped"].includes(outcome), `${hop} is ${outcome}`);
    if (outcome === "notReached") assert.equal(summary, "not reached", hop);
  }
  for (const verdict of document.verdicts) {
    for (const text of ["cause", "remedy", "evidence"]) {
      assert.ok(verdict[text], `${verdict.id} has no ${text}`);
    }
  }
  return document;
}

/** A verdict in a line: `broken no-stickiness at sticky`, and which other one fits. */
export function describeVerdict({ severity, id, hop, or }) {
  return [`${severity} ${id} at ${hop}`, ...or].join(", or ");
}

/** The outcome of one hop. */
export function outcomeOf(document, hop) {
  return document.hops.find((one) => one.hop === hop).outcome;
}

/**
 * Probes, and expects these verdicts and no others.
 * @param {{args?: string[], verdicts?: string[], last?: string, missed?: string[], host?: string, env?: object}} expected `verdicts` as
 *   `describeVerdict` writes them; `last` is the last hop that is reached; `missed` are earlier ones that are not; `host` is the one that is recognised
 * @returns {Promise<object>} the document
 */
export async function expectProbe(
  url,
  { args, verdicts = [], last = HOPS.at(-1), missed = [], host, ...options } = {},
) {
  const document = await probe(url, args, options);
  const severities = verdicts.map((verdict) => verdict.split(" ", 1)[0]);
  const outcome = ["broken", "degraded"].find((one) => severities.includes(one)) ?? "good";
  const said = withoutStalls(document.verdicts);
  const hosts = [...new Set(said.map((verdict) => verdict.host))];
  const hops = document.hops.filter((hop) => hop.outcome !== "skipped");
  const seen = said.map(describeVerdict);
  try {
    assert.deepEqual(
      { verdicts: seen, outcome: document.outcome, hosts: host ? hosts : [] },
      { verdicts, outcome, hosts: host ? [host] : [] },
    );
    assert.deepEqual(
      hops.filter((hop) => hop.outcome === "notReached").map(({ hop }) => hop),
      hops
        .map(({ hop }) => hop)
        .filter((hop) => missed.includes(hop) || HOPS.indexOf(hop) > HOPS.indexOf(last)),
    );
  } catch (error) {
    const report = [
      ...document.hops.map((hop) => `${hop.outcome} ${hop.hop} (${hop.ms} ms): ${hop.summary}`),
      ...document.verdicts.map((verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}`),
    ];
    error.message += `\n${report.join("\n")}`;
    throw error;
  }
  return document;
}

/** Cases that wait most of the time, and so do it together: each a name and what it does. */
export function together(name, cases) {
  describe(name, { concurrency: 6 }, () => {
    for (const [what, run_] of Object.entries(cases)) test(what, run_);
  });
}

/** A server of TCP on a free port (or where it is told to), closed after the test file at the latest. Gives its port. */
export async function listen(server, { host = "127.0.0.1", port = 0 } = {}) {
  const sockets = new Set();
  for (const event of ["connection", "secureConnection"]) {
    server.on(event, (socket) => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => sockets.delete(socket));
    });
  }
  server.on("tlsClientError", () => {});
  server.listen(port, host);
  await once(server, "listening");
  after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server.address().port;
}

/** A peer that does the same with each connection. Gives its origin. */
export async function startPeer(serve) {
  return `http://127.0.0.1:${await listen(net.createServer(serve))}`;
}

/** The head of an answer that accepts a WebSocket (RFC 6455, 4.2.2). */
export function accepted(request, more = []) {
  const key = request.headers["sec-websocket-key"];
  const answer = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return `${[...lines, `Sec-WebSocket-Accept: ${answer}`, ...more].join("\r\n")}\r\n\r\n`;
}

/** A refusal on a socket that asked for an upgrade. */
export function refuse(socket, status, body = "", headers = []) {
  const lines = [`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`, ...headers];
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`, "Connection: close");
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** A text of a type, with its status. */
export function respond(response, status, type, body) {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}

/** Passes everything on, both ways. */
export function tunnel(request, client, first, port) {
  const upstream = net.connect(port, "127.0.0.1");
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
  }
  upstream.on("error", () => client.destroy());
  client.on("error", () => upstream.destroy());
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => client.destroy());
  upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
  upstream.write(first);
  upstream.pipe(client);
  client.pipe(upstream);
  return upstream;
}

/**
 * A host before a Dante that passes on what it is not told to spoil.
 * @param {number} port where that Dante listens
 * @param {object} spoil each may be missing. `answer(request, response)` and `upgrade(request, socket, first)` say
 *   whether they have answered themselves; `ask(request)` may change the request's URL and headers, and
 *   give it the `port` of another Dante; `pass(request,
 *   answer, response)` says whether it has passed the answer on; `tunnelled(request, client, upstream)` sees
 *   WebSockets
 * @returns {Promise<string>} its origin
 */
export async function startHost(port, { answer, upgrade, ask, pass, tunnelled } = {}) {
  const server = http.createServer((request, response) => {
    if (answer?.(request, response)) return;
    ask?.(request);
    const { method, url, headers } = request;
    const to = {
      port: request.port ?? port,
      host: "127.0.0.1",
      method,
      path: url,
      headers,
      setHost: false,
      agent: false,
    };
    const forward = http.request(to, (from) => {
      from.once("error", () => response.destroy());
      if (pass?.(request, from, response)) return;
      response.writeHead(from.statusCode, from.rawHeaders);
      response.flushHeaders();
      from.pipe(response);
    });
    forward.once("error", () => response.destroy());
    response.once("close", () => forward.destroy());
    request.pipe(forward);
  });
  server.on("upgrade", (request, client, first) => {
    client.on("error", () => client.destroy());
    if (upgrade?.(request, client, first)) return;
    ask?.(request);
    const upstream = tunnel(request, client, first, request.port ?? port);
    tunnelled?.(request, client, upstream);
  });
  // What is no request goes unanswered: Node.js would refuse it in words that say who it is.
  server.on("clientError", (_, client) => client.destroy());
  return `http://127.0.0.1:${await listen(server)}`;
}
