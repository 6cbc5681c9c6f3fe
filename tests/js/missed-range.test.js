// How stanzas that were missed in a room are called (static/js/room/range.js).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const TABLE = JSON.parse(readFileSync(new URL("../../templates/strings.json", import.meta.url), "utf8"));

// The interface's sentences come with the document: here is a stand-in.
globalThis.document = {
  documentElement: { lang: "en" },
  getElementById: () => ({ textContent: JSON.stringify(TABLE.en) }),
};
const { missedRange } = await import("../../static/js/room/range.js");

/** Two cantos of ten stanzas each, and one of another canticle. */
const cantoAt = (index) => ({
  canticle: index < 20 ? "Inferno" : "Purgatorio",
  canto: index < 20 ? 1 + Math.floor(index / 10) : 1,
});
const place = (index) => ({
  index,
  of: 30,
  ...cantoAt(index),
  stanza: (index % 10) + 1,
  line: (index % 10) * 3 + 1,
});
const between = (before, after) => missedRange({ place: place(before), lines: 3 }, place(after), cantoAt);

describe("stanzas that were missed", () => {
  for (const [before, after, range] of [
    [1, 4, "Inferno, Canto I, lines 7–12"],
    [1, 3, "Inferno, Canto I, lines 7–9"],
    [1, 10, "Inferno, Canto I, from line 7"],
    [9, 20, "Inferno, Canto II"],
    [9, 12, "Inferno, Canto II, lines 1–6"],
    [7, 12, "Inferno, Canto I, from line 25, to Inferno, Canto II, up to line 6"],
    [19, 22, "Purgatorio, Canto I, lines 1–6"],
    [7, 20, "Inferno, Canto I, from line 25, to Inferno, Canto II"],
  ]) {
    test(`between ${before} and ${after}: ${range}`, () => assert.equal(between(before, after), range));
  }

  test("are told by their numbers where there are no cantos", () => {
    const bare = (index) => ({
      index,
      of: 30,
      canticle: null,
      canto: null,
      stanza: index + 1,
      line: index + 1,
    });
    const name = (before, after) => missedRange({ place: bare(before), lines: 1 }, bare(after), () => null);
    assert.deepEqual([name(1, 3), name(1, 6)], ["stanza 3", "stanzas 3 to 6"]);
  });

  test("have no end that is known where the room went on elsewhere", () => {
    const nowhere = { index: 4, of: 0, canticle: null, canto: null, stanza: 0, line: 0 };
    assert.equal(
      missedRange({ place: place(1), lines: 3 }, nowhere, cantoAt),
      "Inferno, Canto I, from line 7",
    );
  });
});
