// The skip link: the first Tab moves nothing, and the link leads to the newest stanza, which is followed from then on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { useFirefox } from "./firefox.js";
import { useBrowser } from "./support.js";

const LONG = ["--poem", poemFile(2000), "--interval", "300ms"];

describe("the skip link", { concurrency: 2 }, () => {
  const open = useBrowser();
  const openFirefox = useFirefox();

  for (const width of [320, 1440]) {
    it(`is what the first Tab reaches, which moves nothing, at ${width} px`, async () => {
      const { origin } = await startDante(["--poem", poemFile(40), "--interval", "50ms"]);
      const visit = await open(`${origin}/`, { viewport: { width, height: 700 } });
      const { page } = visit;
      // Nothing moves by itself any more.
      await visit.state("end");
      const at = () => page.evaluate(() => scrollY);
      await visit.until(() => scrollY > 200);
      const before = await at();
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
      assert.equal(await at(), before);
      const { top, left, bottom } = await visit.$("#skip").evaluate((one) => {
        const box = one.getBoundingClientRect();
        return { top: box.top, left: box.left, bottom: box.bottom };
      });
      assert.ok(top >= 0 && left >= 0 && bottom < 100, `it is seen, from ${top} to ${bottom}`);
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.dataset.index), "39");
      visit.assertQuiet();
    });
  }

  it("leads to the newest stanza, which is followed from then on", async () => {
    const { origin } = await startDante(LONG);
    const visit = await open(`${origin}/`, { viewport: { width: 1024, height: 700 } });
    await visit.stanzas(20);
    await visit.$("#hold").click();
    await visit.stanzas(25);
    await visit.$("#skip").focus();
    await visit.page.keyboard.press("Enter");
    const index = await visit.page.evaluate(() => Number(document.activeElement.dataset.index ?? -1));
    assert.ok(index >= 24, `the focus is on stanza ${index}`);
    await visit.$("body.following").waitFor();
    assert.equal(new URL(visit.page.url()).hash, "");
    await visit.stanzas(index + 6);
    const inSight = (stanza) => stanza.getBoundingClientRect().bottom <= innerHeight;
    assert.ok(await visit.$(".stanza.now").evaluate(inSight));
    visit.assertQuiet();
  });

  it("leads to the poem before the first stanza has come", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`, {
      prepare: (page) => page.routeWebSocket(/socket\.io\/\?/, () => {}),
    });
    await visit.state("connecting");
    await visit.$("#skip").focus();
    await visit.page.keyboard.press("Enter");
    await visit.until(() => document.activeElement.matches("#poem, .stanza"));
  });

  it("in Firefox: it gets the focus without a scroll, and gives it to the newest stanza", async () => {
    const { origin } = await startDante(LONG);
    const visit = await openFirefox(`${origin}/`);
    await visit.stanzas(30);
    const [before, after] = await visit.evaluate(() => {
      document.getElementById("hold").click();
      const at = scrollY;
      document.getElementById("skip").focus();
      return [at, scrollY];
    });
    assert.ok(before > 0 && before === after, `from ${before} to ${after}`);
    const focused = await visit.evaluate(() => {
      document.getElementById("skip").click();
      return document.activeElement.matches(".stanza") && document.body.classList.contains("following");
    });
    assert.ok(focused);
    await visit.assertQuiet();
  });
});
