// A new process takes over from an old one on the same port: nobody is refused, and no stanza is lost or repeated.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";

import { poemFile, startDante } from "../support/dante.js";
import { readSocketIo, readSse, readWebSocket, VERSIONS } from "./support.js";

const STANZAS = 200;
const TIMES = 5;
const EACH = 6;
const ARGS = ["--poem", poemFile(STANZAS), "--interval", "100ms", "--reuse-port"];

/** Asks over fresh connections, one after the other, until `isOver`; returns how often, and fails if one is refused or reset. */
async function keepAsking(origin, isOver) {
  let asked = 0;
  while (!isOver()) {
    const [response] = await once(http.get(`${origin}/hosting.json`, { agent: false }), "response");
    response.resume();
    await once(response, "end");
    assert.equal(response.statusCode, 200);
    asked += 1;
  }
  return asked;
}

test("a process hands its port over again and again", { timeout: 120_000 }, async () => {
  let dante = await startDante(ARGS);
  const { origin } = dante;
  const readers = Array.from({ length: EACH }, () => [
    readWebSocket(origin),
    readSse(origin),
    ...Object.keys(VERSIONS).map((version) => readSocketIo(version, origin, { transports: ["websocket"] })),
  ]).flat();
  let isOver = false;
  const asking = keepAsking(origin, () => isOver);
  for (let time = 0; time < TIMES; time += 1) {
    // Event sources wait for a second before they come back, and read on.
    await Promise.all(readers.map((reader) => reader.more(3)));
    const next = await startDante(ARGS, { port: dante.port });
    assert.equal(await dante.end(), 0, "it ends in an orderly way");
    dante = next;
  }
  await Promise.all(readers.map((reader) => reader.end()));
  isOver = true;
  assert.ok((await asking) > TIMES);
  for (const reader of readers) reader.assertWhole(STANZAS);
});
