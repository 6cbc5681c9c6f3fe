// On paper: Compare's dots are there though no backgrounds are printed, and the reading is the poem.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

/** How many curves a page of a PDF draws: its streams are deflated, and `c` appends a curve (ISO 32000, 8.5.2.1). Letters are none. */
function curves(pdf) {
  let count = 0;
  const text = pdf.toString("latin1");
  for (const { index } of text.matchAll(/\bstream\r?\n/g)) {
    const start = text.indexOf("\n", index) + 1;
    const end = text.indexOf("endstream", start);
    let drawn;
    try {
      drawn = inflateSync(pdf.subarray(start, end)).toString("latin1");
    } catch {
      continue;
    }
    if (/\bBT\b|\bcm\b|\bre\b/.test(drawn)) count += drawn.match(/[\d.] c\s/g)?.length ?? 0;
  }
  return count;
}

describe("print", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("Compare has its dots without background graphics", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const visit = await open(`${origin}/compare/`, { colorScheme: "dark" });
    await visit.until(() => document.querySelectorAll(".rows b:not(:empty)").length >= 24);
    await visit.$("#hold").click();
    const dots = await visit.$(".rows b:not(:empty)").count();
    const paper = await visit.page.pdf({ format: "A4", printBackground: false });
    const drawn = curves(paper);
    // Four curves make a dot.
    assert.ok(drawn >= 4 * dots, `${drawn} curves for ${dots} dots`);
    await visit.page.evaluate(() => document.querySelectorAll(".thread").forEach((one) => one.remove()));
    const bare = curves(await visit.page.pdf({ format: "A4", printBackground: false }));
    assert.ok(bare < dots, `${bare} curves without any dot`);
  });

  it("Compare is a table on paper, without what is for pressing", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const visit = await open(`${origin}/compare/`, { viewport: { width: 640, height: 900 } });
    await visit.until(() => document.querySelectorAll(".rows b:not(:empty)").length >= 8);
    await visit.page.emulateMedia({ media: "print" });
    assert.equal(await visit.$(".comparison").evaluate((one) => getComputedStyle(one).display), "table");
    for (const selector of ["#hold", "nav", ".foot"]) {
      assert.ok(await visit.$(selector).first().isHidden(), selector);
    }
    assert.ok(await visit.$("#verdict").isVisible());
    const ground = () => getComputedStyle(document.documentElement).backgroundColor;
    assert.equal(await visit.page.evaluate(ground), "rgba(0, 0, 0, 0)");
  });
});
