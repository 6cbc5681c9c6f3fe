// Three nodes behind each balancer, as `dante hosting` prints it for several upstreams, and readers that poll: every poll reaches its node, and
// who was on a node that is killed or drained goes on with another, where every poll reaches it again.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";

import { connect, follow } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { Proxy } from "../support/proxies.js";

const BALANCERS = ["nginx", "apache", "caddy", "haproxy", "traefik"];
/** Longer than the test can take: five minutes. */
const STANZAS = 3000;
const READERS = 24;
/**
 * How many more may be needed until each node has one. Balancers divide addresses by a hash in which the nodes' ports count, and the system
 * chooses those: of 100,000 times, Traefik's hash left one of three nodes without any of 24 readers 256 times, and of 48 never.
 */
const MOST_READERS = 96;
const MORE = 5;
const PATIENCE = { timeout: 120_000 };

/** What happened, to be printed if the test fails. */
class Diary {
  #start = performance.now();
  #lines = [];

  note(...words) {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(3);
    this.#lines.push(`${seconds.padStart(8)} s  ${words.join(" ")}`);
  }

  text() {
    return this.#lines.join("\n");
  }
}

/** A reader that polls, from an address of its own and without cookies, and counts the polls that miss its node. */
function readPolling(origin, at, diary) {
  const agent = new http.Agent({ localAddress: `127.0.0.${at + 2}` });
  const auth = (answer) => answer(recording.request());
  const socket = connect("4", origin, { path: "/dante/socket.io", transports: ["polling"], agent, auth });
  const recording = follow(socket);
  const errors = [];
  const note = (...words) => diary.note(`reader ${at}:`, ...words);
  socket.on("reading", (opening) => note(`on node ${opening.node} from stanza ${opening.from}`));
  socket.on("disconnect", (reason) => note(reason));
  socket.on("connect_error", ({ message, description }) => note(message, description?.status ?? description));
  // Engine.IO's client says of a bad answer which status it had.
  socket.io.on("open", () =>
    socket.io.engine.on("error", ({ description, context }) => {
      errors.push(description?.status ?? description);
      note(`a poll got ${errors.at(-1)}: ${context?.responseText}`);
    }),
  );
  return Object.assign(recording, { errors });
}

const node = ({ openings }) => openings.at(-1)?.node;

/** Asserts that a reader has missed no node, and read every stanza once. */
function assertUntouched({ errors, stanzas }) {
  assert.deepEqual(errors, []);
  const indices = stanzas.map(({ place }) => place.index);
  assert.deepEqual(
    indices,
    indices.map((_, at) => at),
  );
}

async function tryBalancer(name, diary) {
  const proxy = new Proxy(name);
  const args = ["--poem", poemFile(STANZAS), "--interval", "100ms", "--prefix", "/dante"];
  const nodes = await Promise.all([1, 2, 3].map(() => startDante(args)));
  const names = await Promise.all(
    nodes.map(async ({ origin }) => (await (await fetch(`${origin}/hosting.json`)).json()).node),
  );
  nodes.forEach(({ port }, at) => diary.note(`node ${names[at]} listens on port ${port}`));
  const origin = await proxy.start(nodes.flatMap(({ port }) => ["--upstream", `127.0.0.1:${port}`]));
  diary.note(`${name} ${proxy.version} listens`);

  const readers = [];
  const all = (wait) => Promise.all(readers.map(wait));
  const everyNode = () => names.every((one) => readers.some((reader) => node(reader) === one));
  while (readers.length < READERS || (!everyNode() && readers.length < MOST_READERS)) {
    const batch = Array.from({ length: READERS }, (_, at) => readPolling(origin, readers.length + at, diary));
    readers.push(...batch);
    await all((reader) => reader.more(MORE));
  }
  assert.ok(everyNode(), "a node has no readers");
  for (const reader of readers) {
    assertUntouched(reader);
    assert.equal(reader.openings.length, 1);
  }

  const moved = (from) => all((reader) => reader.until(() => !from.includes(node(reader))));
  diary.note(`kill ${names[0]}`);
  nodes[0].child.kill("SIGKILL");
  await moved([names[0]]);
  diary.note(`stop ${names[1]}`);
  assert.equal(await nodes[1].end("SIGTERM"), 0);
  diary.note("it has ended");
  await moved(names.slice(0, 2));
  diary.note("all have moved");
  readers.forEach((reader) => reader.errors.splice(0));
  await all((reader) => reader.more(MORE));
  readers.forEach(assertUntouched);
}

for (const name of BALANCERS) {
  describe(name, PATIENCE, () => {
    test("every poll reaches its node, and no node that has ended", PATIENCE, async ({ signal }) => {
      const diary = new Diary();
      const tell = () => console.error(diary.text());
      // Out of time: nothing is thrown then.
      signal.addEventListener("abort", tell);
      try {
        await tryBalancer(name, diary);
      } catch (cause) {
        throw new Error(`This happened behind ${name}, and then an assertion failed:\n${diary.text()}`, {
          cause,
        });
      } finally {
        signal.removeEventListener("abort", tell);
      }
    });
  });
}
