// What is done to streams: of each fault what a client sees, and what an expert would say of it.

const GOOD = { outcome: "good" };
const DEGRADED = ["degraded", "broken"];

/**
 * @typedef {object} Fault
 * @property {string} title its heading in the table
 * @property {string} expert what an expert would say
 * @property {RegExp} truth what a client sees, by its word
 * @property {import("../accuracy/grade.js").Expected} expected
 * @property {string} [setup] of which fault the host's setup is, if it is not its own
 * @property {boolean} [quiet] the application is asked where it says one thing and then nothing
 * @property {boolean} [toTheEnd] the client waits for an end
 */

/** @type {Record<string, Fault>} */
export const FAULTS = {
  healthy: { title: "Healthy", expert: "good", truth: /^flows$/, expected: GOOD },
  buffered: {
    title: "Buffered",
    expert: "the answer is held back: turn buffering off",
    truth: /^held back$/,
    expected: { outcome: DEGRADED, causes: ["buffered"] },
  },
  withheld: {
    title: "Buffered to its end",
    expert:
      "nothing is answered, though the host answers other requests: it waits for the whole answer, or the application is late; --against tells",
    truth: /^held back$/,
    expected: { outcome: "broken", causes: ["slow-answer", "buffered"] },
    setup: "buffered",
  },
  compressed: {
    title: "Compressed",
    expert: "the stream is compressed on its way, and comes evenly: a note at most",
    truth: /^flows$/,
    expected: { ...GOOD, allowed: ["compressed-stream"] },
  },
  heldCompressed: {
    title: "Compressed and buffered",
    expert: "the answer is held back, and compressed: turn buffering off, or compression",
    truth: /^held back$/,
    expected: { outcome: DEGRADED, causes: ["buffered", "compressed-stream", "slow-answer"] },
  },
  stripped: {
    title: "Upgrade stripped",
    expert: "the upgrade does not reach the application: pass its headers on",
    truth: /^refused(, polling flows)?$/,
    expected: { outcome: DEGRADED, causes: ["upgrade-stripped", "websocket-forbidden"] },
  },
  idle: {
    title: "Cut when idle",
    expert: "it is cut when nothing has come for 3 s: raise the limit on silence",
    truth: /^cut$/,
    expected: { outcome: DEGRADED, causes: ["idle-cut"] },
    quiet: true,
    toTheEnd: true,
  },
  age: {
    title: "Cut at an age",
    expert: "it is cut after 3 s, though data flows: raise the limit on the whole time",
    truth: /^cut$/,
    expected: { outcome: DEGRADED, causes: ["age-cut"] },
    toTheEnd: true,
  },
  ageOfAnswers: {
    title: "Cut at an age",
    expert: "it is cut after 3 s, though data flows: raise the limit on the whole time",
    truth: /^cut$/,
    expected: { outcome: DEGRADED, causes: ["age-cut"] },
    toTheEnd: true,
  },
  deflate: {
    title: "Compressed frames that do not come through",
    expert:
      "compression is agreed on by the application, and the way breaks it: pass the header on, or turn compression off",
    truth: /^broken frames(, polling flows)?$/,
    expected: { outcome: DEGRADED, causes: ["deflate-broken"] },
  },
};
