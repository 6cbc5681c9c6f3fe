// What is kept of the frames of a stream (static/js/frame-log.js, static/js/stream/frames.js), and of all that it reports
// (static/js/recorded.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FrameLog, KEPT, clean } from "../../static/js/frame-log.js";
import { recorded } from "../../static/js/recorded.js";
import { nameOf, size, watchEngine } from "../../static/js/stream/frames.js";

const NOON = new Date("2026-11-27T12:00:00.250Z");

describe("what is in a message of Socket.IO", () => {
  for (const [data, expected] of [
    ['2["divinecomedy","Midway upon",{"index":0}]', "divinecomedy"],
    ['2/chat,["sendMessage",{}]', "sendMessage"],
    ['2/chat,17["ask"]', "ask"],
    ['51-["picture",{"_placeholder":true}]', "picture"],
    ['0{"sid":"abc"}', "connect"],
    ['0{"token":"secret"}', "connect"],
    ["430[]", "connect_error"],
    ["31[true]", "ack"],
    ["1", "disconnect"],
    ['2["a\\"b"]', "event"],
    ["2[7]", "event"],
    ["x", undefined],
    ["", undefined],
    [undefined, undefined],
    [new ArrayBuffer(2), "attachment"],
  ]) {
    test(`${data}`, () => assert.equal(nameOf(data), expected));
  }
});

describe("sizes are those on the wire", () => {
  for (const [data, expected] of [
    ["", 0],
    ["ab", 2],
    ["orïental zaffiro", 17],
    [new ArrayBuffer(7), 7],
    [new Blob(["ïï"]), 4],
    [undefined, 0],
  ]) {
    test(`${data}`, () => assert.equal(size(data), expected));
  }
});

describe("a log", () => {
  test("keeps the newest lines of each stream, apart from those of others", () => {
    const log = new FrameLog(() => NOON);
    for (let bytes = 0; bytes < KEPT + 5; bytes += 1) {
      log.heard("sse", "frame", [{ way: "in", kind: "event", bytes }]);
    }
    log.heard("websocket", "frame", [{ way: "out", kind: "text" }]);
    const bytes = log.of("sse").map((line) => line.bytes);
    assert.deepEqual([bytes.length, bytes[0], bytes.at(-1)], [KEPT, 5, KEPT + 4]);
    assert.equal(log.of("websocket").length, 1);
    assert.deepEqual(log.of("socketio"), []);
  });

  for (const [event, values, expected] of [
    ["connecting", ["/dante/socket.io/"], { kind: "attempt", note: "/dante/socket.io/" }],
    ["connected", ["polling"], { kind: "connected", transport: "polling" }],
    ["blocked", ["websocket blocked"], { kind: "blocked", note: "websocket blocked" }],
    ["lost", ["close 1006", 17], { kind: "lost", note: "close 1006" }],
    ["refused", ["404 Not Found"], { kind: "refused", note: "404 Not Found" }],
    ["ended", [], { kind: "ended" }],
  ]) {
    test(`has a line for ${event}`, () => {
      const log = new FrameLog(() => NOON);
      log.heard("socketio", event, values);
      const [line] = JSON.parse(JSON.stringify(log.of("socketio")));
      assert.deepEqual(line, { way: "", ...expected, date: NOON.toISOString() });
    });
  }

  test("has none for stanzas, whose frames it has, and tells of a line only who looks", () => {
    const log = new FrameLog(() => NOON);
    let told = 0;
    log.heard("sse", "connecting", ["/"]);
    log.changed = () => (told += 1);
    log.heard("sse", "stanza", ["text", {}, 1]);
    assert.equal(told, 0);
    log.heard("sse", "ended", []);
    assert.deepEqual([log.of("sse").length, told], [2, 1]);
  });

  for (const [note, expected] of [
    ["no answer", "no answer"],
    ["GET /socket.io/?EIO=4&sid=p8k2&t=1", "GET /socket.io/?EIO=4&sid=…&t=1"],
    ["x".repeat(500), "x".repeat(120)],
    ["", undefined],
    [undefined, undefined],
  ]) {
    test(`a note is clean: ${String(note).slice(0, 40)}`, () => assert.equal(clean(note), expected));
  }
});

/** An emitter as those of Socket.IO's client. */
function emitter(more = {}) {
  const heard = new Map();
  return {
    on: (event, listener) => heard.set(event, [...(heard.get(event) ?? []), listener]),
    emit: (event, ...values) => heard.get(event)?.forEach((listener) => listener(...values)),
    ...more,
  };
}

describe("an engine of Socket.IO", () => {
  /** What an engine tells while something is done to it. */
  function told(transport, act) {
    const frames = [];
    const engine = emitter({ transport });
    watchEngine(engine, { frame: (frame) => frames.push(JSON.parse(JSON.stringify(frame))) });
    act(engine);
    return frames;
  }

  test("tells its packets, and never what is in them", () => {
    const frames = told(emitter({ name: "websocket" }), (engine) => {
      engine.emit("packet", { type: "open", data: '{"sid":"secret-sid"}' });
      engine.emit("packetCreate", { type: "message", data: '0{"token":"secret-token"}' });
      engine.emit("packet", { type: "message", data: '2["divinecomedy","Midway"]' });
      engine.emit("packet", { type: "ping" });
    });
    const transport = "websocket";
    assert.deepEqual(frames, [
      { way: "in", kind: "open", transport, bytes: 21 },
      { way: "out", kind: "message", transport, name: "connect", bytes: 26 },
      { way: "in", kind: "message", transport, name: "divinecomedy", bytes: 27 },
      { way: "in", kind: "ping", transport, bytes: 1 },
    ]);
    assert.ok(!JSON.stringify(frames).includes("secret"));
  });

  test("tells how its WebSocket was closed", () => {
    const frames = told(emitter({ name: "websocket" }), ({ transport }) => {
      transport.emit("open");
      transport.emit("close", { context: { code: 1012, reason: "the server is stopping" } });
    });
    assert.deepEqual(frames, [
      { way: "", kind: "open", transport: "websocket" },
      { way: "in", kind: "close", transport: "websocket", code: 1012, note: "the server is stopping" },
    ]);
  });

  test("tells each request of polling, the first one, too, with its status", () => {
    const [first, second, post] = [emitter(), emitter(), emitter()];
    const made = [second, post];
    const polling = emitter({ name: "polling", pollXhr: first, request: () => made.shift() });
    const frames = told(polling, ({ transport }) => {
      first.emit("data", "0{}");
      transport.request();
      second.emit("error", 502);
      transport.request({ method: "POST", data: "40" });
      post.emit("data", "ok");
    });
    assert.deepEqual(frames, [
      { way: "in", kind: "GET", transport: "polling", code: 200, bytes: 3 },
      { way: "in", kind: "GET", transport: "polling", code: 502, note: "error" },
      { way: "out", kind: "POST", transport: "polling", code: 200, bytes: 2 },
    ]);
  });

  test("is not watched for a listener who does not care", () => {
    const engine = emitter({ transport: emitter() });
    watchEngine(engine, {});
    engine.emit("packet", { type: "ping" });
  });
});

describe("a recorded listener", () => {
  test("is told what it was told before, after the records", () => {
    const calls = [];
    const record = { heard: (...heard) => calls.push(["record", ...heard]) };
    const listener = { lost: (...values) => calls.push(["listener", ...values]) };
    const both = recorded(listener, "sse", [record]);
    both.lost("no answer", null);
    both.frame({ way: "in", kind: "event" });
    assert.deepEqual(calls, [
      ["record", "sse", "lost", ["no answer", null]],
      ["listener", "no answer", null],
      ["record", "sse", "frame", [{ way: "in", kind: "event" }]],
    ]);
  });

  test("has only what the listener has: streams ask for what it wants to hear", () => {
    const both = recorded({ lost() {}, readers() {} }, "sse", []);
    assert.deepEqual(
      ["frame", "lost", "readers", "heard"].map((name) => typeof both[name]),
      ["function", "function", "function", "undefined"],
    );
  });
});
