// Where the reader was last (static/js/last-place.js): what is stored, when, and what is offered of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LastPlaces } from "../../static/js/last-place.js";

const OF = 140;

/** What a browser stores, here in a map. */
function memoryOf(stored = {}) {
  const kept = new Map(Object.entries(stored));
  return {
    kept,
    get: (name) => kept.get(name) ?? null,
    set: (name, value) => kept.set(name, value),
    forget: (name) => kept.delete(name),
  };
}

const place = (index) => ({
  index,
  of: OF,
  canticle: "Inferno",
  canto: 1,
  stanza: index + 1,
  line: 3 * index + 1,
});
const stored = (index) => JSON.stringify({ index, canticle: "Inferno", canto: 1, line: 3 * index + 1 });
const indexIn = (memory) => JSON.parse(memory.get("place-e") ?? "{}").index;

/** Reads from one stanza up to another, one each two seconds. */
function read(last, from, to) {
  for (let index = from; index <= to; index += 1) last.at(place(index), 2000 * index);
}

describe("the last place", () => {
  test("is offered on the next visit, of this edition only", () => {
    const memory = memoryOf();
    read(new LastPlaces(memory, "e", OF), 0, 21);
    assert.deepEqual(new LastPlaces(memory, "e", OF).offer, {
      index: 21,
      canticle: "Inferno",
      canto: 1,
      line: 64,
    });
    assert.equal(new LastPlaces(memory, "f", OF).offer, null);
  });

  test("is none at the very beginning, and after the end", () => {
    const memory = memoryOf();
    const last = new LastPlaces(memory, "e", OF);
    read(last, 0, 2);
    assert.equal(memory.kept.size, 0);
    read(last, 3, OF - 2);
    assert.equal(indexIn(memory), OF - 2);
    read(last, OF - 1, OF - 1);
    last.store();
    assert.equal(memory.kept.size, 0);
  });

  test("stays while it is offered, until the reader has come there", () => {
    const memory = memoryOf({ "place-e": stored(50) });
    const last = new LastPlaces(memory, "e", OF);
    read(last, 0, 49);
    last.store();
    assert.deepEqual([indexIn(memory), last.offer?.index], [50, 50]);
    read(last, 50, 52);
    assert.deepEqual([indexIn(memory), last.offer], [52, null]);
  });

  test("is forgotten when it is declined, and noted anew from then on", () => {
    const memory = memoryOf({ "place-e": stored(50) });
    const last = new LastPlaces(memory, "e", OF);
    last.decline();
    assert.equal(memory.kept.size, 0);
    read(last, 0, 10);
    assert.equal(indexIn(memory), 10);
  });

  test("is stored once a second at most, and when the page goes", () => {
    const memory = memoryOf();
    const last = new LastPlaces(memory, "e", OF);
    last.at(place(10), 100);
    last.at(place(11), 120);
    assert.equal(indexIn(memory), 10);
    last.store();
    assert.equal(indexIn(memory), 11);
  });

  for (const [what, value] of Object.entries({
    "no JSON": "{",
    "another shape": "[]",
    "a number that is none": JSON.stringify({ index: "9", canticle: null, canto: null, line: 1 }),
    "a stanza that is not there": stored(OF),
    "the last stanza": stored(OF - 1),
    "the first": stored(0),
    "half a place": JSON.stringify({ index: 9, canticle: "Inferno", canto: null, line: 1 }),
  })) {
    test(`${what} in the storage is no place`, () => {
      assert.equal(new LastPlaces(memoryOf({ "place-e": value }), "e", OF).offer, null);
    });
  }
});
