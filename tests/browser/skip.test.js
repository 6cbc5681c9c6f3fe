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
    it(`is what the first Tab reaches, wherever the page was, at ${width} px`, async () => {
      const { origin } = await startDante(LONG);
      const visit = await open(`${origin}/`, { viewport: { width, height: 700 } });
      const { page } = visit;
      await visit.stanzas(30);
      await visit.$("#hold").click();
      // A click leaves the focus on the button; a reader who has just come has it nowhere.
      await page.evaluate(() => document.activeElement.blur());
      const before = await page.evaluate(() => scrollY);
      assert.ok(before > 0, "the page has scrolled");
      await page.evaluate(() => {
        const range = document.createRange();
        range.setStart(document.body, 0);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
      });
      await page.keyboard.press("Tab");
      const link = visit.$("#skip");
      assert.ok(await link.evaluate((one) => one === document.activeElement));
      assert.equal(await page.evaluate(() => scrollY), before);
      const { top, left, bottom } = await link.evaluate((one) => one.getBoundingClientRect().toJSON());
      assert.ok(top >= 0 && left >= 0 && bottom < 100, "it is seen");

      await page.keyboard.press("Enter");
      const index = await page.evaluate(() => {
        const { activeElement: element } = document;
        return element.matches(".stanza") ? Number(element.dataset.index) : -1;
      });
      assert.ok(index >= 29, `the focus is on stanza ${index}`);
      await visit.$("body.following").waitFor();
      assert.equal(new URL(page.url()).hash, "");
      // It is followed: what comes next is in sight.
      await visit.stanzas(index + 6);
      const inSight = await visit
        .$(".stanza.now")
        .evaluate((one) => one.getBoundingClientRect().bottom <= innerHeight);
      assert.ok(inSight);
      visit.assertQuiet();
    });
  }

  it("leads to the poem before the first stanza has come", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`, { prepare: (page) => page.route("**/socket.io/?**", () => {}) });
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
