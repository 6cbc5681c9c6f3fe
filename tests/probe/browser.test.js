// `--browser`: what Chromium makes of a page becomes one more hop; where it contradicts the rest, that is said first.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { test } from "node:test";
import { WebSocketServer } from "ws";

import { startDante } from "../support/dante.js";
import { openFolder } from "../support/programs.js";
import { NAME, certificate } from "./certificates.js";
import {
  PACE,
  describeVerdict,
  listen,
  probe,
  refuse,
  run,
  startHost,
  together,
  withoutStalls,
} from "./support.js";

const { port } = await startDante(PACE);

/** Chromium asks for every resource with what it is for; nothing else does. */
const isBrowser = ({ headers }) => headers["sec-fetch-dest"] !== undefined;
const isEvents = ({ url }) => url.includes("/sse/stream");

/** What the browser's hop saw, and all verdicts in a line each. */
async function browse(url, args = [], options = {}) {
  const document = await probe(url, ["--browser", ...args], options);
  const hop = document.hops.find((one) => one.hop === "browser");
  const verdicts = withoutStalls(document.verdicts);
  return { ...document, verdicts, lines: verdicts.map(describeVerdict), hop, seen: hop.evidence };
}

/** A page of somebody else's. Gives its origin. */
async function startPage(html, { server = http.createServer(), upgraded = () => {} } = {}) {
  server.on("request", (request, response) => {
    if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\ndata: two\n\n");
      return;
    }
    response.writeHead(200, { "content-type": "text/html" }).end(html);
  });
  const sockets = new WebSocketServer({ server, path: "/socket" });
  sockets.on("connection", (socket, request) => {
    upgraded(request);
    socket.send("one");
  });
  return await listen(server);
}

together("a browser", {
  async "agrees with the probe that a host is good"() {
    const { outcome, hop, seen, lines } = await browse(`http://127.0.0.1:${port}/`);
    assert.deepEqual([outcome, hop.outcome, lines], ["good", "good", []]);
    const { transports } = seen.visits.at(-1).report;
    assert.equal(Object.values(transports).filter(({ stanzas }) => stanzas >= 4).length, 4);
    assert.match(hop.summary, /^Chrome\/\d.*4 of 4 transports bring stanzas$/);
  },

  async "fails where the probe does not, and that is said first"() {
    const origin = await startHost(port, {
      answer(request, response) {
        if (!isBrowser(request) || !isEvents(request)) return false;
        response.writeHead(403).end();
        return true;
      },
    });
    const { lines, verdicts, seen } = await browse(`${origin}/`);
    assert.deepEqual(lines, ["degraded browser-fails at browser"]);
    assert.match(verdicts[0].evidence, /sse: 403/);
    assert.equal(seen.visits.length, 3, "what fails is tried twice");
  },

  async "gets what the probe does not, and that is said first"() {
    const origin = await startHost(port, {
      answer(request, response) {
        if (isBrowser(request) || !isEvents(request)) return false;
        response.writeHead(403).end();
        return true;
      },
    });
    const { lines } = await browse(`${origin}/`);
    assert.equal(lines[0], "note browser-works at browser");
    assert.equal(lines.length, 2);
    assert.match(lines[1], /at stream-sse$/);
  },

  async "is one more place where a verdict shows"() {
    const origin = await startHost(port, { upgrade: (_, socket) => (refuse(socket, 400, "no"), true) });
    const { verdicts, lines } = await browse(`${origin}/`);
    assert.ok(!lines.some((line) => line.includes("browser-")), lines.join("\n"));
    const { also } = verdicts.find(({ id }) => id === "upgrade-refused");
    const { evidence } = also.find(({ hop }) => hop === "browser");
    assert.match(evidence, /socketio-websocket: .*400; websocket: .*400/);
  },

  async "tells what a page of another application opens"() {
    const script =
      "new WebSocket(`ws://${location.host}/socket`); new EventSource('events'); throw Error('oh')";
    const at = await startPage(`<!doctype html><script>${script}</script>`);
    const { seen } = await browse(`http://127.0.0.1:${at}/`);
    const [{ opened, complaints, report }] = seen.visits;
    const came = opened.map(({ kind, status, messages }) => [kind, status, messages]);
    assert.deepEqual(came.sort(), [
      ["eventSource", 200, 2],
      ["webSocket", 101, 1],
    ]);
    assert.deepEqual([complaints, report], [["Error: oh"], null]);
  },

  async "sends headers to the host that they are for, and reaches no other"() {
    const asked = [];
    const elsewhere = await listen(
      http.createServer((request, response) => {
        asked.push(request.url);
        response.end();
      }),
    );
    const upgrades = [];
    const script =
      `new WebSocket("ws://localhost:${elsewhere}/a"); fetch("http://localhost:${elsewhere}/b");` +
      "new WebSocket(`ws://${location.host}/socket`)";
    const at = await startPage(`<!doctype html><script>${script}</script>`, {
      upgraded: ({ headers }) => upgrades.push(headers["x-secret"]),
    });
    const { seen } = await browse(`http://127.0.0.1:${at}/`, ["--header", "X-Secret: 1"]);
    assert.deepEqual([asked, seen.onlyThisHost], [[], true]);
    assert.ok(upgrades.length > 0 && upgrades.every((secret) => secret === "1"), upgrades.join());
  },

  async "uses addresses and certificates as the probe is told to"() {
    const { key, cert } = certificate(NAME);
    const at = await startPage("<!doctype html><p>hello", { server: https.createServer({ key, cert }) });
    const args = ["--insecure", "--resolve", `${NAME}:${at}:127.0.0.1`];
    const { seen } = await browse(`https://${NAME}:${at}/`, args);
    assert.deepEqual([seen.visits[0].status, seen.visits[0].trouble], [200, null]);
  },

  async "leaves nothing behind when it is interrupted"() {
    const folder = openFolder();
    let child;
    const interrupted = run([`http://127.0.0.1:${port}/`, "--browser"], {
      env: { TMPDIR: folder },
      watch(started) {
        child = started;
        // The page's hops come once the browser is there.
        once(started.stdout, "data").then(() => started.kill("SIGINT"));
      },
    });
    const { code, stderr } = await interrupted;
    assert.deepEqual([code, stderr], [1, "dante: stopped by SIGINT\n"]);
    assert.deepEqual([readdirSync(folder), child.signalCode], [[], null]);
  },
});

test("a browser that is not there, or is none", async () => {
  const nowhere = await run(["http://127.0.0.1:1/", "--browser=/nowhere/chrome"]);
  assert.deepEqual([nowhere.code, nowhere.stdout], [1, ""]);
  assert.match(nowhere.stderr, /^dante: --browser "\/nowhere\/chrome": there is no such program; name /);
  const by = await run(["http://127.0.0.1:1/", "--browser"], { env: { CHROME_PATH: "/nowhere/edge" } });
  assert.match(by.stderr, /^dante: CHROME_PATH "\/nowhere\/edge": /);
  const none = await run(["http://127.0.0.1:1/", "--browser=/bin/false"]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^dante: the browser \/bin\/false did not start: it ended without a word; /);
});
