// A host in front that breaks connections in every way. The witness reads beside it: what happens to others is nothing to it.

import { setTimeout as delay } from "node:timers/promises";

import { startChaos } from "../chaos.js";
import { SIZES } from "../sizes.js";

export const chaos = {
  fault: "a relay that resets, half-closes, stalls, swallows answers, and sends one byte at a time",
  async run(trial) {
    const node = await trial.node();
    const relay = await startChaos(node.port);
    await trial.read(relay.origin, { witnessAt: node.origin });
    relay.begin();
    await delay(SIZES.lastingSeconds * 1000);
    const done = await relay.end();
    await trial.calm();
    return Object.entries(done)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  },
};
