// Three nodes behind HAProxy that meet in a Redis: what readers on all transports are told, and that they get every stanza once, whatever
// becomes of Redis and of nodes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connect, follow } from "../js/support.js";
import { certificate, folder, TRUSTING } from "../probe/certificates.js";
import { poemFile, startDante } from "../support/dante.js";
import { freePort } from "../support/programs.js";
import { announce, crowd, Redis, startFleet, startNodes, told, until } from "./support.js";

const NODES = 3;
const EACH = 4;
const ALL = 5 * EACH;
const PATIENCE = { timeout: 120_000 };

/** The number that a reader was told last. */
const number = ({ notices }) => notices.findLast(({ event }) => event === "readers");
const announcements = ({ notices }) =>
  notices.filter(({ event }) => event === "announcement").map(({ text }) => text);

/** Waits until every reader has been told of so many readers on so many nodes. */
async function meet(readers, all, nodes) {
  const knows = (reader) => number(reader)?.all === all && number(reader).nodes === nodes;
  await Promise.all(readers.map((reader) => reader.until(knows)));
}

/** Asserts that what came until now came once and in order. */
function assertUnbroken({ transport, stanzas, log }) {
  const indices = stanzas.map(({ place }) => place.index);
  assert.deepEqual(
    indices,
    indices.map((_, at) => at),
    `${transport}: ${log.join()}`,
  );
}

describe("Redis", PATIENCE, () => {
  test("counts meet, announcements reach everybody, and readings don't need it", PATIENCE, async () => {
    const redis = await new Redis().start();
    const poem = poemFile(100_000);
    const { nodes, origin } = await startFleet(NODES, redis, ["--poem", poem, "--interval", "200ms"]);
    const readers = crowd(origin, EACH);
    const note = async (node) => {
      const { status, text } = await told(node, "/health/ready");
      assert.equal(status, 200, "a lost Redis is no reason to take every node out");
      return text.includes("note: Redis is away");
    };
    const everywhere = (condition) => Promise.all(nodes.map((node) => until(() => condition(node))));

    await meet(readers, ALL, NODES);
    assert.equal(new Set(readers.map(({ openings }) => openings[0].node)).size, NODES);
    const here = new Map(readers.map((reader) => [reader.openings[0].node, number(reader).here]));
    assert.equal(
      [...here.values()].reduce((sum, count) => sum + count),
      ALL,
    );
    for (const node of nodes) {
      const { fleet } = JSON.parse((await told(node, "/hosting.json")).text);
      assert.deepEqual(fleet, {
        readers: ALL,
        nodes: NODES,
        redisConnected: true,
      });
      const metrics = (await told(node, "/metrics")).text;
      assert.match(
        metrics,
        new RegExp(`^dante_fleet_readers ${ALL}\ndante_fleet_nodes ${NODES}$`.replace("\n", "$[^]*^"), "m"),
      );
      assert.match(metrics, /^dante_fleet_redis_away 0$/m);
    }

    // A client that asks for nothing hears announcements, and no numbers.
    const plain = follow(connect("2", nodes[0].origin, { transports: ["polling"] }));
    await plain.more(1);
    await meet(readers, ALL + 1, NODES);
    const hear = async (text) => {
      assert.deepEqual(await announce(text, redis), {
        code: 0,
        said: `announced to the readers of ${NODES} nodes\n`,
      });
      const hears = (reader) => announcements(reader).at(-1) === text;
      await Promise.all([plain, ...readers].map((reader) => reader.until(hears)));
    };
    await hear("Nel mezzo");
    assert.deepEqual(plain.notices, [{ ...plain.notices[0], event: "announcement", text: "Nel mezzo" }]);
    assert.match(plain.notices[0].at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    // Killed.
    await redis.kill();
    await everywhere(note);
    assert.equal((await announce("nobody", redis)).code, 1);
    await Promise.all(readers.map((reader) => reader.more(3)));
    await redis.start();
    await everywhere(async (node) => !(await note(node)));
    await meet(readers, ALL + 1, NODES);
    await hear("del cammin");

    // Emptied.
    assert.equal(await redis.ask("FLUSHALL"), "+OK\r\n");
    await hear("di nostra");

    // So slow that it says nothing.
    redis.child.kill("SIGSTOP");
    await everywhere(note);
    for (const node of nodes) {
      assert.match((await told(node, "/metrics")).text, /^dante_fleet_redis_away 1$/m);
    }
    await Promise.all(readers.map((reader) => reader.more(3)));
    redis.child.kill("SIGCONT");
    await everywhere(async (node) => !(await note(node)));
    await meet(readers, ALL + 1, NODES);
    await hear("vita");

    for (const reader of readers) {
      assert.deepEqual(announcements(reader), ["Nel mezzo", "del cammin", "di nostra", "vita"]);
      assert.equal(reader.openings.length, 1, `${reader.transport} was cut off`);
      assertUnbroken(reader);
    }
  });
});

describe("nodes", PATIENCE, () => {
  test("one is killed and one drained, and each reader gets every stanza once", PATIENCE, async () => {
    const redis = await new Redis().start();
    const { nodes, origin } = await startFleet(NODES, redis, [
      "--poem",
      poemFile(100_000),
      "--interval",
      "100ms",
    ]);
    const readers = crowd(origin, EACH);
    await meet(readers, ALL, NODES);
    await Promise.all(readers.map((reader) => reader.more(5)));
    const name = async (node) => JSON.parse((await told(node, "/hosting.json")).text).node;
    const [killed, drained, left] = await Promise.all(nodes.map(name));
    const began = (node) => readers.some(({ openings }) => openings[0].node === node);
    assert.ok(began(killed) && began(drained), "nobody is on the nodes that end");

    nodes[0].child.kill("SIGKILL");
    await meet(readers, ALL, NODES - 1);
    await nodes[1].end("SIGTERM");
    await meet(readers, ALL, 1);
    await Promise.all(readers.map((reader) => reader.more(5)));

    for (const reader of readers) {
      assert.equal(reader.openings.at(-1).node, left);
      assertUnbroken(reader);
    }
  });
});

describe("at the start", PATIENCE, () => {
  test("a Redis that is not there, or doesn't let us in, is named without the password", async () => {
    const redis = await new Redis(["--requirepass", "other"]).start();
    for (const url of ["redis://dante:hush@127.0.0.1:1/0", `${redis.url}?pass=hush`]) {
      const { code, said } = await announce("x", { url });
      assert.equal(code, 1);
      assert.match(said, /^dante: Redis at \S+ cannot be used: .*; check --redis \(or DANTE_REDIS\)/);
      assert.ok(!said.includes("hush"), said);
      await assert.rejects(startDante(["--redis", url]), /ended before it listened/);
    }
  });

  test("over TLS its certificate is checked", async () => {
    const { file } = certificate("localhost", { by: "ca" });
    const port = await freePort();
    const tls = {
      port,
      "auth-clients": "no",
      "ca-cert-file": `${folder}/ca.pem`,
      "cert-file": `${file}.pem`,
      "key-file": `${file}.key`,
    };
    const options = Object.entries(tls).flatMap(([name, value]) => [`--tls-${name}`, String(value)]);
    await new Redis(options).start();
    const url = `rediss://localhost:${port}`;
    const { code, said } = await announce("x", { url });
    assert.equal(code, 1);
    assert.match(said, /certificate/i);
    await startDante(["--redis", url], { env: TRUSTING });
    const trusting = await announce("x", { url, env: TRUSTING });
    assert.equal(trusting.said, "announced to the readers of 1 node\n");
  });

  test("an account needs no more rights than docs/fleet.md gives it", async () => {
    const rights =
      "on >hush resetchannels &dante:0:* ~dante:0:* -@all +publish +subscribe +hgetall +hset +hsetnx +hdel +expire";
    const users = ["--user", "default", "off", "--user", "dante", ...rights.split(" ")];
    const redis = await new Redis(users).start();
    redis.url = `${redis.url}?user=dante&pass=hush`;
    const [node] = await startNodes(1, redis, []);
    assert.deepEqual(await announce("x", redis), {
      code: 0,
      said: "announced to the readers of 1 node\n",
    });
    assert.ok((await told(node, "/hosting.json")).text.includes('"redisConnected":true'));
    // Another database is another fleet; this account may not go there.
    assert.equal((await announce("x", { url: `${redis.url}&db=1` })).code, 1);
  });
});
