// python-socketio 5, which speaks Engine.IO 4, and 4.6, which speaks 3.

import path from "node:path";
import { describe } from "node:test";

import { CACHE, testReaders } from "./reading.js";

const PROGRAM = path.join(import.meta.dirname, "python/socketio_readers.py");
const MODES = ["default", "polling", "websocket"];

/** On threads each event is handed over in a thread of its own, so that two may be exchanged. */
const KINDS = {
  threads: { end: "disconnect", inOrder: false },
  asyncio: { end: "disconnect" },
  simple: { end: "whole", inOrder: false },
};

function expected(kinds) {
  const readers = kinds.flatMap((kind) => MODES.map((mode) => [`${kind}, ${mode}`, KINDS[kind]]));
  return Object.fromEntries(readers);
}

describe("python-socketio 5", async () => {
  await testReaders(`${CACHE}/interop/bin/python`, [PROGRAM], expected(["threads", "asyncio", "simple"]));
});

describe("python-socketio 4.6", async () => {
  // It counts characters where the protocol counts UTF-16 units, so a poll that brings an emoji and something after it breaks.
  const program = `${CACHE}/interop-eio3/bin/python`;
  await testReaders(program, [PROGRAM], expected(["threads", "asyncio"]), "narrow");
});
