// The cases of the Autobahn test suite for WebSocket (RFC 6455), on both of Dante's. It echoes nothing, so no echo is expected.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import { startDante } from "../support/dante.js";
import { CACHE } from "./reading.js";

const PROGRAM = path.join(import.meta.dirname, "python/run_cases.py");
const PATIENCE_MS = 120_000;

/** The categories of the suite, and how many cases each has. */
const CATEGORIES = {
  1: ["framing", 16],
  2: ["pings and pongs", 11],
  3: ["reserved bits", 7],
  4: ["reserved opcodes", 10],
  5: ["fragments", 20],
  6: ["UTF-8", 145],
  7: ["closing", 37],
  10: ["automatic fragments", 1],
};

/** How much a reader may send in one message, in bytes. */
const LARGEST = 4096;

/** The cases that send more. They are closed with 1009 (RFC 6455, 7.4.1). */
const TOO_LARGE = ["1.1.6", "1.1.7", "1.1.8", "1.2.6", "1.2.7", "1.2.8", "7.1.6", "10.1.1"];

/** What is right; the last two are where the RFC leaves it open, or leaves open when. */
const BEHAVIOR = ["OK", "NON-STRICT", "INFORMATIONAL"];
const CLOSE = ["OK", "INFORMATIONAL"];

/** Runs the cases of these categories, and gives how each went. */
async function run(pathname, categories) {
  const dante = await startDante(["--interval", "1h"]);
  const args = [
    PROGRAM,
    `${CACHE}/interop-autobahn`,
    "127.0.0.1",
    String(dante.port),
    pathname,
    ...categories,
  ];
  const { stdout } = await promisify(execFile)(`${CACHE}/interop/bin/python`, args, { timeout: PATIENCE_MS });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function testCategories(name, pathname, categories) {
  describe(name, { timeout: PATIENCE_MS }, () => {
    const results = run(pathname, categories);
    // Each test awaits it; what fails before the first of them does is theirs to tell.
    results.catch(() => {});
    for (const category of categories) {
      const [about, count] = CATEGORIES[category];
      test(`${category}, ${about}`, async () => {
        const all = (await results).filter((result) => result.case.split(".")[0] === category);
        assert.equal(all.length, count);
        const tooLarge = all.filter(({ largest }) => largest > LARGEST);
        assert.deepEqual(
          Object.fromEntries(tooLarge.map((result) => [result.case, result.code])),
          Object.fromEntries(
            TOO_LARGE.filter((one) => one.split(".")[0] === category).map((one) => [one, 1009]),
          ),
        );
        const wrong = all
          .filter((result) => !TOO_LARGE.includes(result.case))
          .filter(({ behavior, close }) => !BEHAVIOR.includes(behavior) || !CLOSE.includes(close));
        assert.deepEqual(wrong, []);
      });
    }
  });
}

testCategories("plain WebSocket", "/websocket/ws", Object.keys(CATEGORIES));
// Those without texts, or whose texts come before what breaks the connection: no text of the suite is a packet of Engine.IO.
testCategories("Socket.IO's WebSocket", "/socket.io/?EIO=4&transport=websocket", ["2", "3", "4"]);
