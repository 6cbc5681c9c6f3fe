// The reading in a real browser: the poem arrives, at its pace, under any prefix, over every transport, and ends.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { stanzas, startBehindRelay, useBrowser } from "./support.js";

const FIRST = ["Midway upon the journey of our life", "I found myself within a forest dark,"];

/** The poem begins: three stanzas. */
async function assertStreams(visit) {
  await visit.stanzas(3);
  const lines = (await visit.text(".stanza >> nth=0")).split("\n").map((line) => line.trim());
  assert.deepEqual(lines.slice(0, 2), FIRST);
  assert.deepEqual((await visit.parts()).slice(0, 3), stanzas(3));
  assert.match(await visit.text("#poem .canto"), /Inferno\s+Canto I$/i);
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

/** Asserts that the network view shows the page, its parts, each once, and these streams. */
function assertLoaded(visit, root, ...streams) {
  const loaded = visit.loaded();
  const parts = loaded.filter((path) => path.startsWith(`${root}static/`));
  assert.equal(new Set(parts).size, parts.length, parts.join("\n"));
  const others = loaded.filter((path) => !parts.includes(path) && path !== `${root}hosting.json`);
  assert.deepEqual(others.sort(), streams.sort());
}

describe("reading", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("streams by itself, one stanza every two seconds, over one WebSocket", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`);
    await visit.state("streaming");
    await assertStreams(visit);
    assert.equal(await visit.text("#badge"), "WebSocket");
    await assertPace(visit);
    assertLoaded(visit, "/", "/", "/socket.io/socket.io.js", "/socket.io/");
    assert.match(visit.sockets[0], /^ws:.*[?&]transport=websocket/);
    assert.deepEqual((await visit.notes()).states, ["connecting", "streaming"]);
    visit.assertQuiet();
  });

  for (const page of ["server-socketio.js", ""]) {
    it(`streams as IIS's guest at /dante/${page}`, async () => {
      const url = await startBehindRelay(["--interval", "200ms"]);
      const visit = await open(`${url}${page}`);
      await visit.state("streaming");
      await assertStreams(visit);
      const root = new URL(url).pathname;
      assertLoaded(visit, root, `${root}${page}`, `${root}socket.io/socket.io.js`, `${root}socket.io/`);
      await visit.$("#f-prefix").filter({ hasText: "/dante" }).waitFor();
      assert.match(await visit.text("#f-host"), /iisnode/i);
      visit.assertQuiet();
    });
  }

  it("ends, says so, and asks for nothing more", async () => {
    const { origin } = await startDante(["--poem", poemFile(60), "--interval", "50ms"]);
    const pages = ["/", "/websocket/", "/sse/"];
    const visits = await Promise.all(pages.map((page) => open(`${origin}${page}`)));
    for (const visit of visits) await visit.state("end");
    const loaded = visits.map((visit) => visit.loaded().filter((path) => !path.endsWith("/hosting.json")));
    for (const visit of visits) {
      assert.deepEqual(await visit.parts(), stanzas(60));
      assert.match(await visit.text("#what"), /The poem has ended\./);
      assert.equal(await visit.text("#badge"), "Ended");
      assert.ok(await visit.$("#end .stars").isVisible());
      assert.ok(await visit.$("#end").getByRole("link", { name: "Read it again" }).isVisible());
      assert.ok(await visit.$("#hold").isHidden());
    }
    // Three seconds by the server's clock: longer than any client waits before it comes back.
    const witness = await open(`${origin}/`);
    await witness.state("end");
    assert.ok((await witness.notes()).arrivals[59] > 2500);
    for (const [at, visit] of visits.entries()) {
      const now = visit.loaded().filter((path) => !path.endsWith("/hosting.json"));
      assert.deepEqual(now, loaded[at], pages[at]);
      // Where the machine itself stood still for a second, stanzas did come in a burst.
      const states = (await visit.notes()).states
        .join()
        .replaceAll(",bursts,streaming", "")
        .replace(",bursts", "");
      assert.equal(states, "connecting,streaming,end", pages[at]);
      visit.assertQuiet();
    }
  });

  for (const [page, root, endpoint] of [
    ["websocket/", "", "websocket/ws"],
    ["server-faye.js", "", "server-faye.js/ws"],
    ["sse/", "", "sse/stream"],
  ]) {
    it(`streams and ends at ${page}, without the client library`, async () => {
      const args = ["--poem", poemFile(8), "--interval", "100ms"];
      const [alone, guest] = await Promise.all([startDante(args), startBehindRelay(args)]);
      for (const base of [`${alone.origin}/`, guest]) {
        const visit = await open(`${base}${page}`);
        await visit.state("end");
        assert.deepEqual(await visit.parts(), stanzas(8));
        assert.deepEqual((await visit.notes()).states, ["connecting", "streaming", "end"]);
        const at = new URL(base).pathname;
        assertLoaded(visit, at, `${at}${page}`, `${at}${root}${endpoint}`);
        visit.assertQuiet();
      }
    });
  }

  it("reads a text without cantos, line for line, and as plain text", async () => {
    const { origin } = await startDante(["--poem", poemFile(5), "--interval", "50ms"]);
    const visit = await open(`${origin}/`);
    await visit.state("end");
    assert.deepEqual(
      await visit.$("#poem .stanza .l").allInnerTexts(),
      stanzas(5).map((text) => text.replace("s", "S")),
    );
    assert.equal(await visit.$("#contents .canticles").count(), 0);
    const plain = await visit.page.request.get(`${origin}/divine-comedy.txt`);
    assert.match(await plain.text(), /^Stanza 0\n\nStanza 1\n/);
    visit.assertQuiet();
  });
});
