// Numbers and times in the page's language (static/js/format.js), and its sentences (static/js/strings.js).
// Both ask the document for them: here it is a stand-in.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

const SENTENCES = { lost: "Again in {seconds} s, {seconds}; {unknown}.", empty: "" };

globalThis.document = {
  documentElement: { lang: "it" },
  getElementById: (id) => (id === "strings" ? { textContent: JSON.stringify(SENTENCES) } : null),
};
// Node.js has one of its own from version 21 on.
Object.defineProperty(globalThis, "navigator", {
  value: { languages: ["de-AT", "it-IT"] },
  configurable: true,
});
const { clock, deviation, number, roman, seconds, span } = await import("../../static/js/format.js");
const { t } = await import("../../static/js/strings.js");

describe("numbers and times, as Italian writes them", () => {
  for (const [name, actual, expected] of [
    ["thousands", number(14_233), "14.233"],
    ["seconds with a comma", seconds(3240), "3,2"],
    ["the time of day", clock(new Date(2026, 0, 2, 14, 3, 40)), "14:03:40"],
    ["no deviation has no sign", deviation(-0.4), "0 ms"],
    ["late", deviation(3.4), "+3 ms"],
    ["early, with a real minus sign", deviation(-310), "−310 ms"],
    ["from a second on in seconds", deviation(1000), "+1,0 s"],
    ["early by seconds", deviation(-1249), "−1,2 s"],
    ["a span of seconds", span(8_400), "8 s"],
    ["a span of minutes", span(754_000), "12 min"],
    ["a span of hours", span(9_622_000), "2 h 40 min"],
  ]) {
    test(name, () => assert.equal(actual, expected));
  }

  test("Roman numerals of all cantos", () => {
    const values = [1, 4, 9, 14, 19, 24, 33, 34, 40, 90, 100];
    const numerals = ["I", "IV", "IX", "XIV", "XIX", "XXIV", "XXXIII", "XXXIV", "XL", "XC", "C"];
    assert.deepEqual(values.map(roman), numerals);
  });
});

describe("sentences", () => {
  test("gaps are filled in, each time; one without a value stays", () => {
    assert.equal(t("lost", { seconds: 3 }), "Again in 3 s, 3; {unknown}.");
  });

  test("a name without a sentence shows as itself, an empty sentence as nothing", () => {
    assert.equal(t("nothing"), "nothing");
    assert.equal(t("empty"), "");
  });
});
