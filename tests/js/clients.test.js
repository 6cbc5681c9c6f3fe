// The official clients of Socket.IO 4, 3 and 2, on every transport, wherever Dante is hosted.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { poemFile, startDante, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { connect, END, follow, VERSIONS } from "./support.js";

// Long enough for an upgrade to happen in the middle.
const STANZAS = 30;
const INTERVAL_MS = 50;
const ARGS = ["--poem", poemFile(STANZAS), "--interval", `${INTERVAL_MS}ms`];

const alone = await startDante(ARGS);
const prefixed = await startDante([...ARGS, "--prefix", "/dante"]);
const relay = await startRelay(startUnderIisnode({ args: ARGS }).socketPath);
const EDITION = alone.banner.match(/edition (\S+)/)[1];

const HOSTS = {
  "self-hosted at the root": [alone.origin, "/socket.io"],
  "self-hosted under a prefix": [prefixed.origin, "/dante/socket.io"],
  "under iisnode": [relay.origin, "/dante/socket.io"],
  "under iisnode as an application that nobody configured": [relay.origin, "/demo/socket.io"],
};

// The options of each mode, and the transports that must be seen in use.
const MODES = {
  default: [{}, ["polling", "websocket"]],
  polling: [{ transports: ["polling"] }, ["polling"]],
  websocket: [{ transports: ["websocket"] }, ["websocket"]],
};

const followed = [];

for (const [host, [origin, path]] of Object.entries(HOSTS)) {
  describe(host, { concurrency: true, timeout: 30_000 }, () => {
    for (const version of Object.keys(VERSIONS)) {
      for (const [mode, [options, transports]] of Object.entries(MODES)) {
        test(`a client of Socket.IO ${version}, ${mode}`, async () => {
          const socket = connect(version, origin, { path, ...options });
          const connections = [];
          socket.io.on("open", () => connections.push(socket.io.engine));
          const recording = follow(socket);
          followed.push({ name: `${version}, ${mode}, ${host}`, recording, connections });
          await recording.end();

          const stanzas = Array.from({ length: STANZAS }, (_, index) => index);
          assert.deepEqual(recording.log, ["reading", ...stanzas, END]);
          recording.assertWhole(STANZAS);
          assert.deepEqual(recording.transports, transports);
          const [{ node, ...opening }] = recording.openings;
          assert.match(node, /^[0-9a-f]{8}$/);
          assert.deepEqual(opening, { edition: EDITION, of: STANZAS, from: 0, intervalMs: INTERVAL_MS });
        });
      }
    }
  });
}

// By now each had all the time of the readings after it.
test("no client has come back for more", () => {
  assert.equal(followed.length, 36);
  for (const { name, recording, connections } of followed) {
    assert.equal(connections.length, 1, name);
    assert.equal(recording.log.at(-1), END, name);
    assert.equal(connections[0].readyState, "closed", name);
  }
});
