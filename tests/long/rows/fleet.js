// Three nodes behind HAProxy, which are killed, drained and started again.

import { Proxy } from "../../support/proxies.js";

const NODES = 3;

export const fleet = {
  fault: "three nodes behind HAProxy: one killed, one drained (SIGTERM), then all started again in turn",
  async run(trial) {
    const nodes = await Promise.all(Array.from({ length: NODES }, () => trial.node()));
    const upstreams = nodes.flatMap(({ port }) => ["--upstream", `127.0.0.1:${port}`]);
    // Readers have one address here; cookies keep them at their node.
    const edit = (text) => text.replace("balance source", "balance roundrobin");
    const origin = await new Proxy("haproxy").start(["--prefix", "/", ...upstreams], { edit });
    await trial.read(origin);
    const again = async (node, signal) => {
      await node.end(signal);
      await trial.calm();
      await node.start();
      await trial.calm();
    };
    await again(nodes[0], "SIGKILL");
    await again(nodes[1], "SIGTERM");
    for (const node of nodes) await again(node, "SIGTERM");
    return `${nodes.length + 2} starts; the witness reads through HAProxy, too`;
  },
};
