// Light: what a first visit weighs on the wire, and what a long reading leaves in memory.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const LIMIT = 60_000;
const STANZAS = 1200;

/** A session of the developer tools with a page. */
const devtools = (page) => page.context().newCDPSession(page);

/** Memory in use after a collection of garbage: the heap of scripts in bytes, and nodes of documents. */
async function memory(tools) {
  // Twice: what the first collection of scripts lets go, documents let go with the second.
  for (let time = 0; time < 2; time += 1) await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  const { nodes } = await tools.send("Memory.getDOMCounters");
  return { heap: usedSize, nodes };
}

describe("weight", { concurrency: 2 }, () => {
  const open = useBrowser();

  it(`a first visit takes less than ${LIMIT / 1000} kB, headers included, and a second one next to nothing`, async () => {
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
    const measured = [];
    // All that the page keeps it has after some 450 stanzas.
    for (const count of [400, 600, 800, 1000, STANZAS]) {
      await visit.$(`.stanza[data-index="${count - 1}"]`).waitFor({ state: "attached", timeout: 60_000 });
      measured.push(await memory(tools));
    }
    const [early, middle] = measured;
    const late = measured.at(-1);
    const text = JSON.stringify(measured);
    assert.ok(late.nodes < early.nodes * 1.3, text);
    assert.ok(late.heap < middle.heap * 1.25 + 500_000, text);
    await visit.state("end");
    assert.equal(await visit.text("#c-stanzas"), "1,200");
    assert.equal(await visit.text("#c-gaps"), "0");
    visit.assertQuiet();
  });

  it("a reader who holds the page keeps what is in sight while old stanzas go", async () => {
    const { origin } = await startDante(["--poem", poemFile(800), "--interval", "20ms"]);
    const visit = await open(`${origin}/`, { notes: false, viewport: { width: 1024, height: 700 } });
    await visit.$('.stanza[data-index="399"]').waitFor({ state: "attached" });
    await visit.$("#hold").click();
    const seen = () =>
      visit.page.evaluate(() => {
        const poem = document.getElementById("poem").getBoundingClientRect();
        const stanza = document.elementFromPoint(poem.left + 80, 200).closest(".stanza");
        return [stanza?.dataset.index, Math.round(stanza?.getBoundingClientRect().top)];
      });
    const before = await seen();
    assert.ok(Number(before[0]) > 300, `${before}`);
    await visit.$('.stanza[data-index="799"]').waitFor({ state: "attached", timeout: 60_000 });
    const [index, top] = await seen();
    assert.equal(index, before[0]);
    assert.ok(Math.abs(top - before[1]) <= 4, `from ${before[1]} px to ${top} px`);
    visit.assertQuiet();
  });
});
