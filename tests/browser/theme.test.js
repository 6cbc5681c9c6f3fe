// Light, dark, or as the system: the switch on every page, what is remembered of it, and that no page is drawn in the wrong colours first.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useFirefox } from "./firefox.js";
import { useBrowser } from "./support.js";

const PAGES = ["", "compare/", "hello/", "about/", "nothing", "?canto=limbo/1"];
const [LIGHT, DARK] = ["rgb(252, 252, 251)", "rgb(17, 20, 26)"];

/** The page's ground, which is also what the text stands on. */
const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

/** Runs in the page before its own scripts: notes the theme when the body is there, before anything of it is drawn. */
function noteTheme() {
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    window.first = document.documentElement.dataset.theme ?? "system";
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
}

/** Runs in the page: a browser that forbids it to store anything. */
function refuseStorage() {
  Object.defineProperty(window, "localStorage", {
    get() {
      throw new DOMException("The operation is insecure.", "SecurityError");
    },
  });
}

describe("theme", { concurrency: 2 }, () => {
  const open = useBrowser();
  const openFirefox = useFirefox();

  it("is the system's until the reader chooses, then the same on every page, from the first moment", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`, {
      colorScheme: "light",
      prepare: (page) => page.addInitScript(noteTheme),
    });
    const { page } = visit;
    assert.equal(await ground(page), LIGHT);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.equal(await ground(page), DARK);

    for (const [theme, system, colour] of [
      ["dark", "light", DARK],
      ["light", "dark", LIGHT],
    ]) {
      await page.emulateMedia({ colorScheme: system });
      await visit.$("#theme").selectOption(theme);
      assert.equal(await ground(page), colour);
      for (const path of PAGES) {
        await page.goto(`${origin}/${path}`);
        assert.equal(await page.evaluate(() => window.first), theme, path);
        assert.equal(await ground(page), colour, path);
        assert.equal(await visit.$("#theme").inputValue(), theme, path);
        const scheme = () => getComputedStyle(document.documentElement).colorScheme;
        assert.equal(await page.evaluate(scheme), theme, path);
      }
      await page.goto(`${origin}/hello/`);
    }

    await visit.$("#theme").selectOption("system");
    for (const [system, colour] of [
      ["dark", DARK],
      ["light", LIGHT],
    ]) {
      await page.emulateMedia({ colorScheme: system });
      await page.reload();
      assert.equal(await ground(page), colour);
      assert.equal(await page.evaluate(() => window.first), "system");
    }
  });

  it("changes in all windows that are open", async () => {
    const { origin } = await startDante();
    const one = await open(`${origin}/about/`, { colorScheme: "light" });
    const other = await one.page.context().newPage();
    await other.goto(`${origin}/hello/`);
    await one.$("#theme").selectOption("dark");
    await other.waitForFunction(() => document.documentElement.dataset.theme === "dark");
    assert.equal(await other.locator("#theme").inputValue(), "dark");
  });

  it("can be chosen where nothing may be stored, and all else works", async () => {
    const { origin } = await startDante(["--interval", "100ms"]);
    const visit = await open(`${origin}/`, {
      colorScheme: "light",
      viewport: { width: 1440, height: 900 },
      prepare: (page) => page.addInitScript(refuseStorage),
    });
    await visit.stanzas(5);
    await visit.$("#theme").selectOption("dark");
    assert.equal(await ground(visit.page), DARK);
    await visit.page.reload();
    await visit.stanzas(5);
    assert.equal(await ground(visit.page), LIGHT);
    assert.ok(await visit.$("#continue").isHidden());
    visit.assertQuiet();
  });

  it("is nothing that the storage could break", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/about/`, {
      colorScheme: "dark",
      prepare: (page) => page.addInitScript(() => localStorage.setItem("dante-theme", "sepia")),
    });
    assert.equal(await ground(visit.page), DARK);
    assert.equal(await visit.$("#theme").inputValue(), "system");
    visit.assertQuiet();
  });

  it("prints in light colours, whatever was chosen", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/about/`);
    await visit.$("#theme").selectOption("dark");
    await visit.page.emulateMedia({ media: "print" });
    assert.equal(await visit.$("h2").evaluate((one) => getComputedStyle(one).color), "rgb(23, 25, 29)");
  });

  it("in Firefox, too", async () => {
    const { origin } = await startDante();
    const visit = await openFirefox(`${origin}/about/`);
    const choose = (theme) =>
      visit.evaluate((value) => {
        const select = document.getElementById("theme");
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
        return getComputedStyle(document.documentElement).backgroundColor;
      }, theme);
    assert.deepEqual([await choose("dark"), await choose("light")], [DARK, LIGHT]);
    await choose("dark");
    const other = await openFirefox(`${origin}/hello/`);
    assert.equal(
      await other.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
      DARK,
    );
    await other.assertQuiet();
  });
});
