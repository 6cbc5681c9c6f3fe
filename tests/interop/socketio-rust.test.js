// rust_socketio, on threads and with async; the program is in rust/.

import { describe } from "node:test";

import { CACHE, testReaders } from "./reading.js";

const MODES = ["any", "polling", "websocket", "upgrade"];

const readers = ["threads", "async"].flatMap((kind) => MODES.map((mode) => `${kind}, ${mode}`));

describe("rust_socketio", async () => {
  const expected = Object.fromEntries(readers.map((name) => [name, { end: "close" }]));
  await testReaders(`${CACHE}/interop-rust/debug/dante-interop`, [], expected);
});
