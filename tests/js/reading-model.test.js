// One reader's way through the poem (static/js/reading.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Reading } from "../../static/js/reading.js";

const OF = 10;
const EDITION = "e1";

const reading = (from = 0) => new Reading(from, OF, EDITION);
const opening = (from, edition = EDITION, of = OF) => ({ edition, of, from, intervalMs: 2000, node: "n" });

/** Receives the stanzas of these indices, and returns what each of them meant. */
const receive = (model, ...indices) => indices.map((index) => model.received({ index }));

const counts = ({ stanzas, gaps, repeats, next }) => ({ stanzas, gaps, repeats, next });

describe("a reading", () => {
  test("asks for the stanza to start with, in this edition", () => {
    assert.deepEqual(reading(4).request(), { from: 4, edition: EDITION });
    assert.equal(reading(4).query(), "from=4&edition=e1");
  });

  test("escapes what it asks for", () => {
    assert.equal(new Reading(0, OF, "a&b=c").query(), "from=0&edition=a%26b%3Dc");
  });

  test("asks after each stanza for the next one", () => {
    const model = reading();
    assert.deepEqual(receive(model, 0, 1, 2), [0, 0, 0]);
    assert.deepEqual(model.request(), { from: 3, edition: EDITION });
    assert.deepEqual(counts(model), { stanzas: 3, gaps: 0, repeats: 0, next: 3 });
  });

  test("counts what is missing before a stanza", () => {
    const model = reading();
    assert.deepEqual(receive(model, 0, 3, 4, 6), [0, 2, 0, 1]);
    assert.deepEqual(counts(model), { stanzas: 4, gaps: 3, repeats: 0, next: 7 });
  });

  test("counts what comes again, and neither goes back for it nor takes it for heard", () => {
    const model = reading(2);
    assert.deepEqual(receive(model, 2, 3, 3, 1, 4), [0, 0, -1, -3, 0]);
    assert.deepEqual(counts(model), { stanzas: 3, gaps: 0, repeats: 2, next: 5 });
  });

  test("asks once for what is missing, and counts what came then", () => {
    const model = reading();
    receive(model, 0, 1);
    assert.equal(model.wants(2), 0, "nothing is missing");
    assert.equal(model.wants(0), 0, "that was a repeat");
    assert.equal(model.wants(4), 2);
    assert.deepEqual(model.request(), { from: 2, edition: EDITION });
    assert.deepEqual(receive(model, 2), [0]);
    // Another one is missing behind it: that is another place.
    assert.equal(model.wants(4), 1);
    assert.equal(model.wants(4), 0, "it did not come then either");
    assert.deepEqual(receive(model, 4, 5), [1, 0]);
    assert.deepEqual([model.fetched, model.gaps, model.next], [1, 1, 6]);
  });

  test("is complete with the last stanza, and not before", () => {
    const model = reading(8);
    assert.equal(model.complete, false);
    receive(model, 8);
    assert.equal(model.complete, false);
    receive(model, 9);
    assert.equal(model.complete, true);
  });

  test("that starts after the last stanza is complete", () => assert.equal(reading(OF).complete, true));
});

describe("a server that opens", () => {
  test("where it was asked to misses nothing", () => {
    const model = reading();
    receive(model, 0, 1);
    assert.equal(model.opened(opening(2)), 0);
    assert.deepEqual(counts(model), { stanzas: 2, gaps: 0, repeats: 0, next: 2 });
  });

  test("further on leaves a gap, counted once", () => {
    const model = reading();
    receive(model, 0, 1);
    assert.equal(model.opened(opening(5)), 3);
    assert.deepEqual(receive(model, 5), [0]);
    assert.deepEqual(counts(model), { stanzas: 3, gaps: 3, repeats: 0, next: 6 });
  });

  test("further back repeats what was heard, and it counts as that", () => {
    const model = reading();
    receive(model, 0, 1, 2);
    assert.equal(model.opened(opening(1)), -2);
    assert.deepEqual(receive(model, 1, 2, 3), [-2, -1, 0]);
    assert.deepEqual(counts(model), { stanzas: 4, gaps: 0, repeats: 2, next: 4 });
  });

  test("with another text, asked for nothing, begins a reading without a gap", () => {
    const model = reading();
    receive(model, 0, 1, 2);
    model.startOver();
    assert.deepEqual(model.request(), {});
    assert.equal(model.query(), "");
    assert.equal(model.opened(opening(0, "e2", 3)), 0);
    assert.deepEqual(model.request(), { from: 0, edition: "e2" });
    assert.deepEqual(receive(model, 0, 1, 2), [0, 0, 0]);
    assert.equal(model.complete, true);
    assert.equal(model.gaps + model.repeats, 0);
  });
});
