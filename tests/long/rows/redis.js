// Two nodes that meet in a Redis, which goes away, comes back, is emptied, and is slow.

import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { announce, Redis, until } from "../../fleet/support.js";
import { openFolder } from "../../support/programs.js";
import { Load } from "../load.js";
import { SIZES } from "../sizes.js";

/** How long each piece of what Redis says and hears is held back when it is slow. */
const SLOW_MS = 700;

/** A relay before Redis that holds everything back for `holdMs`. */
async function slowly(redis) {
  const socket = `${openFolder()}/slow.sock`;
  const relay = { url: `unix://${socket}`, holdMs: 0 };
  const open = new Set();
  const pass = (from, to) => {
    open.add(from);
    let last = Promise.resolve();
    from.on("error", () => {});
    from.on("close", () => to.destroy());
    from.on("data", (bytes) => {
      const held = relay.holdMs ? delay(relay.holdMs) : undefined;
      last = Promise.all([last, held]).then(() => void to.write(bytes));
    });
  };
  const server = net.createServer((client) => {
    const upstream = net.connect(redis.socket);
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise((resolve) => server.listen(socket, () => resolve(undefined)));
  after(() => {
    server.close();
    for (const one of open) one.destroy();
  });
  return relay;
}

export const redis = {
  fault: "Redis killed, started again, emptied (FLUSHALL), and slow",
  uncut: true,
  async run(trial) {
    const store = await new Redis().start();
    const relay = await slowly(store);
    const nodes = [await trial.node(["--redis", relay.url]), await trial.node(["--redis", relay.url])];
    // A load on each.
    const half = Math.ceil(SIZES.readers / 2);
    const other = new Load(nodes[1].origin, half);
    trial.loads.push(other);
    await other.join();
    await trial.read(nodes[0].origin, { readers: half });
    await trial.watch(nodes[1].origin);
    const everywhere = (condition) => Promise.all(nodes.map((node) => until(() => condition(node))));
    const note = async (node) => (await node.get("/health/ready")).text.includes("note: Redis is away");
    const met = async (node) =>
      (await node.metric("dante_fleet_nodes")) === nodes.length && !(await note(node));
    await everywhere(met);

    await store.kill();
    await everywhere(note);
    await trial.calm();
    await store.start();
    await everywhere(met);

    await store.ask("FLUSHALL");
    await trial.calm();
    await everywhere(met);

    relay.holdMs = SLOW_MS;
    await trial.calm();
    relay.holdMs = 0;
    await everywhere(met);
    const { said } = await announce("E quindi uscimmo", { url: relay.url });
    await trial.calm();
    return `two nodes; slow: ${SLOW_MS} ms each way; at the end: ${said.trim()}`;
  },
};
