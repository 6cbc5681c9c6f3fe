// The present mode without a page: how large verses are, and what keys mean (static/js/present/).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { actionOf, focusOf } from "../../static/js/present/keys.js";
import { LINE, steady, verseSize } from "../../static/js/present/size.js";

const TERCET = [17.2, 18.9, 21.5];

describe("the size of verses", () => {
  test("lets the longest line fit unbroken, and uses the width", () => {
    for (const [viewport, height] of [
      [2560, 1100],
      [1440, 600],
      [1024, 480],
    ]) {
      const width = viewport * 0.93;
      const size = verseSize(viewport, { width, height }, TERCET);
      assert.ok(size * 21.5 <= width && size * 21.5 > width * 0.95, `${size} px at ${viewport}`);
    }
  });

  test("is no larger than 8 % of the width, nor than the height allows", () => {
    assert.equal(verseSize(1000, { width: 930, height: 900 }, [4]), 80);
    const low = verseSize(2000, { width: 1860, height: 150 }, TERCET);
    assert.ok(low * LINE * 3 <= 150 && low > 30, `${low}`);
  });

  test("breaks lines rather than make them too small, so that all fit", () => {
    const phone = verseSize(390, { width: 360, height: 400 }, TERCET);
    assert.equal(phone, 22);
    const prose = verseSize(1440, { width: 1340, height: 600 }, [250]);
    assert.ok(Math.ceil((250 * prose) / 1340) * prose * LINE <= 600, `${prose}`);
    assert.ok(prose >= 16);
    assert.equal(
      verseSize(320, { width: 290, height: 100 }, [900]),
      16,
      "what does not fit at all is scrolled",
    );
  });

  test("changes when it must, or when it is worth it", () => {
    assert.deepEqual([steady(50, 48), steady(50, 52), steady(50, 70)], [48, 50, 70]);
  });
});

const key = (name, more = {}) => ({
  key: name,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
});
const READING = { presenting: false, letters: true, focus: null };
const PRESENTING = { ...READING, presenting: true };

describe("keys", () => {
  test("P presents and leaves, space holds, arrows and a clicker move", () => {
    assert.equal(actionOf(key("p"), READING), "present");
    const meant = ["p", "P", "Escape", "f", " ", "ArrowLeft", "PageUp", "ArrowRight", "PageDown", "x"].map(
      (name) => actionOf(key(name), PRESENTING),
    );
    const expected = ["leave", "leave", "leave", "full", "hold", "back", "back", "forward", "forward", null];
    assert.deepEqual(meant, expected);
  });

  test("are the browser's while a page is only read", () => {
    for (const name of [" ", "ArrowLeft", "PageDown", "Escape", "f"]) {
      assert.equal(actionOf(key(name), READING), null);
    }
  });

  test("with a modifier pass, as do those that a field or a button takes", () => {
    for (const modifier of ["ctrlKey", "altKey", "metaKey", "shiftKey"]) {
      assert.equal(actionOf(key("p", { [modifier]: true }), PRESENTING), null, modifier);
    }
    assert.equal(actionOf(key("p"), { ...READING, focus: "field" }), null);
    assert.equal(actionOf(key(" "), { ...PRESENTING, focus: "button" }), null);
    assert.equal(actionOf(key("ArrowLeft"), { ...PRESENTING, focus: "button" }), "back");
  });

  test("that are single letters can be switched off", () => {
    const off = { ...PRESENTING, letters: false };
    assert.deepEqual(
      ["p", "f", " ", "ArrowLeft"].map((name) => actionOf(key(name), off)),
      [null, null, "hold", "back"],
    );
    assert.equal(actionOf(key("p"), { ...READING, letters: false }), null);
  });

  test("what has the focus", () => {
    const element = (name) => ({ matches: (list) => list.split(", ").includes(name) });
    assert.deepEqual(
      ["input", "select", "textarea", "button", "a", "p"].map((name) => focusOf(element(name))),
      ["field", "field", "field", "button", "button", null],
    );
    assert.equal(focusOf(null), null);
  });
});
