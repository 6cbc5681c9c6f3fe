// The page's own streams (static/js/stream/) at a server that has no room: they say so, wait as long as the server wants and longer each
// time, and get in when there is room.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";

import { EventSource } from "eventsource";
import { io } from "socket.io-client-4";
import { WebSocket } from "ws";

import { Reading } from "../../static/js/reading.js";
import { PATIENCE_MS } from "../../static/js/stream/causes.js";
import { diagnose, waitForRoom } from "../../static/js/stream/diagnose.js";
import { open } from "../../static/js/stream/stream.js";
import { startDante } from "../support/dante.js";

/** A browser throws nothing where nobody listens for errors. */
class BrowserSocket extends WebSocket {
  constructor(...values) {
    super(...values);
    this.on("error", () => {});
  }
}

let page = "";
Object.assign(globalThis, {
  window: globalThis,
  EventSource,
  WebSocket: BrowserSocket,
  // A browser takes the page's own host.
  io: (options) => io(page, options),
});

/** A stream of the page, with what it reports as events: `lost` with the reason and the wait in milliseconds. */
function openAt(origin, choice) {
  const root = new URL(`${origin}/`);
  page = root.origin;
  const news = new EventEmitter();
  const listener = new Proxy(
    {},
    {
      get: (_, name) =>
        name === "lost"
          ? (reason, retryAt) => news.emit("lost", reason, retryAt - performance.now())
          : (...values) => news.emit(name, ...values),
    },
  );
  const reading = new Reading(0, 5, undefined);
  const places = { root, websocket: new URL("websocket/ws", root), transports: ["websocket", "polling"] };
  return { news, stream: open(choice, reading, listener, places) };
}

/** What a full server asks for, in milliseconds, and a little for clocks. */
const WISH_MS = 10_000;
const SLACK_MS = 200;

describe("a server without room", { timeout: 60_000 }, () => {
  for (const choice of ["socketio", "socketio-polling", "websocket", "sse"]) {
    test(`${choice}: waits, longer each time, and gets in`, async () => {
      const dante = await startDante(["--interval", "1h", "--max-readers", "1"]);
      const first = openAt(dante.origin, "sse");
      await once(first.news, "stanza");
      const { news, stream } = openAt(dante.origin, choice);
      news.on("refused", (reason) => assert.fail(`it gives up: ${reason}`));
      for (const least of [WISH_MS, 2 * WISH_MS]) {
        const [reason, wait] = await once(news, "lost");
        assert.ok(reason.split(", ").at(-1).startsWith("server-full"), reason);
        assert.ok(wait > least - SLACK_MS && wait <= 1.5 * least, `${wait} ms`);
        stream.retry();
      }
      await once(news, "lost");
      first.stream.close();
      // The server may notice only after this has asked again.
      const got = once(news, "stanza");
      news.on("lost", () => stream.retry());
      stream.retry();
      await got;
      stream.close();
    });
  }

  for (const [message, isFull] of [
    ["server-full", true],
    ["address-full: the limit of 50 for readers from one address is reached at yours", true],
    ["bad-from: x is no stanza", false],
    ["server-fullness", false],
  ]) {
    test(`${message} is ${isFull ? "a reason" : "no reason"} to wait`, () => {
      assert.equal(waitForRoom(message), isFull ? WISH_MS : 0);
    });
  }

  for (const [status, headers, least, most] of [
    [503, { "retry-after": "120" }, 120_000, 120_000],
    [503, { "retry-after": new Date(Date.now() + 1_000_000).toUTCString() }, 900_000, 1_000_000],
    // No timer is so long.
    [503, { "retry-after": "99999999" }, 3_600_000, 3_600_000],
    [503, { "retry-after": "soon" }, 0, 0],
    [503, {}, 0, 0],
    [429, {}, WISH_MS, WISH_MS],
    [429, { "retry-after": "7" }, 7000, 7000],
  ]) {
    test(`${status} ${JSON.stringify(headers)}`, async () => {
      const proxy = createServer((_, answer) => answer.writeHead(status, headers).end("wait"));
      await once(proxy.listen(0, "127.0.0.1"), "listening");
      const failure = await diagnose(new URL(`http://127.0.0.1:${proxy.address().port}/`), PATIENCE_MS);
      proxy.close();
      assert.equal(failure.kind, "lost");
      assert.ok(failure.waitMs >= least && failure.waitMs <= most, `${failure.waitMs} ms`);
    });
  }
});
