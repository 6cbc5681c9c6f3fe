// Where the reading stands: links that open at a place, the contents, and who moves the page.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { poemFile, startDante, temporaryFolder } from "../support/dante.js";
import { stanzas, useBrowser } from "./support.js";

const FAST = ["--interval", "150ms"];
const LONG = ["--poem", poemFile(2000), "--interval", "100ms"];

/** How far the newest stanza's middle is down the window: 0 at its top, 1 at its bottom. */
const height = (visit) =>
  visit.page.evaluate(() => {
    const { top, bottom } = document.querySelector(".stanza.now").getBoundingClientRect();
    return (top + bottom) / 2 / innerHeight;
  });

/** Waits until so many stanzas more have come than there are now. */
async function more(visit, count) {
  await visit.stanzas(Object.keys((await visit.notes()).arrivals).length + count);
}

describe("places", { concurrency: 2 }, () => {
  const open = useBrowser();

  for (const [query, index, heading] of [
    ["?canto=purgatorio/1", 46, "Purgatorio"],
    ["?canto=Purgatorio/I&stanza=3", 48, "Purgatorio"],
    ["?stanza=139", 138, "Paradiso"],
    ["#purgatorio-1-7", 48, "Purgatorio"],
    ["#paradiso-1-1", 92, "Paradiso"],
  ]) {
    it(`a link with ${query} opens there`, async () => {
      const { origin } = await startDante(FAST);
      const visit = await open(`${origin}/${query}`);
      await visit.$(`.stanza[data-index="${index}"]`).waitFor();
      const { parts, states } = await visit.notes();
      // A fragment may bring its canto's beginning along; nothing before it, and nothing twice.
      const first = Number(parts[0].split(" ")[1]);
      assert.ok(first === index || (query.startsWith("#") && first === 46), parts[0]);
      assert.deepEqual(parts, stanzas(parts.length, first));
      assert.ok(!states.includes("lost") && !states.includes("refused"), states.join());
      assert.match(await visit.text("#poem .canto >> nth=0"), new RegExp(heading, "i"));
      visit.assertQuiet();
    });
  }

  it("an address that leads nowhere says where it could lead", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/?stanza=x`);
    assert.equal(visit.response.status(), 400);
    assert.match(await visit.text("body"), /stanza="x" is not a stanza.*from 1 to 140/);
  });

  it("the contents lead to each canto and show what is read", async () => {
    const { origin } = await startDante(FAST);
    const visit = await open(`${origin}/?stanza=45`, { viewport: { width: 1440, height: 900 } });
    const [inferno, purgatorio, paradiso] = await visit.$(".cantos a").all();
    await visit.$('.stanza[data-index="47"]').waitFor();
    await visit.$(".cantos a[aria-current]").waitFor();
    assert.equal(await purgatorio.getAttribute("aria-current"), "true");
    assert.match(await inferno.getAttribute("class"), /\bread\b/);
    await paradiso.click();
    await visit.$('.stanza[data-index="93"]').waitFor();
    assert.match(visit.page.url(), /canto=paradiso\/1/);
    assert.equal((await visit.parts())[0], "stanza 92");
    assert.match(await visit.text("#where"), /Paradiso/);
    visit.assertQuiet();
  });

  it("keeps the newest stanza at mid-height, until it is held; the button jumps back to live", async () => {
    const { origin } = await startDante(LONG);
    const visit = await open(`${origin}/`, { viewport: { width: 1024, height: 700 } });
    await visit.stanzas(30);
    const [following, back, hold] = [visit.$("body.following"), visit.$("#back"), visit.$("#hold")];
    const middle = await height(visit);
    assert.ok(middle > 0.3 && middle < 0.8, `the newest stanza is at ${middle}`);
    assert.ok(await back.isHidden());

    assert.equal(await following.count(), 1, "nobody has scrolled");
    await hold.click();
    assert.equal(await following.count(), 0);
    const held = await visit.page.evaluate(() => scrollY);
    await more(visit, 10);
    assert.equal(await visit.page.evaluate(() => scrollY), held);
    assert.match(await back.innerText(), /Jump to live\s*.*\d+/);

    await back.click();
    await following.waitFor();
    await more(visit, 3);
    assert.ok(Math.abs((await height(visit)) - middle) < 0.2);
    assert.ok(await back.isHidden());
    visit.assertQuiet();
  });

  it("scrolling up stops following, scrolling down to the live edge resumes; held by hand it does not", async () => {
    const { origin } = await startDante(LONG);
    const visit = await open(`${origin}/`, { viewport: { width: 1024, height: 700 } });
    await visit.stanzas(40);
    await visit.page.mouse.move(400, 300);
    const following = (yes) => visit.until((is) => document.body.classList.contains("following") === is, yes);
    await visit.page.mouse.wheel(0, -600);
    await following(false);
    const top = await visit.page.evaluate(() => scrollY);
    await more(visit, 5);
    assert.equal(await visit.page.evaluate(() => scrollY), top);
    // The sheet grows meanwhile, and heights out of view are estimates: a reader scrolls on until the end is there.
    do {
      await visit.page.mouse.wheel(0, 20_000);
      await more(visit, 1);
    } while (!(await visit.$("body.following").count()));

    // Just after the wheel, a correction of those estimates may be taken for the reader's: then this click lets the page follow, and the next one holds.
    do await visit.$("#hold").click();
    while (await visit.$("body.following").count());
    await visit.page.mouse.wheel(0, -600);
    await visit.page.mouse.wheel(0, 20_000);
    await more(visit, 5);
    assert.equal(await visit.$("body.following").count(), 0);
    visit.assertQuiet();
  });

  it("copies a link to the stanza, and a report of what was measured", async () => {
    const { origin } = await startDante(FAST);
    const permissions = ["clipboard-read", "clipboard-write"];
    const visit = await open(`${origin}/`, { permissions, viewport: { width: 1440, height: 900 } });
    await visit.stanzas(4);
    const clipboard = () => visit.page.evaluate(() => navigator.clipboard.readText());
    await visit.$("#link").click();
    const announced = (text) => visit.until((wanted) => window.notes.said.live.includes(wanted), text);
    await announced("Link copied");
    const link = await clipboard();
    assert.match(link, /inferno(\/1|-1-\d+)/);
    const there = await open(link);
    await there.stanzas(1);
    assert.match(await there.text("#poem .canto >> nth=0"), /Inferno/i);

    await visit.$("#f-host").filter({ hasNotText: "–" }).waitFor();
    await visit.$("#copy").click();
    await announced("Report copied");
    const report = await clipboard();
    for (const part of [
      origin,
      /WebSocket/,
      /\d+ stanzas, 0 gaps, 0 repeats, 0 reconnects/,
      /"prefix"/,
      /\d+ ms/,
    ]) {
      assert.match(report, new RegExp(part));
    }
    // What was copied is announced, and the state, which is still the same, is not announced again.
    await more(visit, 3);
    assert.deepEqual((await visit.notes()).said.live.slice(-2), ["Link copied", "Report copied"]);
  });

  it("plain text has links by stanza", async () => {
    const { origin } = await startDante(["--poem", poemFile(50), "--interval", "100ms"]);
    const visit = await open(`${origin}/#stanza-20`);
    await visit.$('.stanza[data-index="19"]').waitFor();
    assert.equal((await visit.parts())[0], "stanza 19");
    visit.assertQuiet();
  });

  for (const [hash, target] of [
    ["a-1-13", "a-1-11"],
    ["a-1-1", "a-1-1"],
  ]) {
    it(`a link to line #${hash} opens at its stanza, of five lines`, async () => {
      const lines = (stanza) => Array.from({ length: 5 }, (_, line) => `Line ${5 * stanza + line + 1}\n`);
      const file = path.join(temporaryFolder(), "poem.txt");
      writeFileSync(
        file,
        `A: Canto I\n\n${Array.from({ length: 20 }, (_, at) => lines(at).join("")).join("\n")}`,
      );
      const { origin } = await startDante(["--poem", file, "--interval", "100ms"]);
      const visit = await open(`${origin}/#${hash}`);
      await visit.$(`#${target}:target`).waitFor();
      visit.assertQuiet();
    });
  }

  for (const [hash, first] of [
    ["inferno-1-0", 0],
    // Beyond the end of its canto, it opens at that end.
    ["inferno-1-140", 45],
    ["limbo-1-1", 0],
    ["%E0%A4%A", 0],
  ]) {
    it(`a link with #${hash}, which names no line, reads all the same`, async () => {
      const { origin } = await startDante(FAST);
      const visit = await open(`${origin}/#${hash}`);
      await visit.stanzas(3);
      assert.equal((await visit.parts())[0], `stanza ${first}`);
      visit.assertQuiet();
    });
  }

  it("the poem says which language it is in, whatever the page's own is", async () => {
    const [embedded, other] = await Promise.all([
      startDante(FAST),
      startDante(["--poem", poemFile(50), "--interval", "100ms"]),
    ]);
    for (const [{ origin }, language] of [
      [embedded, "en"],
      [other, ""],
    ]) {
      const visit = await open(`${origin}/?lang=it`);
      await visit.stanzas(2);
      assert.equal(await visit.$("html").getAttribute("lang"), "it");
      const spoken = await visit
        .$(".stanza, .canticle, .canticles h3")
        .evaluateAll((all) => all.map(({ lang }) => lang));
      assert.ok(spoken.length >= 2 && spoken.every((one) => one === language), spoken.join());
    }
  });
});
