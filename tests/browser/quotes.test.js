// The verse as it is set: with typographic marks, though the stream and the text have ASCII, and so it is copied.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { startDante, temporaryFolder } from "../support/dante.js";
import { useBrowser } from "./support.js";

describe("quotation marks", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("are typographic on the page and in what is copied from it, and ASCII in the text", async () => {
    const { origin } = await startDante(["--interval", "100ms"]);
    const visit = await open(`${origin}/?stanza=22`);
    await visit.stanzas(14);
    // What is out of sight is not laid out, and has no text of its own but this.
    const stanza = (index) => visit.$(`.stanza[data-index="${index}"]`).evaluate((one) => one.textContent);
    await visit.$("#hold").click();
    assert.match(await stanza(21), /“Have pity on me,” unto him I cried,\s+“Whiche’er thou art, .* man!”/);
    // This speech opens here, and closes in the next but three.
    assert.match(await stanza(22), /^He answered me: “Not man; man once I was,/);
    assert.match(await stanza(23), /^‘Sub Julio’ was I born/);
    assert.match(await stanza(25), /climb’st .*\s.*every joy\?”/);
    const copied = await visit.page.evaluate(() => {
      document.querySelector('.stanza[data-index="21"]').scrollIntoView();
      const range = document.createRange();
      range.selectNodeContents(document.querySelectorAll('.stanza[data-index="21"] .l')[1]);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return String(getSelection());
    });
    assert.equal(copied.trim(), "“Have pity on me,” unto him I cried,");
    const plain = await (await visit.page.request.get(`${origin}/divine-comedy.txt`)).text();
    assert.match(plain, /"Have pity on me," unto him I cried,/);
    visit.assertQuiet();
  });

  it("are the same in Compare", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const visit = await open(`${origin}/compare/?stanza=20`);
    await visit.$(".rows .line").filter({ hasText: "E’en such made me that beast" }).first().waitFor();
  });

  it("in a text of which no language is known, a single mark is an apostrophe unless it is surely another", async () => {
    const file = path.join(temporaryFolder(), "poem.txt");
    writeFileSync(
      file,
      "Inferno: Canto I\n\nche ne l'ora 'l sol de' vivi\n\ndisse: \"Or se' tu quel Virgilio\"\n\ndisse: 'Non temer.' E poi\n",
    );
    const { origin } = await startDante(["--poem", file, "--interval", "100ms"]);
    const visit = await open(`${origin}/`);
    await visit.state("end");
    assert.deepEqual(await visit.$(".stanza .l").allInnerTexts(), [
      "che ne l’ora ’l sol de’ vivi",
      "disse: “Or se’ tu quel Virgilio”",
      "disse: ‘Non temer.’ E poi",
    ]);
  });
});
