// A Dante whose machine stands still: stopped by SIGSTOP, as a laptop that is closed or a virtual machine that is moved.

import { setTimeout as delay } from "node:timers/promises";

import { SIZES } from "../sizes.js";

export const stopped = {
  fault: "stopped with SIGSTOP for a while, and continued with SIGCONT",
  async run(trial) {
    const node = await trial.node();
    await trial.read(node.origin);
    await trial.calm();
    node.signal("SIGSTOP");
    await delay(SIZES.stopSeconds * 1000);
    node.signal("SIGCONT");
    await trial.calm();
    return `${SIZES.stopSeconds} s; the witness is late by them`;
  },
};
