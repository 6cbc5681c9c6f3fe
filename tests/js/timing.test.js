// What the newest stanzas say of a stream's timing (static/js/timing.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Pace } from "../../static/js/pace.js";
import { KEPT, Timing, percentile } from "../../static/js/timing.js";

const INTERVAL = 2000;

/** The timing of stanzas that came so late each, from this index on, over one connection. */
function timing(lates, { from = 0, into = new Timing(), pace = new Pace(INTERVAL) } = {}) {
  lates.forEach((late, at) => into.add(pace.arrived(from + at, (from + at) * INTERVAL + late)));
  return into;
}

const close = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

describe("percentiles, by nearest rank", () => {
  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  for (const [values, percent, expected] of [
    [[], 50, 0],
    [[7], 50, 7],
    [[7], 95, 7],
    [[1, 2], 50, 1],
    [[1, 2, 3], 50, 2],
    [ten, 50, 5],
    [ten, 90, 9],
    [ten, 95, 10],
    [ten, 100, 10],
    [ten, 0, 1],
    [Array.from({ length: 60 }, (_, at) => at), 95, 56],
  ]) {
    test(`${percent} % of ${values.length} is ${expected}`, () =>
      assert.equal(percentile(values, percent), expected));
  }
});

describe("jitter, as RFC 3550 has it", () => {
  for (const [name, lates, expected] of [
    ["one stanza has none", [5], null],
    ["none where all are as late", [0, 0, 0], 0],
    ["a sixteenth of the first difference", [0, 16], 1],
    ["earlier counts like later", [16, 0], 1],
    ["it fades by a sixteenth each", [0, 16, 16], 1 - 1 / 16],
    ["and grows with each difference", [0, 16, 0], 1 + 15 / 16],
  ]) {
    test(name, () => {
      const { jitter } = timing(lates).figures(0);
      if (expected === null) assert.equal(jitter, null);
      else close(jitter, expected);
    });
  }

  test("what is between two connections does not count", () => {
    const both = timing([0, 16]);
    timing([9000, 9000], { from: 2, into: both });
    close(both.jitter, 1 - 1 / 16);
  });
});

describe("figures", () => {
  test("there are none before the first stanza", () => assert.equal(new Timing().figures(0), null));

  test("are those of the newest stanzas", () => {
    const lates = [5000, ...Array.from({ length: KEPT - 1 }, () => 0), 20];
    const { count, p50, p95 } = timing(lates).figures(0);
    assert.deepEqual([count, p50, p95], [KEPT, 0, 0]);
  });

  test("are measured from the earliest stanza, also where it comes last", () => {
    const { p50, p95 } = timing([400, 400, 0]).figures(0);
    assert.deepEqual([p50, p95], [400, 400]);
  });

  for (const [name, now, expected] of [
    ["counts while it is less than a minute old", 0 + 60_000 + 300, 300],
    ["is that of what came since", 2000 + 60_000, 20],
    ["is not known when nothing came for a minute", 4000 + 60_001, null],
  ]) {
    test(`the worst ${name}`, () => assert.equal(timing([300, 20, 0]).figures(now).worst, expected));
  }

  test("a cut stands behind the stanza that came before it", () => {
    const cut = new Timing();
    cut.cut();
    timing([0, 0], { into: cut }).cut();
    timing([0], { from: 2, into: cut });
    assert.deepEqual(
      cut.kept.map((one) => one.cut),
      [false, true, false],
    );
  });
});
