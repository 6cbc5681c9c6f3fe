// How stanzas fall against the clock (static/js/pace.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { grade, lateness, LATE_MS, ON_TIME_MS, Pace } from "../../static/js/pace.js";

const INTERVAL = 2000;

/** Hears stanzas, each given as index and arrival, and returns how late each seems when it comes. */
function deviations(pace, ...arrivals) {
  return arrivals.map(([index, at]) => lateness(pace.arrived(index, at)));
}

/** The same, once all have come. */
function afterwards(pace, ...arrivals) {
  return arrivals.map(([index, at]) => pace.arrived(index, at)).map(lateness);
}

describe("grades", () => {
  for (const [ms, expected] of [
    [0, ""],
    [ON_TIME_MS, ""],
    [-ON_TIME_MS, ""],
    [ON_TIME_MS + 1, "late"],
    [-ON_TIME_MS - 1, "late"],
    [LATE_MS, "late"],
    [LATE_MS + 1, "stalled"],
    [-60_000, "stalled"],
  ]) {
    test(`${ms} ms is ${expected || "on time"}`, () => assert.equal(grade(ms), expected));
  }
});

describe("the clock", () => {
  test("on time: each stanza an interval after the one before, from any index and any time", () => {
    for (const [first, start] of [
      [0, 0],
      [0, 123.5],
      [92, 7000],
    ]) {
      const pace = new Pace(INTERVAL);
      const late = deviations(pace, ...[0, 1, 2].map((step) => [first + step, start + step * INTERVAL]));
      assert.deepEqual(late, [0, 0, 0]);
      assert.equal(pace.burst, null);
    }
  });

  test("late: as much as it is behind its own time, not behind the stanza before", () => {
    const pace = new Pace(INTERVAL);
    assert.deepEqual(deviations(pace, [0, 0], [1, 2300], [2, 4300], [3, 6000]), [0, 300, 300, 0]);
  });

  test("a stanza that is missing does not move it", () => {
    const pace = new Pace(INTERVAL);
    assert.deepEqual(deviations(pace, [0, 0], [3, 6050], [4, 8000]), [0, 50, 0]);
  });

  test("is set back to the earliest: a first stanza that was held up is the late one", () => {
    const late = [
      [0, 1500],
      [1, 2000],
      [2, 4000],
      [3, 6400],
    ];
    assert.deepEqual(deviations(new Pace(INTERVAL), ...late), [0, 0, 0, 400]);
    assert.deepEqual(afterwards(new Pace(INTERVAL), ...late), [1500, 0, 0, 400]);
  });

  test("is set back by little as well: none is early, and the median is not below zero", () => {
    // As measured over a WebSocket on a busy machine: the first stanza waited for the page's own scripts.
    const measured = [1031, 3000, 5012, 7003, 9004, 11_001, 13_018].map((at, index) => [index, at]);
    assert.deepEqual(deviations(new Pace(INTERVAL), ...measured), [0, 0, 12, 3, 4, 1, 18]);
    assert.deepEqual(afterwards(new Pace(INTERVAL), ...measured), [31, 0, 12, 3, 4, 1, 18]);
  });

  test("says that it was set back when that is worth judging anew what was shown, however many steps it took", () => {
    const pace = new Pace(INTERVAL);
    const setBack = [250, 180, 120, 100, 99, 130, 0].map((late, index) => {
      pace.arrived(index, index * INTERVAL + late);
      return pace.setBack;
    });
    assert.deepEqual(setBack, [false, false, true, false, false, false, true]);
    const once = new Pace(INTERVAL);
    deviations(once, [0, ON_TIME_MS], [1, INTERVAL]);
    assert.equal(once.setBack, false);
    deviations(once, [2, 2 * INTERVAL - ON_TIME_MS - 1]);
    assert.equal(once.setBack, true);
  });

  test("is a new one with a new connection, and the old one stays as it was", () => {
    const old = new Pace(INTERVAL);
    const before = old.arrived(1, 2300);
    old.arrived(2, 4000);
    const late = deviations(new Pace(INTERVAL), [3, 9999], [4, 11_999]);
    assert.deepEqual([lateness(before), late], [300, [0, 0]]);
  });
});

/** A burst without its oldest stanza. */
const burstOf = ({ burst }) => burst && { count: burst.count, late: burst.late };

describe("bursts", () => {
  test("several at once of which the oldest is an interval late, counted as they come", () => {
    const pace = new Pace(INTERVAL);
    deviations(pace, [0, 0]);
    const bursts = [
      [1, 8000],
      [2, 8001],
      [3, 8002],
      [4, 8003],
    ].map(([index, at]) => {
      pace.arrived(index, at);
      return burstOf(pace);
    });
    assert.deepEqual(bursts, [null, null, { count: 3, late: 6000 }, { count: 4, late: 6000 }]);
  });

  test("are over with the next stanza that comes by itself, and start again", () => {
    const pace = new Pace(INTERVAL);
    deviations(pace, [0, 0], [1, 6000], [2, 6000], [3, 6000]);
    assert.equal(pace.burst?.count, 3);
    pace.arrived(4, 8000);
    assert.equal(pace.burst, null);
    deviations(pace, [5, 14_000], [6, 14_000], [7, 14_000]);
    assert.deepEqual(burstOf(pace), { count: 3, late: 4000 });
  });

  test("are counted from the clock as it is known with the newest stanza", () => {
    const pace = new Pace(INTERVAL);
    // The first three were held up together; only the fourth shows by how much.
    deviations(pace, [0, 9000], [1, 9000], [2, 9000]);
    assert.deepEqual(burstOf(pace), { count: 3, late: 4000 });
    const other = new Pace(INTERVAL);
    deviations(other, [0, 6000], [1, 6001], [2, 6002], [3, 6003]);
    assert.deepEqual(burstOf(other), { count: 4, late: 5997 });
  });

  test("at a short interval, stanzas that a busy machine has shown together are none", () => {
    const pace = new Pace(20);
    deviations(pace, [0, 0], [1, 120], [2, 120], [3, 121], [4, 122], [5, 123]);
    assert.equal(pace.burst, null);
    deviations(pace, [6, 3000], [7, 3000], [8, 3000]);
    assert.equal(pace.burst?.count, 3);
  });

  test("two at once are none, nor are three that come soon after each other", () => {
    const two = new Pace(INTERVAL);
    deviations(two, [0, 0], [1, 4000], [2, 4000]);
    assert.equal(two.burst, null);
    const apart = new Pace(INTERVAL);
    deviations(apart, [0, 0], [1, 6000], [2, 6501], [3, 7002]);
    assert.equal(apart.burst, null);
  });
});
