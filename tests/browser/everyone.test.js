// For everyone: both languages, both colour schemes, reduced motion, the keyboard alone, narrow windows and
// large text, print, and no JavaScript at all.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const PAGES = ["", "compare/", "hello/", "about/"];
const ITALIAN = { locale: "it-IT" };

/** Whether the window would have to be scrolled sideways. */
const sideways = (visit) =>
  visit.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** A computed style of an element. */
const style = (visit, selector, property) =>
  visit
    .$(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element)[name], property);

/** Presses Tab until the focus comes around, and returns where it was: identifiers, and whether that showed. */
async function tour(visit) {
  const stops = [];
  for (let press = 0; press < 80; press += 1) {
    await visit.page.keyboard.press("Tab");
    const stop = await visit.page.evaluate(() => {
      const { activeElement: element } = document;
      if (!element || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const name = element.id || element.textContent.trim().replace(/\s+/g, " ");
      return { name, seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, size: [width, height] };
    });
    if (!stop) break;
    stops.push(stop);
  }
  return stops;
}

describe("everyone", { concurrency: 2 }, () => {
  const open = useBrowser();

  for (const [name, query, options] of [
    ["by the browser's language", "", ITALIAN],
    ["by the address, whatever the browser says", "?lang=it", { locale: "en-GB" }],
  ]) {
    it(`speaks Italian ${name}`, async () => {
      const { origin } = await startDante(["--interval", "100ms"]);
      const visit = await open(`${origin}/${query}`, options);
      await visit.stanzas(3);
      assert.equal(await visit.page.evaluate(() => document.documentElement.lang), "it");
      const [english, italian] = await Promise.all(["en", "it"].map((lang) => visible(open, origin, lang)));
      assert.equal(english.length, italian.length);
      // Names are the same in both; labels and sentences are not.
      const same = english.filter((text, at) => text === italian[at]);
      assert.ok(same.length < english.length / 3, same.join("\n"));
      // Other pages keep a language that the address chose.
      await visit.$('.mast nav a[href*="hello/"]').click();
      await visit.state("connected");
      assert.equal(new URL(visit.page.url()).search, query);
      assert.equal(await visit.page.evaluate(() => document.documentElement.lang), "it");
      visit.assertQuiet();
    });
  }

  it("writes numbers as the language does", async () => {
    const { origin } = await startDante(["--poem", poemFile(12_345), "--interval", "1s"]);
    const [english, italian] = [
      await open(`${origin}/?stanza=12344`),
      await open(`${origin}/?stanza=12344`, ITALIAN),
    ];
    await Promise.all([english.state("end"), italian.state("end")]);
    assert.match(await english.text("#place"), /12,345/);
    assert.match(await italian.text("#place"), /12\.345/);
  });

  it("is dark where the system is, and light where it is", async () => {
    const { origin } = await startDante();
    for (const page of PAGES) {
      const visit = await open(`${origin}/${page}`, { colorScheme: "dark" });
      assert.equal(await style(visit, "html", "backgroundColor"), "rgb(17, 20, 26)");
      await visit.page.emulateMedia({ colorScheme: "light" });
      assert.equal(await style(visit, "html", "backgroundColor"), "rgb(252, 252, 251)");
    }
  });

  it("moves nothing where motion is reduced, and something where it is not", async () => {
    const { origin } = await startDante(["--interval", "300ms"]);
    for (const [reducedMotion, moving] of [
      ["no-preference", true],
      ["reduce", false],
    ]) {
      const visit = await open(`${origin}/`, { reducedMotion });
      await visit.stanzas(2);
      const running = () =>
        visit.page.evaluate(() => {
          const all = document
            .getAnimations()
            .filter(({ effect }) => effect.getComputedTiming().duration > 1);
          return all.length > 0;
        });
      const seen = [];
      for (let count = 3; count < 7; count += 1) {
        await visit.stanzas(count);
        seen.push(await running());
      }
      assert.equal(seen.includes(true), moving, `${reducedMotion}: ${seen}`);
    }
  });

  for (const [width, names] of [
    [
      1440,
      ["skip", "Read", "Compare", "Hello", "marks", "announce", "larger", "link", "hold", "choice", "copy"],
    ],
    [320, ["skip", "Read", "Compare", "Hello", "hold", "Contents"]],
  ]) {
    it(`leads the keyboard everywhere at ${width} px, and shows where it is`, async () => {
      const { origin } = await startDante(["--interval", "10s"]);
      const visit = await open(`${origin}/`, { viewport: { width, height: 800 } });
      await visit.stanzas(1);
      const stops = await tour(visit);
      const missed = names.filter((name) => !stops.some((stop) => stop.name === name));
      assert.deepEqual(missed, [], stops.map(({ name }) => name).join(", "));
      assert.deepEqual(
        stops.filter(({ seen }) => !seen).map(({ name }) => name),
        [],
      );
    });
  }

  it("opens sheets by keyboard where the window is narrow, and gives the focus back", async () => {
    const { origin } = await startDante(["--interval", "10s"]);
    const visit = await open(`${origin}/`, { viewport: { width: 320, height: 640 } });
    await visit.stanzas(1);
    for (const sheet of ["contents", "panel"]) {
      const button = visit.$(`.dock .show-${sheet}`);
      await button.focus();
      await visit.page.keyboard.press("Enter");
      await visit.until((id) => document.activeElement.id === id, sheet);
      assert.equal(await button.getAttribute("aria-expanded"), "true");
      await visit.page.keyboard.press("Escape");
      assert.ok(await button.evaluate((element) => element === document.activeElement));
      assert.equal(await button.getAttribute("aria-expanded"), "false");
    }
  });

  it("fits windows of 320 px and text of twice the size, without scrolling sideways", async () => {
    const url = await startBehindRelay(["--interval", "300ms"], { blockWebSocket: true });
    for (const page of PAGES) {
      const visit = await open(`${url}${page}?lang=it`.replace("/?lang", "/?lang"), {
        viewport: { width: 320, height: 640 },
      });
      if (!page) await visit.stanzas(3);
      assert.equal(await sideways(visit), 0, page);
      await visit.page.setViewportSize({ width: 640, height: 640 });
      await visit.page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      assert.equal(await sideways(visit), 0, `${page} at 200 %`);
    }
  });

  it("prints the verses alone", async () => {
    const { origin } = await startDante(["--interval", "100ms"]);
    const visit = await open(`${origin}/?stanza=136`);
    await visit.state("end");
    await visit.page.emulateMedia({ media: "print" });
    assert.equal(await visit.$(".stanza").first().isVisible(), true);
    for (const selector of ["#panel", "#contents", ".running", ".dock", ".thread", "nav"]) {
      assert.equal(await visit.$(selector).first().isVisible(), false, selector);
    }
    // Whatever is seen with a text of its own belongs to the poem.
    const others = await visit.page.evaluate(() =>
      [...document.body.querySelectorAll("*")]
        .filter((one) => [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim()))
        .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        // What is for screen readers alone is a dot.
        .filter((one) => one.getBoundingClientRect().width > 1)
        .filter((one) => !one.closest("script, #poem .stanza .l, #poem .canto"))
        .map((one) => `${one.tagName}#${one.id}.${one.className}: ${one.textContent}`),
    );
    assert.deepEqual(others, []);
  });

  it("fits a window at a zoom of 200 %, without scrolling sideways", async () => {
    const { origin } = await startDante(["--interval", "300ms"]);
    for (const page of PAGES) {
      // Half the pixels of CSS, each twice the size, is what zoom makes of a window of 1280 by 720.
      const visit = await open(`${origin}/${page}?lang=it`, {
        viewport: { width: 640, height: 360 },
        deviceScaleFactor: 2,
      });
      assert.equal(await sideways(visit), 0, page);
    }
  });

  it("keeps its borders and its words with forced colours", async () => {
    const { origin } = await startDante(["--interval", "300ms"]);
    for (const page of PAGES) {
      const visit = await open(`${origin}/${page}`, { forcedColors: "active", reducedMotion: "reduce" });
      await visit.page.locator("body:not([data-state=connecting])").waitFor();
      assert.ok(await visit.page.evaluate(() => matchMedia("(forced-colors: active)").matches));
      const bare = await visit
        .$("button, select")
        .evaluateAll((all) =>
          all
            .filter((one) => one.checkVisibility() && !parseFloat(getComputedStyle(one).borderTopWidth))
            .map((one) => one.outerHTML),
        );
      assert.deepEqual(bare, [], page);
      // The colours are the system's, whatever the styles say: axe-core reads the styles.
      await visit.assertAccessible(`forced colours: ${page}`, { "color-contrast": { enabled: false } });
    }
  });

  it("without JavaScript says so, and leads to the poem as plain text", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`, { javaScriptEnabled: false, notes: false });
    assert.match(await visit.text("main"), /This page needs JavaScript to receive the stream\./);
    assert.deepEqual(
      await visit
        .$("#panel, #hold, #contents")
        .evaluateAll((all) => all.filter((one) => one.checkVisibility()).length),
      0,
    );
    visit.assertQuiet();
    await visit.page.getByRole("link", { name: /plain text/ }).click();
    assert.match(await visit.text("body"), /Midway upon the journey of our life/);
  });
});

/** The texts that a page shows once the poem flows, without the poem. */
async function visible(open, origin, lang) {
  const visit = await open(`${origin}/?lang=${lang}&stanza=140`, { viewport: { width: 1440, height: 900 } });
  await visit.state("end");
  const selector = "h2, h3, dt, label, button, #badge, #what, #how, #end-after, nav[aria-label] a";
  return await visit.$(selector).evaluateAll((all) => all.map((element) => element.textContent.trim()));
}
