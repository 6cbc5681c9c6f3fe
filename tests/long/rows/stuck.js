// Readers that never read, that stop reading, and whose process stands still, beside readers who read.

import { until } from "../../fleet/support.js";
import { SIZES } from "../sizes.js";
import { startStuck } from "../stuck.js";
import { longPoem } from "../trial.js";

/** Some of them are more than the system holds for a connection. */
const BYTES = 12_000;
const STANZAS = 500;
/** So many are more than that for certain, whatever it holds. */
const ENOUGH = 30;

export const stuck = {
  fault: "readers that never read, stop reading, or whose process stands still",
  uncut: true,
  async run(trial) {
    const poem = longPoem(STANZAS, BYTES);
    const node = await trial.node(["--poem", poem]);
    const readers = Math.ceil(SIZES.readers / 2);
    await trial.read(node.origin, { readers, poem });
    const child = await startStuck(node.port, SIZES.stuck);
    await trial.calm();
    child.kill("SIGSTOP");
    const since = performance.now();
    await trial.calm(ENOUGH);
    const such = `${SIZES.stuck} such readers, stanzas of ${BYTES} bytes`;
    if (!SIZES.long) return such;
    // After a minute without progress they are let go.
    await until(async () => (await node.metric("dante_readers")) === readers + 1);
    const seconds = Math.round((performance.now() - since) / 1000);
    await trial.calm();
    return `${such}; the last of them was let go after ${seconds} s`;
  },
};
