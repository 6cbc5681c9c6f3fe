// "Continue at Inferno I, 64": where the reader was last is offered on the next visit, and nothing moves for it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { stanzas, useBrowser } from "./support.js";

const OFFER = "#continue-there";

/** Leaves a place behind as an earlier visit would, in the edition of the page that is open. */
const leave = (visit, place) =>
  visit.page.evaluate((kept) => {
    localStorage.setItem(`dante-place-${document.body.dataset.edition}`, JSON.stringify(kept));
  }, place);
const AT_64 = { index: 21, canticle: "Inferno", canto: 1, line: 64 };

/** What is stored. */
const stored = (visit) =>
  visit.page.evaluate(() =>
    JSON.parse(localStorage.getItem(`dante-place-${document.body.dataset.edition}`) ?? "null"),
  );

/** Where the heading, the first stanza, and what comes next stand; a panel that is not shown stands nowhere, whatever the page has scrolled. */
const places = (visit) =>
  visit.page.evaluate(() =>
    [".canto h2", ".stanza", "#live-edge", "#panel"].map((selector) => {
      const { top, left, width } = document.querySelector(selector).getBoundingClientRect();
      return [selector, width && top + scrollY, left, width];
    }),
  );

/** A reading page with a last place behind it, opened without one in its address. */
async function opened(open, { args = ["--interval", "10s"], page = "", place = AT_64, ...options } = {}) {
  const { origin } = await startDante(args);
  // A page beside the reading has no place to note.
  const visit = await open(`${origin}/compare/`, options);
  await leave(visit, place);
  await visit.page.goto(`${origin}/${page}`);
  return visit;
}

describe("continue", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("a reload offers to go on where the reader was, and does", async () => {
    const { origin } = await startDante(["--interval", "300ms"]);
    const visit = await open(`${origin}/?lang=it`);
    await visit.stanzas(8);
    await visit.page.reload();
    const { line, index } = await stored(visit);
    assert.ok(index >= 7, `stanza ${index}`);
    assert.equal(await visit.text(OFFER), `Continua da Inferno I, ${line}`);
    const address = visit.page.url();
    await visit.$(OFFER).click();
    await visit.$(`.stanza[data-index="${index}"]`).waitFor();
    assert.equal((await visit.parts())[0], `stanza ${index}`);
    // The address stays what it was: another reload offers the place again, and a copied link names what it says.
    assert.equal(visit.page.url(), address);
    assert.ok(await visit.$("#continue").isHidden());
    await visit.stanzas(4);
    await visit.page.reload();
    await visit.$(OFFER).waitFor();
    assert.ok((await stored(visit)).index >= index + 3);
    await visit.stanzas(2);
    assert.deepEqual(await visit.parts().then((parts) => parts.slice(0, 2)), stanzas(2));
    visit.assertQuiet();
  });

  for (const width of [320, 1440]) {
    it(`is there at the top, in reach of the keyboard, and moves nothing at ${width} px`, async () => {
      const visit = await opened(open, { viewport: { width, height: 640 } });
      await visit.stanzas(1);
      const before = await places(visit);
      assert.equal(await visit.text(OFFER), "Continue at Inferno I, 64");
      const box = await visit.$(OFFER).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.height >= 24, JSON.stringify(box));
      await visit.$(OFFER).focus();
      await visit.page.keyboard.press("Tab");
      const not = visit.$("#continue-not");
      assert.ok(await not.evaluate((one) => one === document.activeElement));
      assert.equal(await not.getAttribute("aria-label"), "Don’t continue");
      await visit.page.keyboard.press("Enter");
      assert.ok(await visit.$("#continue").isHidden());
      assert.equal(await visit.page.evaluate(() => document.activeElement.id), "poem");
      assert.equal(await stored(visit), null);
      assert.deepEqual(await places(visit), before, "nothing moves when it goes");
      await visit.page.goto(`${visit.page.url()}?lang=en`);
      await visit.stanzas(1);
      assert.deepEqual(await places(visit), before, "nothing stands elsewhere without it");
      assert.deepEqual(visit.complaints, []);
    });
  }

  it("stays while the reader begins anew, until that place is reached", async () => {
    const visit = await opened(open, {
      args: ["--interval", "200ms"],
      place: { index: 9, canticle: "Inferno", canto: 1, line: 28 },
    });
    await visit.stanzas(6);
    assert.equal(await visit.text(OFFER), "Continue at Inferno I, 28");
    assert.equal((await stored(visit)).index, 9);
    await visit.stanzas(11);
    assert.ok(await visit.$("#continue").isHidden());
  });

  it("is not offered where the address names a place, nor to another edition", async () => {
    const { origin } = await startDante(["--interval", "10s"]);
    const visit = await open(`${origin}/compare/`);
    await leave(visit, AT_64);
    for (const place of ["?stanza=1", "?canto=inferno/1", "?canto=paradiso/1", "#inferno-1-1"]) {
      await visit.page.goto(`${origin}/about/`);
      await visit.page.goto(`${origin}/${place}`);
      await visit.stanzas(1);
      assert.ok(await visit.$("#continue").isHidden(), place);
    }
    await visit.page.goto(`${origin}/`);
    await visit.$(OFFER).waitFor();

    const other = await open(`${origin}/compare/`);
    await other.page.evaluate(
      (place) => localStorage.setItem("dante-place-0000", JSON.stringify(place)),
      AT_64,
    );
    await other.page.goto(`${origin}/`);
    await other.stanzas(1);
    assert.ok(await other.$("#continue").isHidden());
  });

  it("is nothing after the end", async () => {
    const { origin } = await startDante(["--interval", "50ms"]);
    const visit = await open(`${origin}/?stanza=120`);
    await visit.state("end");
    await visit.page.goto(`${origin}/?lang=en`);
    await visit.stanzas(1);
    assert.ok(await visit.$("#continue").isHidden());
  });

  it("of a text without cantos it names the stanza", async () => {
    const visit = await opened(open, {
      args: ["--poem", poemFile(2000), "--interval", "10s"],
      place: { index: 1234, canticle: null, canto: null, line: 1235 },
    });
    assert.equal(await visit.text(OFFER), "Continue at stanza 1,235");
    await visit.$(OFFER).click();
    await visit.$('.stanza[data-index="1234"]').waitFor();
  });
});
