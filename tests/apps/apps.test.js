// The proof that `dante probe` is right about applications that nobody here wrote: frameworks × hosts × faults, each seen by an
// ordinary client in the same run. Documents of the last run are in tests/artifacts/apps.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { APPLICATIONS } from "./applications.js";
import { tryRow } from "./row.js";
import { ROWS } from "./rows.js";
import { compareOrWrite } from "./table.js";

/** Rows wait most of the time; with more at once, two cores make streams late. */
const AT_ONCE = 8;
const PATIENCE_MS = 120_000;

const ports = Object.fromEntries(
  await Promise.all(APPLICATIONS.map(async ({ id, start }) => [id, await start()])),
);

const results = new Map();

describe("an application", { concurrency: AT_ONCE }, () => {
  for (const row of ROWS) {
    const { id, application, host, fault } = row;
    test(
      `${id}: ${application.name} behind ${host}: ${fault.title}`,
      { timeout: PATIENCE_MS },
      async (context) => {
        let result = await tryRow(row, ports);
        // A busy machine may spoil a try. The table says that there were two.
        if (result.grade !== "right" || result.why.length > 0) {
          result = { ...(await tryRow(row, ports)), first: result.grade };
        }
        results.set(id, result);
        if (result.why.length > 0) context.diagnostic(`${id}: ${result.grade}: ${result.why.join("; ")}`);
        result.fail();
      },
    );
  }
});

test("each row has an id of its own", () => {
  assert.equal(new Set(ROWS.map(({ id }) => id)).size, ROWS.length);
});

test("docs/applications.md has every row", () => {
  const failed = { truth: "–", said: "–", grade: "not run", why: ["the host did not start"] };
  compareOrWrite(ROWS.map((row) => results.get(row.id) ?? { ...row, ...failed }));
});
