// What Compare says of WebSockets that don't get through (static/js/verdict.js): of which, as it was measured.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

const TABLE = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, "../../templates/strings.json"), "utf8"),
);
globalThis.document = {
  documentElement: { lang: "en" },
  getElementById: (id) => (id === "strings" ? { textContent: JSON.stringify(TABLE.en) } : null),
};
const { verdict } = await import("../../static/js/verdict.js");
const { workOf } = await import("../../static/js/work.js");

/** A column in a state; `first` is when its first stanza came. */
const run = (choice, state, first = state === "streaming" ? 20 : null) => {
  const reason = state === "blocked" ? "websocket blocked" : "";
  const seen = { transport: choice, blocked: null, unanswered: null, cuts: null, burst: null };
  return {
    choice,
    state,
    first,
    reason,
    stood: false,
    burst: { count: 0, late: 0 },
    reading: { gaps: 0, repeats: 0 },
    seen: () => ({ ...seen, reason: reason || null }),
  };
};

/** The sentences, with these states of Socket.IO over WebSocket and of plain WebSocket. */
const said = (socketio, plain) =>
  verdict(
    [
      run("socketio-websocket", socketio),
      run("socketio-polling", "streaming"),
      run("websocket", plain),
      run("sse", "streaming"),
    ],
    ["websocket", "polling"],
    false,
  ).text;

describe("which WebSocket does not get through", () => {
  for (const [socketio, plain, sentence, other] of [
    [
      "blocked",
      "blocked",
      /WebSocket does not get through, neither with Socket\.IO nor plain\./,
      / does\. So/,
    ],
    [
      "blocked",
      "streaming",
      /Socket\.IO over WebSocket does not get through; plain WebSocket does\. So .* routes socket\.io\/\./,
      /Upgrade/,
    ],
    [
      "streaming",
      "blocked",
      /Plain WebSocket does not get through; Socket\.IO over WebSocket does\. So .* routes websocket\/ws\./,
      /Upgrade/,
    ],
    // Of the other one nothing is known.
    ["blocked", "lost", /Socket\.IO over WebSocket does not get through\. .*Upgrade/, /WebSocket does\./],
    ["disallowed", "blocked", /Plain WebSocket does not get through\. .*Upgrade/, /WebSocket does\./],
  ]) {
    test(`Socket.IO ${socketio}, plain ${plain}`, () => {
      const text = said(socketio, plain);
      assert.match(text, sentence);
      assert.doesNotMatch(text, other);
    });
  }

  test("none: all stream", () => {
    assert.match(said("streaming", "streaming"), /^All four transports stream/);
  });
});

describe("what was streamed, by its name", () => {
  const cantos = (canticle, ...numbers) => numbers.map((canto) => ({ canticle, canto }));
  const upTo = (count) => Array.from({ length: count }, (_, at) => at + 1);
  for (const [what, outline, name] of [
    ["no cantos", [], "a text without cantos"],
    ["one canto", cantos("Inferno", 5), "Inferno, Canto V"],
    [
      "the first of each",
      [...cantos("Inferno", 1), ...cantos("Purgatorio", 1), ...cantos("Paradiso", 1)],
      "the opening canto of each canticle",
    ],
    ["some of one", cantos("Inferno", 1, 2, 3), "3 cantos of Inferno"],
    [
      "some of two",
      [...cantos("Inferno", 33, 34), ...cantos("Purgatorio", 1)],
      "3 cantos of Inferno and Purgatorio",
    ],
    [
      "all",
      [
        ...cantos("Inferno", ...upTo(34)),
        ...cantos("Purgatorio", ...upTo(33)),
        ...cantos("Paradiso", ...upTo(33)),
      ],
      "all 100 cantos of Inferno, Purgatorio and Paradiso",
    ],
  ]) {
    test(what, () => {
      // American and British English differ in a comma.
      assert.equal(workOf(outline).replace(", and", " and"), name);
    });
  }
});
