// The proof that `dante probe` is right: hosts with every kind of fault, healthy ones, and what an expert says of each.
// Documents of the last run are in tests/artifacts/accuracy.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

import { startDante } from "../support/dante.js";
import { PACE } from "../probe/support.js";
import { ARTIFACTS, tryCase } from "./case.js";
import { CASES } from "./cases/index.js";
import { compareOrWrite } from "./table.js";

/** Cases wait most of the time; with more at once, two cores make streams late. */
const AT_ONCE = 8;
/** How many of the cases must be right. */
const RIGHT = 0.95;
const PATIENCE_MS = 120_000;

/** The servers behind the hosts: at the root, and below a prefix; the last at a pace that usual limits allow. */
const [root, prefixed, paced] = await Promise.all([
  startDante(PACE),
  startDante([...PACE, "--prefix", "/dante"]),
  startDante(["--interval", "1s", "--prefix", "/dante"]),
]);
const dantes = { root: root.port, prefixed: prefixed.port, paced: paced.port };

const results = new Map();

describe("a host", { concurrency: AT_ONCE }, () => {
  for (const it of CASES) {
    test(`${it.id}: ${it.host}: ${it.fault}`, { timeout: PATIENCE_MS }, async (context) => {
      let result = await tryCase(it, dantes, context);
      // A busy machine may spoil a try, and balancers take turns as they like. The table says that there were two.
      if (!["right", "not run"].includes(result.grade)) {
        result = { ...(await tryCase(it, dantes, context)), first: result.grade };
      }
      results.set(it.id, result);
      result.fail?.();
    });
  }
});

test("each case has an id of its own", () => {
  assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length);
});

test(`at least ${RIGHT * 100} % of the hosts are right`, () => {
  const graded = [...results.values()].filter(({ grade }) => grade !== "not run");
  const right = graded.filter(({ grade }) => grade === "right");
  const rest = graded.filter(({ grade }) => grade !== "right");
  assert.ok(
    right.length >= RIGHT * graded.length,
    `${right.length} of ${graded.length}; not right: ${rest.map(({ id }) => id).join(", ")}`,
  );
});

test("which hosts were not run is kept for tests/run", () => {
  const notRun = CASES.filter(({ id }) => results.get(id)?.grade === "not run").map(({ id }) => `${id}\n`);
  writeFileSync(path.join(ARTIFACTS, "not-run.txt"), notRun.join(""));
});

test("docs/probe-accuracy.md has every case", () => {
  const failed = { said: "–", grade: "not run", why: ["the host did not start"] };
  compareOrWrite(CASES.map((it) => results.get(it.id) ?? { ...it, ...failed }));
});
