// The ways between the pages, what they say of themselves, and what whoever goes astray gets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const SLOW = ["--interval", "10s"];

/** Fails when anything but the page itself failed or was complained about: the browser notes its status in the console. */
function assertLost(visit) {
  const status = visit.response.status();
  assert.deepEqual(visit.failed, []);
  assert.ok(
    visit.complaints.every((text) => text.includes(`status of ${status}`)),
    visit.complaints.join(),
  );
}

describe("pages", { concurrency: 2 }, () => {
  const open = useBrowser();

  for (const [width, opener] of [
    [320, ".dock .show-contents"],
    [768, ".dock .show-contents"],
    [1100, ".open-contents"],
  ]) {
    it(`at ${width} px, the contents lead to all pages, by keyboard too`, async () => {
      const { origin } = await startDante(SLOW);
      const visit = await open(`${origin}/?lang=it`, { viewport: { width, height: 800 } });
      await visit.stanzas(1);
      const links = visit.$(".elsewhere a");
      assert.ok(await links.first().isHidden());
      await visit.$(opener).focus();
      await visit.page.keyboard.press("Enter");
      await visit.until(() => document.activeElement.id === "contents");
      assert.deepEqual(await links.allInnerTexts(), ["Leggi", "Confronta", "Ciao", "Insieme", "Che cos’è"]);
      // On through the sheet: first the cantos, then the pages.
      const reached = [];
      for (let press = 0; press < 5; press += 1) {
        await visit.page.keyboard.press("Tab");
        reached.push(
          await visit.page.evaluate(
            () => document.activeElement.ariaLabel ?? document.activeElement.innerText,
          ),
        );
      }
      assert.deepEqual(reached.slice(3), ["Leggi", "Confronta"], reached.join());
      await visit.page.keyboard.press("Enter");
      await visit.$("table.comparison").waitFor();
      assert.equal(new URL(visit.page.url()).search, "?lang=it");
      visit.assertQuiet();
    });
  }

  it("at 1440 px the pages stand over the contents, once", async () => {
    const { origin } = await startDante(SLOW);
    const visit = await open(`${origin}/`, { viewport: { width: 1440, height: 900 } });
    assert.ok(await visit.$(".elsewhere").isHidden());
    assert.ok(await visit.$(".mast nav").isVisible());
  });

  it("each page says in one line what this is, and leads to what it means", async () => {
    const { origin } = await startDante(SLOW);
    for (const path of ["", "websocket/", "compare/", "hello/"]) {
      const visit = await open(`${origin}/${path}`, { viewport: { width: 320, height: 640 } });
      assert.match(
        await visit.text(".purpose"),
        /^A poem streamed live, to see whether this host lets streams/,
      );
      await visit.$(".purpose a").click();
      await visit.$("h2").filter({ hasText: "What this is" }).waitFor();
      assert.match(await visit.text("main"), /dante probe/);
      await visit.$("main").getByRole("link", { name: "Compare" }).click();
      await visit.$("table.comparison").waitFor();
      // Streams of pages that were left have failed.
      assert.deepEqual(visit.complaints, []);
    }
  });

  it("each canto's link has a name of its own, which says its number", async () => {
    const { origin } = await startDante(SLOW);
    const visit = await open(`${origin}/`, { viewport: { width: 1440, height: 900 } });
    for (const canticle of ["Inferno", "Purgatorio", "Paradiso"]) {
      const link = visit.page.getByRole("link", { name: `${canticle}, canto 1`, exact: true });
      assert.equal(await link.innerText(), "1");
    }
  });

  it("whoever asks for a canto that is not there, is told which are, under a prefix too", async () => {
    const url = await startBehindRelay(SLOW);
    const visit = await open(`${url}?canto=inferno/34`, { colorScheme: "dark", locale: "it-IT" });
    assert.equal(visit.response.status(), 400);
    assert.match(await visit.text("main"), /“inferno\/34” non è uno dei canti di questo testo\./);
    const ground = () => getComputedStyle(document.documentElement).backgroundColor;
    assert.equal(await visit.page.evaluate(ground), "rgb(17, 20, 26)");
    await visit.page.getByRole("link", { name: "Purgatorio, canto 1" }).click();
    await visit.$('.stanza[data-index="46"]').waitFor();
    assert.ok(visit.page.url().startsWith(url));
    assertLost(visit);
  });

  for (const path of ["nothing", "nothing/at/all?lang=it", "websocket/ws"]) {
    it(`${path} leads onward, under a prefix too`, async () => {
      const url = await startBehindRelay(SLOW);
      for (const way of [/beginning|inizio/, /^(Compare|Confronta) /]) {
        const visit = await open(`${url}${path}`);
        assert.ok(visit.response.status() >= 400);
        const sheet = () => document.styleSheets.length;
        assert.ok((await visit.page.evaluate(sheet)) > 0, "its styles are there");
        await visit.$(".ways").getByRole("link", { name: way }).click();
        await visit.$("#poem, table.comparison").waitFor();
        assert.ok(visit.page.url().startsWith(url), visit.page.url());
        assertLost(visit);
      }
    });
  }

  it("the end names what was streamed", async () => {
    const last = async (args, query) => {
      const { origin } = await startDante([...args, "--interval", "50ms"]);
      const visit = await open(`${origin}/${query}`);
      await visit.state("end");
      return await visit.text("#end-after");
    };
    const [whole, part, text] = await Promise.all([
      last([], ""),
      last([], "?stanza=137"),
      last(["--poem", poemFile(5)], ""),
    ]);
    assert.match(whole, /^This was the opening canto of each canticle: 140 stanzas in /);
    assert.match(
      part,
      /^Read to the end: 4 stanzas in .* Streamed here: the opening canto of each canticle\.$/,
    );
    assert.match(text, /^This was a text without cantos: 5 stanzas in /);
  });
});
