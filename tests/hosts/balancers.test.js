// Three nodes behind each balancer, as `dante hosting` prints it for several upstreams, and readers that poll: every poll reaches its node, and
// who was on a node that is killed or drained goes on with another, where every poll reaches it again.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";

import { connect, follow } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { Proxy } from "../support/proxies.js";

const BALANCERS = ["nginx", "apache", "caddy", "haproxy", "traefik"];
const READERS = 24;
const MORE = 5;
const PATIENCE = { timeout: 120_000 };

/** A reader that polls, from an address of its own and without cookies, and counts the polls that miss its node. */
function readPolling(origin, at) {
  const agent = new http.Agent({ localAddress: `127.0.0.${at + 2}` });
  const auth = (answer) => answer(recording.request());
  const socket = connect("4", origin, { path: "/dante/socket.io", transports: ["polling"], agent, auth });
  const recording = follow(socket);
  const errors = [];
  // Engine.IO's client says of a bad answer which status it had.
  socket.io.on("open", () =>
    socket.io.engine.on("error", ({ description }) => errors.push(description?.status ?? description)),
  );
  return Object.assign(recording, { errors });
}

const node = ({ openings }) => openings.at(-1)?.node;

for (const name of BALANCERS) {
  describe(name, PATIENCE, () => {
    test("every poll reaches its node, and no node that has ended", PATIENCE, async () => {
      const proxy = new Proxy(name);
      const args = ["--poem", poemFile(100_000), "--interval", "100ms", "--prefix", "/dante"];
      const nodes = await Promise.all([1, 2, 3].map(() => startDante(args)));
      const names = await Promise.all(
        nodes.map(async ({ origin }) => (await (await fetch(`${origin}/hosting.json`)).json()).node),
      );
      const origin = await proxy.start(nodes.flatMap(({ port }) => ["--upstream", `127.0.0.1:${port}`]));
      const readers = Array.from({ length: READERS }, (_, at) => readPolling(origin, at));
      const all = (wait) => Promise.all(readers.map(wait));
      await all((reader) => reader.more(MORE));
      assert.equal(new Set(readers.map(node)).size, nodes.length);
      for (const reader of readers) {
        assert.deepEqual(reader.errors, []);
        assert.equal(reader.openings.length, 1);
      }

      const moved = (from) => all((reader) => reader.until(() => !from.includes(node(reader))));
      nodes[0].child.kill("SIGKILL");
      await moved([names[0]]);
      await nodes[1].end("SIGTERM");
      await moved(names.slice(0, 2));
      readers.forEach((reader) => reader.errors.splice(0));
      await all((reader) => reader.more(MORE));

      for (const { errors, stanzas } of readers) {
        assert.deepEqual(errors, []);
        const indices = stanzas.map(({ place }) => place.index);
        assert.deepEqual(
          indices,
          indices.map((_, at) => at),
        );
      }
    });
  });
}
