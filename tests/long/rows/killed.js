// A Dante that is killed, and started again.

import { SIZES } from "../sizes.js";

export const killed = {
  fault: "killed with SIGKILL, and started again",
  async run(trial) {
    const node = await trial.node();
    await trial.read(node.origin);
    for (let time = 0; time < SIZES.kills; time += 1) {
      await node.end("SIGKILL");
      await node.start();
      await trial.calm();
    }
    return `${SIZES.kills} times`;
  },
};
