// Rooms, for the official clients: all in one hear the same, and who has its token conducts it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { poemFile, startDante } from "../support/dante.js";
import { connect, follow, readSse, readWebSocket, VERSIONS } from "./support.js";

const TOKEN = "a-token-that-nobody-guesses";
const MODES = { default: {}, polling: { transports: ["polling"] }, websocket: { transports: ["websocket"] } };

const STANZAS = 2000;
const args = ["--poem", poemFile(STANZAS), "--interval", "50ms"];

/** A client of Socket.IO in a room. Those of version 2 have no `auth`. */
function join(version, origin, room, options = {}, auth = {}) {
  const asked = version === "2" ? { query: { room } } : { auth: { room, ...auth } };
  return connect(version, origin, { ...options, ...asked });
}

/** Emits an event; what the acknowledgement says. */
function ask(socket, event, ...data) {
  return new Promise((resolve) => socket.emit(event, ...data, resolve));
}

function last(recording) {
  return recording.stanzas.at(-1)?.place.index;
}

describe("rooms", { concurrency: true, timeout: 60_000 }, () => {
  test("readers of all clients and transports are at one place", async () => {
    const dante = await startDante(args);
    const readers = {
      websocket: readWebSocket(dante.origin, { room: "a" }),
      sse: readSse(dante.origin, "?room=a"),
    };
    for (const version of Object.keys(VERSIONS)) {
      for (const [mode, options] of Object.entries(MODES)) {
        readers[`Socket.IO ${version}, ${mode}`] = follow(join(version, dante.origin, "a", options));
      }
    }
    const conductor = join("4", dante.origin, "a", MODES.websocket, { conduct: TOKEN });
    const all = { ...readers, conductor: follow(conductor) };
    const reach = (index) =>
      Promise.all(Object.values(all).map((recording) => recording.until(() => last(recording) === index)));

    await Promise.all(Object.values(all).map((recording) => recording.more(5)));
    const held = await ask(conductor, "hold");
    assert.deepEqual([held.name, held.held, held.readers], ["a", true, Object.keys(all).length]);
    await reach(held.place);
    for (const [name, { stanzas }] of Object.entries(all)) {
      const indices = stanzas.map(({ place }) => place.index);
      const expected = Array.from(indices, (_, at) => held.place + 1 - indices.length + at);
      assert.deepEqual(indices, expected, name);
    }

    const counts = Object.values(all).map(({ stanzas }) => stanzas.length);
    assert.equal((await ask(conductor, "jump", 1500)).place, 1500);
    await reach(1500);
    assert.equal((await ask(conductor, "go-on")).held, false);
    await Promise.all(Object.values(all).map((recording) => recording.until(() => last(recording) >= 1505)));
    Object.entries(all).forEach(([name, { stanzas }], at) => {
      const since = stanzas.slice(counts[at], counts[at] + 6).map(({ place }) => place.index);
      assert.deepEqual(since, [1500, 1501, 1502, 1503, 1504, 1505], name);
    });

    await ask(conductor, "jump", STANZAS - 1);
    await Promise.all(Object.values(all).map((recording) => recording.end()));
    for (const [name, recording] of Object.entries(all)) assert.equal(last(recording), STANZAS - 1, name);
  });

  test("a reader that comes back finds the room's place", async () => {
    const dante = await startDante(args);
    const [one, other] = [join("4", dante.origin, "a"), join("4", dante.origin, "a")];
    const stayed = follow(one);
    const left = follow(other);
    await left.more(2);
    other.io.engine.close();
    await stayed.more(10);
    await left.until(() => left.openings.length === 2);
    await left.more(2);
    const [{ from }] = left.openings.slice(1);
    const again = left.log.lastIndexOf("reading");
    assert.deepEqual(left.log.slice(again, again + 3), ["reading", from, from + 1]);
  });

  for (const version of Object.keys(VERSIONS)) {
    test(`a client of Socket.IO ${version} shows the token by an event`, async () => {
      const dante = await startDante(args);
      const socket = join(version, dante.origin, "a");
      const { error } = await ask(socket, "hold");
      assert.match(error, /^not-the-conductor: /u);
      assert.match((await ask(socket, "conduct", "short")).error, /^bad-conduct: /u);
      assert.deepEqual((await ask(socket, "conduct", TOKEN)).held, false);
      const told = new Promise((resolve) => socket.on("room", (room) => room.held && resolve(room)));
      const held = await ask(socket, "hold");
      assert.deepEqual(await told, held);
      assert.match((await ask(socket, "jump", "x")).error, /^bad-jump: /u);
      assert.match((await ask(socket, "jump", STANZAS)).error, /^bad-jump: /u);

      const stranger = join("4", dante.origin, "a", {}, { conduct: "another-token-of-somebody" });
      const [refusal] = await once(stranger, "connect_error");
      assert.match(refusal.message, /^not-the-conductor: /u);
      const reader = join("4", dante.origin, "a");
      assert.match(
        (await ask(reader, "conduct", "another-token-of-somebody")).error,
        /^not-the-conductor: /u,
      );
      assert.match((await ask(reader, "go-on")).error, /^not-the-conductor: /u);
    });
  }
});
