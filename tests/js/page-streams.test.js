// The page's own streams (static/js/stream/) with something on the way that accepts WebSockets and does not pass
// them on. They use what a browser has; here the same comes from the official clients' packages.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, describe, test } from "node:test";

import { EventSource } from "eventsource";
import { io } from "socket.io-client-4";
import { WebSocket } from "ws";

import { Reading } from "../../static/js/reading.js";
import { open } from "../../static/js/stream/stream.js";
import { startBreaker } from "../support/breaker.js";
import { poemFile, startDante, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";

const STANZAS = 5;
/** Enough for two upgrades in the midst of a poem, on a busy machine, too. */
const LONG = 30;
const ARGS = ["--poem", poemFile(STANZAS), "--interval", "20ms"];
/** Before the client's own timeout of 20 s; it takes 9 s on a machine that is busy. */
const SOON_MS = 18_000;

let page = "";
Object.assign(globalThis, {
  window: globalThis,
  EventSource,
  WebSocket,
  // A browser takes the page's own host.
  io: (options) => io(page, options),
});

/** Opens a stream through a stand-in for iisnode, and notes what it reports, until one of these events. */
async function listen(choice, transports, relay, ...last) {
  const { origin } = await startRelay(startUnderIisnode({ args: ARGS }).socketPath, relay);
  return listenAt(`${origin}/dante/`, choice, transports, last);
}

/** The same through a host that grants WebSockets and breaks them. */
async function listenBroken(choice, transports, breakage, ...last) {
  const count = breakage === "end-later" ? LONG : STANZAS;
  const { origin } = await startDante(["--poem", poemFile(count), "--interval", "500ms"]);
  const relay = await startBreaker(origin, breakage);
  return { relay, ...(await listenAt(`${relay.origin}/`, choice, transports, last, count)) };
}

async function listenAt(address, choice, transports, last, count = STANZAS) {
  const root = new URL(address);
  const events = [];
  const start = performance.now();
  const news = new EventEmitter();
  const note = (name, ...values) => {
    events.push([name, ...values].join(" "));
    if (last.includes(name)) news.emit("over");
  };
  const quiet = () => {};
  page = root.origin;
  const reading = new Reading(0, count, undefined);
  const stream = open(
    choice,
    reading,
    {
      connecting: () => note("connecting"),
      connected: (transport) => note("connected", transport),
      upgraded: () => note("upgraded"),
      blocked: (reason) => note("blocked", reason),
      opening: (opening) => reading.opened(opening),
      stanza(_text, place) {
        reading.received(place);
        note("stanza", place.index);
      },
      lost: (reason) => note("lost", reason),
      refused: (reason) => note("refused", reason),
      foreign: quiet,
      ended: () => note("ended"),
      hop: quiet,
    },
    { root, websocket: new URL("websocket/ws", root), transports },
  );
  // A stream that a test no longer waits for would go on for ever.
  after(() => stream.close());
  await once(news, "over");
  stream.close();
  return { events, ms: performance.now() - start };
}

const stanzasOf = (count) => Array.from({ length: count }, (_, index) => `stanza ${index}`);
const stanzas = stanzasOf(STANZAS);

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
      assert.deepEqual(events, ["connecting", `lost ${reason}`]);
      assert.ok(ms < SOON_MS, `${ms} ms`);
    });
  }

  for (const mute of ["close", "break"]) {
    test(`${mute}: plain WebSocket never stood, and says that it does not get through`, async () => {
      const { events } = await listen("websocket", [], { mute }, "lost", "ended");
      assert.deepEqual(events, ["connecting", "lost websocket closed"]);
    });
  }
});

describe("a WebSocket that is granted, and then broken", { concurrency: true, timeout: 60_000 }, () => {
  const BOTH = ["websocket", "polling"];
  for (const [breakage, why] of Object.entries({
    reset: "websocket closed",
    end: "websocket closed",
    "reset-frames": "websocket closed",
    "client-swallowed": "websocket unheard",
    "server-swallowed": "websocket silent",
    swallowed: "websocket silent",
  })) {
    test(`${breakage}: Socket.IO reads by polling, and says why`, async () => {
      const { events, ms, relay } = await listenBroken("socketio", BOTH, breakage, "ended");
      const blocked = `blocked ${why}`;
      assert.deepEqual(events, ["connecting", blocked, blocked, "connected polling", ...stanzas, "ended"]);
      assert.ok(ms < SOON_MS, `${ms} ms`);
      assert.equal(relay.granted, 1);
    });

    test(`${breakage}: Socket.IO over WebSocket alone says that it does not get through`, async () => {
      const { events } = await listenBroken("socketio-websocket", [], breakage, "lost", "ended");
      assert.deepEqual(events, ["connecting", `lost ${why}`]);
    });

    test(`${breakage}: so does plain WebSocket, unless it only listens`, async () => {
      const { events } = await listenBroken("websocket", [], breakage, "lost", "ended");
      const hears = ["client-swallowed", "reset-frames"].includes(breakage);
      const heard = ["connecting", "connected websocket", ...stanzas, "ended"];
      assert.deepEqual(events, hears ? heard : ["connecting", `lost ${why}`]);
    });
  }

  for (const [first, ...way] of [
    ["websocket", "connected websocket"],
    ["polling", "connected polling", "upgraded"],
  ]) {
    test(`end-later, ${first} first: what breaks off twice within seconds is not tried a third time`, async () => {
      const transports = first === "polling" ? BOTH.toReversed() : BOTH;
      const { events, relay } = await listenBroken("socketio", transports, "end-later", "ended");
      assert.deepEqual(
        events.filter((event) => event.startsWith("stanza")),
        stanzasOf(LONG),
      );
      const connections = events.filter((event) => !event.startsWith("stanza"));
      const broken = ["connecting", ...way, "lost transport close"];
      const blocked = "blocked websocket broke";
      assert.deepEqual(connections, [...broken, ...broken, blocked, blocked, "connected polling", "ended"]);
      assert.equal(relay.granted, 2);
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
