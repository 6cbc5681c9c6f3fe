// The page's own streams (static/js/stream/) with something on the way that accepts WebSockets and does not pass
// them on. They use what a browser has; here the same comes from the official clients' packages.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";

import { EventSource } from "eventsource";
import { io } from "socket.io-client-4";
import { WebSocket } from "ws";

import { Reading } from "../../static/js/reading.js";
import { open } from "../../static/js/stream/stream.js";
import { poemFile, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";

const STANZAS = 5;
const ARGS = ["--poem", poemFile(STANZAS), "--interval", "20ms"];
/** Long before the client's own timeout of 20 s. */
const SOON_MS = 12_000;

let page = "";
Object.assign(globalThis, {
  window: globalThis,
  EventSource,
  WebSocket,
  // A browser takes the page's own host.
  io: (options) => io(page, options),
});

/** Opens a stream through a relay, and notes what it reports, until one of these events. */
async function listen(choice, transports, relay, ...last) {
  const { origin } = await startRelay(startUnderIisnode({ args: ARGS }).socketPath, relay);
  const root = new URL("/dante/", origin);
  const events = [];
  const start = performance.now();
  const news = new EventEmitter();
  const note = (name, ...values) => {
    events.push([name, ...values].join(" "));
    if (last.includes(name)) news.emit("over");
  };
  const quiet = () => {};
  page = origin;
  const stream = open(
    choice,
    new Reading(0, STANZAS, undefined),
    {
      connecting: () => note("connecting"),
      connected: (transport) => note("connected", transport),
      upgraded: () => note("upgraded"),
      blocked: (reason) => note("blocked", reason),
      opening: quiet,
      stanza: (_text, { index }) => note("stanza", index),
      lost: (reason) => note("lost", reason),
      refused: (reason) => note("refused", reason),
      foreign: quiet,
      ended: () => note("ended"),
      hop: quiet,
    },
    { root, websocket: new URL("websocket/ws", root), transports },
  );
  await once(news, "over");
  stream.close();
  return { events, ms: performance.now() - start };
}

const stanzas = Array.from({ length: STANZAS }, (_, index) => `stanza ${index}`);

describe("a WebSocket that is accepted and not passed on", { concurrency: true, timeout: 60_000 }, () => {
  for (const [mute, reason] of [
    ["close", "websocket closed"],
    ["break", "websocket closed"],
    ["keep", "websocket silent"],
  ]) {
    test(`${mute}: Socket.IO reads by polling, and says why`, async () => {
      const { events, ms } = await listen("socketio", ["websocket", "polling"], { mute }, "ended");
      const why = `blocked ${reason}`;
      assert.deepEqual(events, ["connecting", why, why, "connected polling", ...stanzas, "ended"]);
      assert.ok(ms < SOON_MS, `${ms} ms`);
    });

    test(`${mute}: Socket.IO over WebSocket alone says that it does not get through`, async () => {
      const { events, ms } = await listen("socketio-websocket", [], { mute }, "lost", "ended");
      assert.deepEqual(events, ["connecting", "lost websocket blocked"]);
      assert.ok(ms < SOON_MS, `${ms} ms`);
    });
  }

  for (const mute of ["close", "break"]) {
    test(`${mute}: plain WebSocket never stood, and says that it does not get through`, async () => {
      const { events } = await listen("websocket", [], { mute }, "lost", "ended");
      assert.deepEqual(events, ["connecting", "lost websocket blocked"]);
    });
  }
});

describe("the page's streams with nothing in the way", { concurrency: true, timeout: 60_000 }, () => {
  for (const [choice, transport] of [
    ["socketio", "websocket"],
    ["socketio-polling", "polling"],
    ["websocket", "websocket"],
    ["sse", "sse"],
  ]) {
    test(`${choice}: connects, reads and ends`, async () => {
      const { events } = await listen(choice, ["websocket", "polling"], {}, "ended");
      assert.deepEqual(events, ["connecting", `connected ${transport}`, ...stanzas, "ended"]);
    });
  }
});
