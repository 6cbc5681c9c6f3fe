// The judge, judged.

import assert from "node:assert/strict";
import { test } from "node:test";

import { grade } from "./grade.js";

const verdict = (id, more = {}) => ({ id, evidence: "seen", remedy: "do this", ...more });
const says = (outcome, ...verdicts) => ({ outcome, verdicts });
const BROKEN = { outcome: "degraded", causes: ["buffered", "silent"], allowed: ["slow-line"] };

const CASES = [
  ["a healthy host that is good", { outcome: "good" }, says("good"), "right"],
  ["a healthy host with a note", { outcome: "good" }, says("good", verdict("slow-line")), "partly"],
  [
    "a healthy host with a note that is true",
    { outcome: "good", allowed: ["slow-line"] },
    says("good", verdict("slow-line")),
    "right",
  ],
  ["a healthy host that is accused", { outcome: "good" }, says("broken", verdict("buffered")), "false alarm"],
  ["a note on what was not done", { outcome: "good" }, says("good", verdict("limit-not-tested")), "right"],
  ["the cause alone", BROKEN, says("degraded", verdict("buffered")), "right"],
  ["another cause that is as true", BROKEN, says("degraded", verdict("silent")), "right"],
  [
    "the cause after an allowed note",
    BROKEN,
    says("degraded", verdict("slow-line"), verdict("buffered")),
    "right",
  ],
  [
    "the cause, and a stranger after it",
    BROKEN,
    says("degraded", verdict("buffered"), verdict("garbage")),
    "partly",
  ],
  ["the cause after a stranger", BROKEN, says("degraded", verdict("garbage"), verdict("buffered")), "wrong"],
  ["only a stranger", BROKEN, says("degraded", verdict("garbage")), "wrong"],
  ["nothing, of a broken host", BROKEN, says("good"), "missed"],
  ["only a note, of a broken host", BROKEN, says("good", verdict("slow-line")), "missed"],
  ["nothing, but broken", BROKEN, says("broken"), "wrong"],
  [
    "a cause that may also stand beside another",
    { ...BROKEN, allowed: ["silent"] },
    says("degraded", verdict("silent")),
    "right",
  ],
  ["the cause, with too much weight", BROKEN, says("broken", verdict("buffered")), "partly"],
  [
    "one of two outcomes",
    { ...BROKEN, outcome: ["degraded", "broken"] },
    says("broken", verdict("buffered")),
    "right",
  ],
  ["a remedy that fits", { ...BROKEN, remedy: /do this/ }, says("degraded", verdict("buffered")), "right"],
  [
    "a remedy that fits, in its lines",
    { ...BROKEN, remedy: /^proxy_buffering off;$/m },
    says("degraded", verdict("buffered", { remedies: [{ text: "here:", lines: ["proxy_buffering off;"] }] })),
    "right",
  ],
  [
    "a remedy that does not fit",
    { ...BROKEN, remedy: /do that/ },
    says("degraded", verdict("buffered")),
    "partly",
  ],
  [
    "evidence that does not show it",
    { ...BROKEN, evidence: /heard/ },
    says("degraded", verdict("buffered")),
    "partly",
  ],
];

for (const [what, expected, document, wanted] of CASES) {
  test(what, () => assert.equal(grade(expected, document).grade, wanted));
}
