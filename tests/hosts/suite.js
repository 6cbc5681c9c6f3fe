// What has to work behind every proxy, however the prefix is treated and Dante is reached.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import http from "node:http";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { useBrowser } from "../browser/support.js";
import { connect, END, follow, readSse, readWebSocket, VERSIONS } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { openFolder } from "../support/programs.js";
import { Proxy } from "../support/proxies.js";
import { CHECKS, Table } from "./table.js";

const INTERVAL_MS = 100;
const STANZAS = 1000;
/** Most readers read the last stanzas only, those who leave could read much more. */
const FROM = STANZAS - 30;
const FROM_WHEN_MANY = STANZAS - 8;
const MANY = 20;
/**
 * How many stanzas may come at once, apart from what a reader without a proxy suffers twice over: on a busy machine two
 * programs have to wait instead of one. What gathers a stream gathers more, if not all of it.
 */
const LUMP = 15;
const POLL_MS = 50;

/** How the prefix is treated: what the recipe is told, the prefix outside, and the one that Dante sees. */
const MODES = {
  "prefix kept": { args: ["--prefix", "/dante"], prefix: "/dante", passed: "/dante" },
  "prefix stripped": { args: ["--prefix", "/dante", "--strip"], prefix: "/dante", passed: "" },
  root: { args: ["--prefix", "/"], prefix: "", passed: "" },
};
const ENDPOINTS = ["TCP", "Unix socket"];
const BROWSER = ["prefix kept", "TCP"];

const PAGES = ["", "websocket/", "sse/", "compare/", "hello/", "server-socketio.js", "server-faye.js"];

/** Another site's name and port, as if a proxy with TLS stood before this one. */
const OUTSIDE = "example.org:8443";

/** Starts Dante as a recipe says; `upstream` is what the recipe is told. */
async function startUpstream(endpoint, passed) {
  const args = ["--poem", poemFile(STANZAS), "--interval", `${INTERVAL_MS}ms`];
  if (passed) args.push("--prefix", passed);
  if (endpoint === "TCP") {
    const dante = await startDante(args);
    return { dante, upstream: `127.0.0.1:${dante.port}` };
  }
  const socket = `${openFolder()}/dante.sock`;
  const dante = await startDante(args, { port: `unix:${socket}` });
  // As a recipe asks: the proxy's account may write to it.
  chmodSync(socket, 0o666);
  return { dante, upstream: `unix:${socket}` };
}

/** One request, without whatever a browser would add. */
async function get(url, headers = {}) {
  const [answer] = await once(http.get(url, { headers, agent: false }), "response");
  answer.setEncoding("utf8");
  let text = "";
  for await (const part of answer) text += part;
  return { status: answer.statusCode, headers: answer.headers, text };
}

/** The URLs that a page, a script or a style sheet leads to. */
function links(type, text) {
  const patterns = {
    html: [/\s(?:src|href)="([^"]*)"/g],
    javascript: [/\bimport\s*\(?\s*"([^"]+)"/g, /\bfrom\s*"([^"]+)"/g],
    css: [/url\("?([^")]+)"?\)/g],
  };
  const kind = Object.keys(patterns).find((name) => type?.includes(name));
  const found = (patterns[kind] ?? []).flatMap((pattern) => [...text.matchAll(pattern)]);
  return found.map(([, url]) => url.replaceAll("&amp;", "&")).filter((url) => !url.startsWith("data:"));
}

/** Loads the pages and everything that they lead to. Returns what was loaded. */
async function loadAll(root) {
  const pages = PAGES.map((page) => root + page);
  const seen = new Set(pages);
  for (const url of seen) {
    // Each over a connection of its own: one that is kept may be closed while a busy machine takes its time.
    const { status, headers, text } = await get(url);
    assert.equal(status, 200, url);
    for (const link of links(headers["content-type"], text)) {
      const { href } = new URL(link.split("#")[0], url);
      assert.ok(href.startsWith(root), `${url} leads to ${href}`);
      // Each canto has a link to the same page. Assets have their hash as query.
      if (!pages.includes(href.split("?")[0])) seen.add(href);
    }
  }
  return [...seen].map((url) => url.slice(root.length));
}

/** How much later than its own best stanza the worst one came, in milliseconds. */
function lateness({ stanzas }) {
  const late = stanzas.map(({ at }, index) => at - index * INTERVAL_MS);
  return Math.max(...late) - Math.min(...late);
}

/** Asserts that a reading came whole, and in no lumps but those which this busy machine makes of any stream. */
async function assertStreams(heard, control) {
  await Promise.all([heard.end(), control.end()]);
  const told = heard.log.map((entry, at) => `${entry} (${Math.round(heard.times[at])} ms)`).join(", ");
  assert.equal(heard.openings.length, 1, `it was cut off, and came back: ${told}; over ${heard.transports}`);
  heard.assertWhole(STANZAS, FROM);
  const allowed = LUMP * INTERVAL_MS + 2 * lateness(control);
  assert.ok(lateness(heard) < allowed, `${lateness(heard)} ms late, of ${allowed}`);
}

/** The checks of one way to stand behind a proxy, in the order of the table's columns. */
function checks({ proxied, fleet, prefix, passed, edition, direct }) {
  const root = proxied + prefix;
  const path = `${prefix}/socket.io`;
  const request = { from: FROM, edition };
  // A reader without a proxy: what it has to wait for is the machine's fault.
  const control = () => readSse(direct, `?${new URLSearchParams(request)}`);

  const socketIo = (version, options, transports) => async () => {
    const told = version === "2" ? { query: request } : { auth: request };
    const heard = follow(connect(version, proxied, { path, ...told, ...options }));
    await assertStreams(heard, control());
    assert.deepEqual(heard.transports, transports);
    assert.equal(heard.log.at(-1), END);
  };

  return {
    async pages() {
      const loaded = await loadAll(`${root}/`);
      for (const kind of [
        /^socket\.io\/.*\.js\b/,
        /^static\/.*\.js\b/,
        /^static\/.*\.css\b/,
        /^static\/.*\.svg\b/,
      ]) {
        assert.ok(
          loaded.some((url) => kind.test(url)),
          `${kind} in ${loaded.join()}`,
        );
      }
    },

    WebSocket: socketIo("4", { transports: ["websocket"] }, ["websocket"]),
    polling: socketIo("4", { transports: ["polling"] }, ["polling"]),
    async upgrade() {
      const all = Object.keys(VERSIONS).map((version) => socketIo(version, {}, ["polling", "websocket"])());
      await Promise.all(all);
    },
    async "plain WebSocket"() {
      const heard = readWebSocket(root, request);
      await assertStreams(heard, control());
      assert.equal(heard.log.at(-1), "close 1000");
    },
    async "server-sent events"() {
      const heard = readSse(root, `?${new URLSearchParams(request)}`);
      await assertStreams(heard, control());
      assert.equal(heard.log.at(-1), "end");
    },

    async redirects() {
      for (const from of [prefix, `${prefix}/hello`].filter(Boolean)) {
        for (const query of ["", "?lang=it&stanza=3"]) {
          const answer = await get(`${proxied}${from}${query}`, { host: OUTSIDE });
          assert.equal(answer.status, 308);
          const base = `https://${OUTSIDE}`;
          const { href } = new URL(answer.headers.location, `${base}${from}${query}`);
          assert.equal(href, `${base}${from}/${query}`);
          assert.equal((await get(href.replace(base, proxied))).status, 200);
        }
      }
    },

    async headers() {
      const lies = {
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-proto": "gopher",
        "x-forwarded-host": "evil.example",
        "x-forwarded-prefix": "/evil",
      };
      const answer = await get(`${root}/hosting.json`, { host: OUTSIDE, ...lies });
      const { http: version, path: asked, prefix: below, host, forwarded } = JSON.parse(answer.text).request;
      assert.deepEqual([version, asked, below], ["HTTP/1.1", `${passed}/hosting.json`, passed || "/"]);
      assert.equal(host, OUTSIDE);
      const truth = {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": OUTSIDE,
        // Only a prefix that Dante does not see needs to be told.
        ...(prefix !== passed && { "x-forwarded-prefix": prefix }),
      };
      assert.deepEqual(Object.fromEntries(forwarded), truth);
    },

    async "prefix only"() {
      const notFound = /Nothing is served at/;
      if (!prefix) {
        const answer = await get(`${proxied}/nowhere`);
        assert.equal(answer.status, 404);
        assert.match(answer.text, notFound);
        return;
      }
      for (const other of ["/", "/hosting.json", `${prefix}sque`, `${prefix}sque/hosting.json`]) {
        const answer = await get(`${proxied}${other}`);
        assert.ok(!answer.text.includes(edition) && !notFound.test(answer.text), other);
      }
    },

    async "two Dantes"() {
      const readings = Array.from({ length: MANY }, async (_, at) => {
        // No cookies are kept, and each reader has an address of its own. Not with keepAlive: this client then leaves a
        // request unwritten now and then.
        const agent = new http.Agent({ localAddress: `127.0.0.${at + 2}` });
        const auth = { from: FROM_WHEN_MANY, edition };
        const options = { path, transports: ["polling"], reconnection: false, agent, auth };
        const heard = follow(connect("4", fleet, options));
        await heard.until(({ log }) => typeof log.at(-1) === "string" && log.at(-1) !== "reading");
        assert.equal(heard.log.at(-1), END);
        heard.assertWhole(STANZAS, FROM_WHEN_MANY);
        return heard.openings[0].node;
      });
      assert.equal(new Set(await Promise.all(readings)).size, 2);
    },

    // The last one, when nobody reads any more.
    async leaving() {
      const readers = async () => JSON.parse((await get(`${root}/hosting.json`)).text).readers;
      const nobody = async () => {
        while ((await readers()) > 0) await delay(POLL_MS);
      };
      // On a busy machine the readers of the other checks are still leaving.
      await nobody();
      const options = { path, forceNew: true };
      const sockets = [["websocket"], ["polling"]].map((transports) =>
        connect("4", proxied, { ...options, transports }),
      );
      const events = new AbortController();
      const answer = await fetch(`${root}/sse/stream`, { signal: events.signal });
      const reader = answer.body.getReader();
      await Promise.all([...sockets.map((socket) => follow(socket).more(1)), reader.read()]);
      assert.equal(await readers(), 3);
      sockets.forEach((socket) => socket.close());
      events.abort();
      await nobody();
    },
  };
}

/** Starts the proxy each way, and what stands behind it. */
async function startCases(proxy) {
  const upstreams = {};
  for (const endpoint of ENDPOINTS) {
    for (const { passed } of Object.values(MODES)) {
      // One by itself, and two together.
      upstreams[`${endpoint} ${passed}`] ??= Promise.all(
        Array.from({ length: 3 }, () => startUpstream(endpoint, passed)),
      );
    }
  }
  const start = async ([mode, { args, prefix, passed }], endpoint) => {
    const [alone, ...two] = await upstreams[`${endpoint} ${passed}`];
    const launch = (members) =>
      proxy.start([...args, ...members.flatMap(({ upstream }) => ["--upstream", upstream])]);
    const [proxied, fleet] = await Promise.all([launch([alone]), launch(two)]);
    const [{ dante }] = await upstreams[`TCP ${passed}`];
    const edition = dante.banner.match(/edition (\S+)/)[1];
    return { mode, endpoint, place: { proxied, fleet, prefix, passed, edition, direct: dante.origin } };
  };
  return await Promise.all(
    Object.entries(MODES).flatMap((mode) => ENDPOINTS.map((endpoint) => start(mode, endpoint))),
  );
}

/** Runs all checks behind a proxy, and compares what passed with the table in `docs/hosts.md`. */
export async function testProxy(name) {
  let proxy, cases;
  try {
    proxy = new Proxy(name);
    cases = await startCases(proxy);
  } catch (error) {
    // Thrown here it would leave behind what has been started.
    test(`${name} starts`, () => Promise.reject(error));
    return;
  }
  const table = new Table(proxy);

  for (const { mode, endpoint, place } of cases) {
    const all = checks(place);
    assert.deepEqual(Object.keys(all), CHECKS);
    const check = (column) =>
      test(column, async () => {
        await all[column]();
        table.passed(mode, endpoint, column);
      });
    describe(`${name}, ${mode}, ${endpoint}`, { timeout: 60_000 }, () => {
      describe("together", { concurrency: true }, () => CHECKS.slice(0, -1).forEach(check));
      check(CHECKS.at(-1));
    });
  }

  describe(`${name} and a browser`, { timeout: 60_000 }, () => {
    const open = useBrowser();
    test("the page streams over WebSocket, without a complaint", async () => {
      const [mode, endpoint] = BROWSER;
      const { place } = cases.find((one) => one.mode === mode && one.endpoint === endpoint);
      const visit = await open(`${place.proxied}${place.prefix}/`);
      await visit.state("streaming");
      await visit.stanzas(5);
      assert.equal(await visit.text("#badge"), "WebSocket");
      visit.assertQuiet();
    });
  });

  test(`${name} takes what is printed without options`, () => {
    // Only root may try to listen on port 80, which nginx does for a check.
    proxy.check(process.getuid() === 0 ? [] : ["--listen", "8080"]);
  });

  test(`docs/hosts.md says so of ${name}`, () => table.compareOrWrite(cases));
}
