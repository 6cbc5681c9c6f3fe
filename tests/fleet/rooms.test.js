// Rooms over three nodes that meet in a Redis: all hear the same, whatever becomes of Redis and of nodes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { poemFile } from "../support/dante.js";
import { crowd, order, Redis, startFleet, startNodes, told, TRANSPORTS, until } from "./support.js";

const NODES = 3;
const KINDS = Object.keys(TRANSPORTS).length;
const ROOM = "class-3";
const PATIENCE = { timeout: 150_000 };

const last = ({ stanzas }) => stanzas.at(-1)?.place.index;
const indices = ({ stanzas }) => stanzas.map(({ place }) => place.index);
/** What a reader was told last of its room. */
const room = ({ notices }) => notices.findLast(({ event }) => event === "room");

const all = (readers, condition) => Promise.all(readers.map((reader) => reader.until(condition)));
/** Waits until every reader has been told of so many. */
const meet = (readers, count) => all(readers, (reader) => room(reader)?.readers === count);

/** Asserts that each stanza came after the one before it, but for jumps to these. */
function assertUnbroken(readers, jumps = []) {
  for (const { transport, stanzas, log } of readers) {
    stanzas.slice(1).forEach(({ place: { index } }, at) => {
      const before = stanzas[at].place.index;
      assert.ok(index === before + 1 || jumps.includes(index), `${transport}: ${before}, ${index} in ${log}`);
    });
  }
}

/** One reader on a node. */
const one = (node) =>
  Object.assign(TRANSPORTS.websocket(node.origin, "127.0.0.1", { room: ROOM }), { transport: "websocket" });

/** A reader of each transport on each node, and one of each behind the balancer. */
const join = (nodes, origin) => {
  const direct = nodes.map((node) => crowd(node.origin, 1, { room: ROOM }));
  return { direct, balanced: crowd(origin, 1, { room: ROOM }) };
};

/** What Redis keeps of the room; none if it keeps nothing. */
async function kept(redis, edition, interval) {
  const answer = await redis.ask("HGET", `dante:0:rooms:${edition}:${interval}`, ROOM);
  return answer.includes("{") ? JSON.parse(answer.slice(answer.indexOf("{"))) : undefined;
}

const editionOf = async (node) => JSON.parse((await told(node, "/hosting.json")).text).edition;

describe("rooms", PATIENCE, () => {
  test("all hear the same on all nodes, and obey what is ordered on any", PATIENCE, async () => {
    const redis = await new Redis().start();
    const { nodes, origin } = await startFleet(NODES, redis, ["--poem", poemFile(5000), "--interval", "1s"]);
    const first = one(nodes[0]);
    await first.until((reader) => last(reader) === 3);
    const { direct, balanced } = join(nodes, origin);
    const readers = [first, ...direct.flat(), ...balanced];
    assert.equal(readers.length, 1 + KINDS * (NODES + 1));
    await meet(readers, readers.length);
    for (const { transport, openings } of readers.slice(1)) {
      assert.ok(openings[0].from >= 3, `${transport} has begun at ${openings[0].from}`);
    }

    // An order on each node, for all.
    const held = await order(nodes[1], ROOM, { do: "hold" });
    assert.deepEqual([held.status, held.held, held.readers], [200, true, readers.length]);
    await all(readers, (reader) => room(reader).held);
    assert.equal((await order(nodes[2], ROOM, { do: "jump", to: 500 })).place, 500);
    await all(readers, (reader) => last(reader) === 500);
    assert.equal((await order(nodes[0], ROOM, { do: "hold" }, "another-token-of-somebody")).status, 403);
    assert.equal((await order(nodes[0], ROOM, { do: "go-on" })).held, false);

    // When the first one has a stanza, nobody is more than one behind.
    await all(readers, (reader) => last(reader) >= 508);
    const arrival = (reader, index) => reader.stanzas.find(({ place }) => place.index === index).at;
    for (let index = 501; index < 507; index += 1) {
      const latest = Math.max(...readers.map((reader) => arrival(reader, index)));
      const earliest = Math.min(...readers.map((reader) => arrival(reader, index + 2)));
      assert.ok(latest < earliest, `${index} was ${latest - earliest} ms late`);
    }

    // The node that began it ends, and who was there and can comes back elsewhere.
    const [gone, ...left] = direct;
    nodes[0].child.kill("SIGKILL");
    const stayed = [...left.flat(), ...balanced];
    await meet(stayed, stayed.length);
    const from = Math.max(...stayed.map(last));
    await all(stayed, (reader) => last(reader) >= from + 3);
    assertUnbroken([...gone, first, ...left.flat()], [500]);
    for (const reader of balanced) {
      const after = indices(reader).slice(indices(reader).indexOf(500));
      assert.deepEqual(after, [...new Set(after)], "nothing came twice");
    }
  });

  test("a room outlives all nodes", PATIENCE, async () => {
    const redis = await new Redis().start();
    const args = ["--poem", poemFile(5000), "--interval", "1s"];
    let nodes = await startNodes(NODES, redis, args);
    const edition = await editionOf(nodes[0]);
    const again = async () => {
      await Promise.all(nodes.map((node) => node.end("SIGKILL")));
      nodes = await startNodes(NODES, redis, args);
    };
    const begins = async (node) => {
      const reader = one(node);
      await reader.more(1);
      return reader;
    };

    // Held, it is where it was, and whoever conducted it does.
    await begins(nodes[0]);
    assert.equal((await order(nodes[1], ROOM, { do: "hold" })).held, true);
    assert.equal((await order(nodes[1], ROOM, { do: "jump", to: 700 })).held, true);
    await until(async () => (await kept(redis, edition, 1000))?.place.index === 700);
    await again();
    const reader = await begins(nodes[2]);
    assert.equal(last(reader), 700);
    assert.equal((await order(nodes[0], ROOM, { do: "go-on" }, "another-token-of-somebody")).status, 403);

    // Going, it goes on.
    assert.equal((await order(nodes[0], ROOM, { do: "go-on" })).held, false);
    await reader.more(2);
    const before = last(reader);
    await again();
    const later = await begins(nodes[1]);
    assert.ok(later.openings[0].from >= before, `from ${later.openings[0].from} after ${before}`);

    // With another pace it is another room.
    const [other] = await startNodes(1, redis, [...args.slice(0, -1), "1h"]);
    assert.equal((await begins(other)).openings[0].from, 0);
    await until(async () => (await kept(redis, edition, 3_600_000))?.place.index === 0);
  });

  test("while Redis is away rooms go on, and when it is back they meet", PATIENCE, async () => {
    const redis = await new Redis().start();
    const nodes = await startNodes(NODES, redis, ["--poem", poemFile(5000), "--interval", "1s"]);
    const edition = await editionOf(nodes[0]);
    const away = async (node) => (await told(node, "/health/ready")).text.includes("note: Redis is away");
    const everywhere = (condition) => Promise.all(nodes.map((node) => until(() => condition(node))));
    const readers = nodes.flatMap((node) => crowd(node.origin, 1, { room: ROOM }));
    await meet(readers, readers.length);

    // Killed, and empty when it is back.
    await redis.kill();
    await everywhere(away);
    await Promise.all(readers.map((reader) => reader.more(3)));
    assert.equal((await order(nodes[1], ROOM, { do: "hold" })).held, true);
    await all(readers.slice(KINDS, 2 * KINDS), (reader) => room(reader).held);
    await redis.start();
    await everywhere(async (node) => !(await away(node)));
    await all(readers, (reader) => room(reader).held);
    await meet(readers, readers.length);
    await until(async () => (await kept(redis, edition, 1000))?.place.held);
    const most = Math.max(...readers.map(last));
    await order(nodes[2], ROOM, { do: "go-on" });
    await all(readers, (reader) => last(reader) >= most + 2);

    // Emptied.
    assert.equal(await redis.ask("FLUSHALL"), "+OK\r\n");
    await until(() => kept(redis, edition, 1000));

    // So slow that it says nothing.
    redis.child.kill("SIGSTOP");
    await Promise.all(readers.map((reader) => reader.more(3)));
    await everywhere(away);
    redis.child.kill("SIGCONT");
    await everywhere(async (node) => !(await away(node)));
    await meet(readers, readers.length);
    assertUnbroken(readers);

    await order(nodes[0], ROOM, { do: "jump", to: 1000 });
    await all(readers, (reader) => last(reader) >= 1002);
    assertUnbroken(readers, [1000]);
  });
});
