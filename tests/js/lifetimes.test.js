// Whether connections are cut regularly (static/js/lifetimes.js), and outages counted whole (static/js/outage.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Lifetimes } from "../../static/js/lifetimes.js";
import { Outage } from "../../static/js/outage.js";

const BEAT = 2000;

/**
 * Lives through connections, one after the other, a second apart, and returns what is known once the last one was replaced.
 * Each is told by how long it lived, and may be silent before its end, end for a reason of its own, or be followed by another process.
 * @param {{ms: number, quiet?: number, reason?: string, ours?: boolean, node?: string, beat?: number, excuse?: boolean}[]} lives
 */
function live(...lives) {
  const lifetimes = new Lifetimes("websocket");
  let now = 1000;
  let node = "a";
  for (const { ms, quiet = 0, reason = "close 1006", ours = false, beat = BEAT, ...more } of lives) {
    lifetimes.opened(now, node);
    for (let at = beat; at <= ms - quiet; at += beat) lifetimes.heard(now + at);
    lifetimes.cut(now + ms, reason, ours);
    if (more.excuse) lifetimes.excuse();
    now += ms + 1000;
    node = more.node ?? node;
  }
  lifetimes.opened(now, node);
  return { lifetimes, now, cuts: lifetimes.cuts(now) };
}

describe("cut regularly", () => {
  const fifteen = { ms: 15_000 };
  for (const [name, lives, cuts] of [
    ["one cut is no rule", [fifteen], null],
    ["two alike", [fifteen, fifteen], { ms: 15_000, quietMs: null }],
    [
      "two that differ by a tenth of the longer",
      [{ ms: 18_000 }, { ms: 20_000 }],
      { ms: 19_000, quietMs: null },
    ],
    ["two that differ by more", [{ ms: 17_900 }, { ms: 20_000 }], null],
    ["the two newest decide", [{ ms: 4000 }, fifteen, fifteen], { ms: 15_000, quietMs: null }],
    ["and no longer when they differ", [fifteen, fifteen, { ms: 4000 }], null],
    ["within seconds it is something else", [{ ms: 1900 }, { ms: 1900 }], null],
    [
      "another process served the next one",
      [
        { ...fifteen, node: "b" },
        { ...fifteen, node: "c" },
      ],
      null,
    ],
    [
      "nodes that take turns are no restarts",
      [fifteen, { ...fifteen, node: "b" }, { ...fifteen, node: "a" }, { ...fifteen, node: "b" }],
      { ms: 15_000, quietMs: null },
    ],
    [
      "a server that says that it restarts",
      [
        { ...fifteen, reason: "close 1012" },
        { ...fifteen, reason: "close 1012" },
      ],
      null,
    ],
    [
      "one that goes away",
      [
        { ...fifteen, reason: "close 1001" },
        { ...fifteen, reason: "close 1001" },
      ],
      null,
    ],
    [
      "this device slept, or was offline",
      [
        { ...fifteen, ours: true },
        { ...fifteen, ours: true },
      ],
      null,
    ],
    [
      "it turns out later that it was offline",
      [
        { ...fifteen, excuse: true },
        { ...fifteen, excuse: true },
      ],
      null,
    ],
    [
      "one of them does not count",
      [fifteen, { ...fifteen, ours: true }, fifteen],
      { ms: 15_000, quietMs: null },
    ],
    ["a stream that outlived the two", [fifteen, fifteen, { ms: 60_000, ours: true }], null],
    // Field case 2: it had borne as much silence as there was before the cut.
    [
      "a silence that had been borne before",
      [
        { ms: 30_000, beat: 25_000, quiet: 4000 },
        { ms: 30_000, beat: 25_000, quiet: 4000 },
      ],
      { ms: 30_000, quietMs: null },
    ],
    [
      "silence before each",
      [
        { ms: 14_000, quiet: 10_000 },
        { ms: 14_000, quiet: 10_000 },
      ],
      { ms: 14_000, quietMs: 10_000 },
    ],
    [
      "the same silence at different ages",
      [
        { ms: 14_000, quiet: 10_000 },
        { ms: 40_000, quiet: 10_000 },
      ],
      { ms: null, quietMs: 10_000 },
    ],
    [
      "the same age after different silences",
      [
        { ms: 30_000, quiet: 6000 },
        { ms: 30_000, quiet: 14_000 },
      ],
      { ms: 30_000, quietMs: null },
    ],
  ]) {
    test(name, () => assert.deepEqual(live(...lives).cuts, cuts));
  }

  test("is over when a stream clearly outlives it, and not before", () => {
    const { lifetimes, now } = live(fifteen, fifteen);
    assert.ok(lifetimes.cuts(now + 22_000));
    assert.equal(lifetimes.cuts(now + 23_000), null);
  });

  test("is kept while the next stream is away", () => {
    const { lifetimes, now } = live(fifteen, fifteen);
    lifetimes.cut(now + 15_000, "close 1006", false);
    assert.deepEqual(lifetimes.cuts(now + 16_000), { ms: 15_000, quietMs: null });
  });

  test("what was opened again by the page itself is not a life", () => {
    const { lifetimes } = live(fifteen);
    lifetimes.opened(17_500, "a");
    assert.equal(lifetimes.list.length, 1);
  });

  test("another transport proves nothing of this one", () => {
    const { lifetimes, now } = live(fifteen, fifteen);
    lifetimes.use("sse");
    assert.equal(lifetimes.cuts(now), null);
    assert.equal(lifetimes.list.length, 2);
  });

  test("each life is kept with its code and how long it took until the next", () => {
    const [first] = live({ ms: 15_000, quiet: 1000, reason: "close 1011" }).lifetimes.list;
    const { date, ...life } = first;
    assert.ok(date instanceof Date);
    const expected = {
      transport: "websocket",
      ms: 15_000,
      quietMs: 1000,
      reason: "close 1011",
      code: 1011,
      gapMs: 1000,
      counts: true,
    };
    assert.deepEqual(life, expected);
  });
});

describe("an outage", () => {
  test("has the reason of its beginning and that of its last attempt, and all attempts", () => {
    const outage = new Outage(1000, "close 1006", 42_000);
    for (let attempt = 1; attempt < 14; attempt += 1) {
      outage.attempt();
      outage.failed("no answer");
    }
    outage.attempt();
    const { date: _, ...loss } = outage.until(63_000);
    assert.deepEqual(loss, { ms: 62_000, up: 42_000, reason: "close 1006", attempts: 14, last: "no answer" });
  });

  test("that the first attempt ends has no other reason than the loss", () => {
    const outage = new Outage(0, "stream ended", 1);
    outage.attempt();
    assert.equal(outage.until(1000).last, "stream ended");
  });
});
