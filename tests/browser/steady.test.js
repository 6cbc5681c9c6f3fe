// Steady: while stanzas come, nothing on the pages moves that the reader has not moved. How long the longest pieces of the pages' work take is
// told, and not judged: a busy machine takes any time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

/** More than are laid out at once. */
const STANZAS = 30;
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 360, height: 740 } };

/** How long after a change of the stream's state a shift is its doing: another state takes more lines. */
const STATE_MS = 500;

/** Gathers the shifts of layout that the browser counts, but for those of another state; runs in the page before anything else. */
function gatherShifts(stateMs) {
  window.shifts = [];
  let [state, changed] = ["", 0];
  new MutationObserver(() => {
    const now = document.body?.dataset.state;
    if (now !== state) changed = performance.now();
    state = now;
  }).observe(document, { subtree: true, attributeFilter: ["data-state"] });
  new PerformanceObserver((list) => {
    for (const { value, sources, startTime } of list.getEntries()) {
      if (Math.abs(startTime - changed) < stateMs) continue;
      const moved = sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.nodeName);
      window.shifts.push({ value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/**
 * The work of the page's main thread while something is awaited, in milliseconds for each task, longest first. It is the processor's time that
 * is counted, not the clock's: what other programs take of the machine is not the page's doing.
 */
async function tasksWhile(page, wait) {
  const tools = await page.context().browser().newBrowserCDPSession();
  const events = [];
  tools.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const complete = new Promise((resolve) => {
    tools.once("Tracing.tracingComplete", resolve);
  });
  const includedCategories = ["toplevel", "disabled-by-default-devtools.timeline"];
  await tools.send("Tracing.start", { traceConfig: { includedCategories } });
  await wait();
  await tools.send("Tracing.end");
  await complete;
  await tools.detach();
  const main = events
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid} ${tid}`);
  return events
    .filter(({ name, pid, tid }) => name === "RunTask" && main.includes(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000)
    .sort((one, next) => next - one);
}

/** The pages that stream, and what has the index of the newest stanza. */
const NEWEST = { "/": ".stanza.now", "/websocket/": ".stanza.now", "/compare/": ".rows .newest" };

describe("steady", () => {
  const open = useBrowser();

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const [path, newest] of Object.entries(NEWEST)) {
      it(`${path}, ${size}`, async (test) => {
        const { origin } = await startDante(["--interval", "250ms"]);
        const prepare = (page) => page.addInitScript(gatherShifts, STATE_MS);
        const visit = await open(`${origin}${path}`, { viewport, notes: false, prepare });
        const come = (count) =>
          visit.until(
            ([selector, wanted]) => Number(document.querySelector(selector)?.dataset.index ?? -1) >= wanted,
            [newest, count],
          );
        // What opens a stream, and what is known only then, is the start.
        await come(3);
        await visit.page.evaluate(() => window.shifts.splice(0));
        const tasks = await tasksWhile(visit.page, () => come(STANZAS));
        assert.ok(tasks.length > STANZAS, `${tasks.length} tasks`);
        assert.deepEqual(await visit.page.evaluate(() => window.shifts), []);
        test.diagnostic(`the longest tasks, in ms of the processor's time: ${tasks.slice(0, 5).join(", ")}`);
      });
    }
  }
});
