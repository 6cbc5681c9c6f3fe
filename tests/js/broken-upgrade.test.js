// The official clients, which poll first, behind a host that grants the upgrade to WebSocket and then breaks it: long polling goes on.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { BREAKAGES, startBreaker } from "../support/breaker.js";
import { poemFile, startDante } from "../support/dante.js";
import { connect, END, follow, VERSIONS } from "./support.js";

const STANZAS = 60;
// With the last one, the WebSocket has taken over by the time that it breaks: that is a cut like any other.
const BROKEN = /** @type {import("../support/breaker.js").Breakage[]} */ (
  Object.keys(BREAKAGES).filter((breakage) => breakage !== "end-later")
);
const DEFAULT_ORDER = { transports: ["polling", "websocket"] };

describe("an upgrade that is granted and breaks", { concurrency: true, timeout: 60_000 }, () => {
  for (const breakage of BROKEN) {
    for (const version of Object.keys(VERSIONS)) {
      test(`${breakage}: client ${version} reads the whole poem in one session`, async () => {
        const { origin } = await startDante(["--poem", poemFile(STANZAS), "--interval", "50ms"]);
        const host = await startBreaker(origin, breakage);
        const recording = follow(connect(version, host.origin, DEFAULT_ORDER));
        await recording.end();
        recording.assertWhole(STANZAS);
        assert.equal(recording.openings.length, 1, "one session");
        assert.equal(recording.log.at(-1), END);
        assert.ok(host.granted > 0, "no upgrade was tried");
      });
    }
  }
});

test("an upgrade that holds is taken, and nothing is lost", { timeout: 60_000 }, async () => {
  const { origin } = await startDante(["--poem", poemFile(STANZAS), "--interval", "50ms"]);
  for (const version of Object.keys(VERSIONS)) {
    const recording = follow(connect(version, origin, DEFAULT_ORDER));
    await recording.end();
    recording.assertWhole(STANZAS);
    assert.deepEqual(recording.transports, ["polling", "websocket"]);
  }
});
