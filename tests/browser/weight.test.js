// Light: what a first visit weighs on the wire, and what a long reading leaves in memory.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const LIMIT = 60_000;
/** Of requests: a usual rate limit lets so many through at once. */
const REQUESTS = 8;
const STANZAS = 900;

/** A session of the developer tools with a page. */
const devtools = (page) => page.context().newCDPSession(page);

/** Memory in use after a collection of garbage: the heap of scripts in bytes, and elements of the page. */
async function memory(tools, page) {
  await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  // Not the browser's own count of nodes, which keeps those that it has not collected yet.
  return { heap: usedSize, elements: await page.locator("*").count() };
}

/** Seconds that the page has spent on scripts, styles and layout. */
async function work(tools) {
  const { metrics } = await tools.send("Performance.getMetrics");
  const named = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  return named.ScriptDuration + named.RecalcStyleDuration + named.LayoutDuration;
}

describe("weight", { concurrency: 2 }, () => {
  const open = useBrowser();

  it(`a first visit takes at most ${REQUESTS} requests and less than ${LIMIT / 1000} kB, headers included, and a second one next to nothing`, async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const urls = new Map();
    const sizes = new Map();
    const visit = await open(`${origin}/`, {
      prepare: async (page) => {
        const tools = await devtools(page);
        tools.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
        tools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) =>
          sizes.set(requestId, encodedDataLength),
        );
        await tools.send("Network.enable");
      },
    });
    await visit.stanzas(3);
    await visit.$("#f-host").filter({ hasNotText: "–" }).waitFor();
    const listed = () => [...sizes].map(([id, size]) => `${size} ${urls.get(id)}`).join("\n");
    const total = () => [...sizes.values()].reduce((sum, size) => sum + size, 0);
    assert.ok(
      [...urls.values()].some((url) => url.includes("/socket.io.js")),
      listed(),
    );
    // Nothing that was asked for is left out, but the icon, which comes when it likes.
    const unfinished = [...urls].filter(([id, url]) => !sizes.has(id) && !url.includes("icon.svg"));
    assert.deepEqual(unfinished, []);
    const first = total();
    assert.ok(first > 20_000 && first < LIMIT, `${first} bytes:\n${listed()}`);
    const asked = [...visit.requests, ...visit.sockets];
    assert.equal(visit.sockets.length, 1);
    assert.ok(asked.length <= REQUESTS, asked.join("\n"));

    sizes.clear();
    await visit.page.reload();
    await visit.stanzas(3);
    assert.ok(total() < first / 4, `${total()} bytes again:\n${listed()}`);
    visit.assertQuiet();
  });

  it("the whole poem at speed leaves no more in memory than a part of it", async () => {
    const { origin } = await startDante(["--poem", poemFile(STANZAS), "--interval", "20ms"]);
    // The notes that other tests take would grow themselves.
    const visit = await open(`${origin}/`, { notes: false });
    const tools = await devtools(visit.page);
    await tools.send("Performance.enable");
    const measured = [];
    const worked = [];
    // All that the page keeps it has after some 450 stanzas; the rest comes and goes.
    for (const count of [50, 200, 500, 600, 700, 800, STANZAS]) {
      await visit.$(`.stanza[data-index="${count - 1}"]`).waitFor({ state: "attached", timeout: 60_000 });
      worked.push(await work(tools));
      if (count >= 500) measured.push(await memory(tools, visit.page));
    }
    // Seconds of work for a stanza: of the first 150, with little above them, and of the last 400.
    const early = (worked[1] - worked[0]) / 150;
    const old = (worked.at(-1) - worked[2]) / (STANZAS - 500);
    assert.ok(early > 0 && old < 3 * early, `${early} s, then ${old} s: ${worked}`);
    const [, full] = measured;
    const late = measured.at(-1);
    const text = JSON.stringify(measured);
    assert.ok(late.elements < full.elements * 1.15, text);
    assert.ok(late.heap < full.heap * 1.25 + 500_000, text);
    await visit.state("end");
    assert.equal(await visit.text("#c-stanzas"), "900");
    assert.equal(await visit.text("#c-gaps"), "0");
    visit.assertQuiet();
  });

  it("a reader who holds the page keeps what is in sight while old stanzas go", async () => {
    const { origin } = await startDante(["--poem", poemFile(600), "--interval", "20ms"]);
    const visit = await open(`${origin}/`, { notes: false, viewport: { width: 1024, height: 700 } });
    await visit.$('.stanza[data-index="199"]').waitFor({ state: "attached" });
    await visit.$("#hold").click();
    const newest = visit.$(".stanza.now");
    const index = await newest.getAttribute("data-index");
    const place = () =>
      visit.$(`.stanza[data-index="${index}"]`).evaluate((stanza) => stanza.getBoundingClientRect().top);
    const before = await place();
    await visit.$('.stanza[data-index="599"]').waitFor({ state: "attached", timeout: 60_000 });
    assert.equal(await visit.$('.stanza[data-index="0"]').count(), 0);
    const after = await place();
    assert.ok(Math.abs(after - before) <= 4, `from ${before} px to ${after} px`);
    visit.assertQuiet();
  });
});
