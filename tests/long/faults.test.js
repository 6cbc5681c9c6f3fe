// What readers get while everything breaks: small in the suite `faults`, large in `tests/run long`, which writes docs/faults-survived.md.

import { test } from "node:test";

import { writePage } from "./page.js";
import { ROWS } from "./rows.js";
import { SIZES } from "./sizes.js";
import { assertSurvived, Trial } from "./trial.js";

const PATIENCE = { timeout: (SIZES.long ? 600 : 120) * 1000 };

const results = [];

for (const { fault, uncut, run } of ROWS) {
  test(fault, PATIENCE, async (context) => {
    const trial = new Trial();
    const result = { fault, note: "FAILED" };
    results.push(result);
    const note = await run(trial);
    result.figures = await trial.end();
    context.diagnostic(`${note}; ${JSON.stringify(result.figures)}`);
    assertSurvived(result.figures, uncut);
    result.note = note;
  });
}

// A row that failed is in the page, too.
test("the page has every row", () => writePage(results));
