// The pages in a real browser: the poem arrives, at its pace, under any prefix, over every transport, and ends.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { stanzas, useBrowser } from "./support.js";

const FIRST = /^Midway upon the journey of our life\n {2}I found myself within a forest dark,\n {2}For the/;

/** Dante behind the relay, as behind IIS. */
async function startBehindRelay(args = [], options = {}) {
  const { socketPath } = startUnderIisnode({ args });
  return await startRelay(socketPath, options);
}

/** The poem begins: three stanzas. */
async function assertStreams(visit) {
  await visit.stanzas(3);
  assert.match(await visit.page.locator(".stanza").first().textContent(), FIRST);
  assert.deepEqual((await visit.shown()).slice(0, 4), ["canto: Inferno: Canto I", ...stanzas(3)]);
}

/** The second stanza and the third are two seconds apart; where a busy machine was late, the next pair is. */
async function assertPace(visit) {
  const gaps = [];
  for (let last = 2; last < 7; last += 1) {
    await visit.stanzas(last + 1);
    const { arrivals } = await visit.notes();
    gaps.push(arrivals[last] - arrivals[last - 1]);
    if (gaps.at(-1) > 1500 && gaps.at(-1) < 2500) return;
  }
  assert.fail(`milliseconds between the stanzas from the second on: ${gaps}`);
}

/** What the network view shows: the page, its parts below `root`, and whatever streams. */
const network = (page, root, parts, ...streams) =>
  [page, ...parts.map((part) => `${root}${part}`), ...streams].sort();
const SCRIPTS = ["static/js/reading.js", "static/js/retry.js"];
const SOCKETIO = ["socket.io/socket.io.js", "static/css/dante.css", "static/js/socketio.js", ...SCRIPTS];
const WEBSOCKET = ["static/css/dante.css", "static/js/websocket.js", ...SCRIPTS];
const SSE = ["static/css/dante.css", "static/js/sse.js", ...SCRIPTS];

describe("reading", { concurrency: 3 }, () => {
  const open = useBrowser();

  it("streams by itself, one stanza every two seconds, over one WebSocket", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`);
    await visit.state("streaming-websocket");
    await assertStreams(visit);
    await visit.screenshot("reading", [1280, 800]);
    await visit.screenshot("reading", [375, 700]);
    await assertPace(visit);
    assert.deepEqual(visit.loaded().sort(), network("/", "/", SOCKETIO, "/socket.io/"));
    assert.match(visit.sockets[0], /^ws:.*[?&]transport=websocket/);
    visit.assertQuiet();
  });

  for (const page of ["/dante/server-socketio.js", "/dante/", "/demo/server-socketio.js", "/demo/"]) {
    it(`streams as IIS's guest at ${page}`, async () => {
      const paced = page === "/dante/server-socketio.js";
      const { origin } = await startBehindRelay(paced ? [] : ["--interval", "200ms"]);
      const visit = await open(`${origin}${page}`);
      await visit.state("streaming-websocket");
      await assertStreams(visit);
      if (paced) await assertPace(visit);
      const root = page.slice(0, page.lastIndexOf("/") + 1);
      assert.deepEqual(visit.loaded().sort(), network(page, root, SOCKETIO, `${root}socket.io/`));
      visit.assertQuiet();
    });
  }

  it("falls back to polling when WebSocket is blocked", async () => {
    const { origin } = await startBehindRelay(["--interval", "200ms"], { blockWebSocket: true });
    const visit = await open(`${origin}/dante/server-socketio.js`);
    await visit.state("streaming-polling");
    await assertStreams(visit);
    assert.match(await visit.page.locator("#status").textContent(), /by long polling/);
    assert.ok(visit.requests.some((url) => /\/dante\/socket\.io\/\?.*transport=polling/.test(url)));
    // The browser itself complains of the WebSocket that was refused, and of nothing else.
    assert.deepEqual(visit.complaints.filter((text) => !/^WebSocket connection to .* 501$/.test(text)), []);
  });

  it("ends, says so, and asks for nothing more", async () => {
    const { origin } = await startDante(["--poem", poemFile(60), "--interval", "50ms"]);
    const pages = ["/", "/websocket/", "/sse/"];
    const visits = await Promise.all(pages.map((page) => open(`${origin}${page}`)));
    for (const visit of visits) await visit.state("ended");
    const loaded = visits.map((visit) => visit.loaded());
    for (const visit of visits) {
      assert.deepEqual(await visit.shown(), stanzas(60));
      assert.match(await visit.page.locator("#status").textContent(), /has ended/);
    }
    // Three seconds by the server's clock: longer than any client waits before it comes back.
    const witness = await open(`${origin}/`);
    await witness.state("ended");
    assert.ok((await witness.notes()).arrivals[59] > 2500);
    for (const [at, visit] of visits.entries()) {
      assert.deepEqual(visit.loaded(), loaded[at], pages[at]);
      assert.equal((await visit.notes()).states.filter((state) => state.startsWith("streaming")).length, 1);
      visit.assertQuiet();
    }
  });

  it("starts where the address says", async () => {
    const { origin } = await startDante();
    const [canto, last, bad] = await Promise.all(
      ["?canto=purgatorio/1", "?stanza=140", "?stanza=x"].map((query) => open(`${origin}/${query}`)),
    );
    await canto.stanzas(1);
    assert.match(await canto.page.locator(".stanza").first().textContent(), /^To run o'er better waters/);
    assert.deepEqual((await canto.shown()).slice(0, 2), ["canto: Purgatorio: Canto I", "stanza 46"]);
    await last.state("ended");
    assert.deepEqual(await last.shown(), ["canto: Paradiso: Canto I", "stanza 139"]);
    await last.screenshot("end", [1280, 800]);
    await last.screenshot("end", [375, 700]);
    assert.equal(bad.response.status(), 400);
    assert.match(await bad.page.locator("body").innerText(), /stanza="x" is no stanza.*from 1 to 140/);
    canto.assertQuiet();
    last.assertQuiet();
  });

  for (const [page, endpoint, root, parts, state] of [
    ["websocket/", "websocket/ws", "", WEBSOCKET, "streaming-websocket"],
    ["server-faye.js", "server-faye.js/ws", "", WEBSOCKET, "streaming-websocket"],
    ["sse/", "sse/stream", "", SSE, "streaming-sse"],
  ]) {
    it(`streams and ends at ${page}`, async () => {
      const args = ["--poem", poemFile(8), "--interval", "100ms"];
      const [alone, guest] = await Promise.all([startDante(args), startBehindRelay(args)]);
      for (const base of [`${alone.origin}/`, `${guest.origin}/dante/`, `${guest.origin}/demo/`]) {
        const visit = await open(`${base}${page}`);
        await visit.state("ended");
        assert.deepEqual(await visit.shown(), stanzas(8));
        assert.deepEqual((await visit.notes()).states, [state, "ended"]);
        const at = new URL(base).pathname;
        assert.deepEqual(visit.loaded().sort(), network(`${at}${page}`, `${at}${root}`, parts, `${at}${endpoint}`));
        visit.assertQuiet();
      }
    });
  }
});
