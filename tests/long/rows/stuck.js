// Readers that never read, that stop reading, and that are half-open, beside readers who read.

import { SIZES } from "../sizes.js";
import { startStuck } from "../stuck.js";
import { longPoem } from "../trial.js";

/** Some of them are more than the system holds for a connection. */
const BYTES = 12_000;
const STANZAS = 500;
/** So many are more than that for certain, whatever it holds. */
const ENOUGH = 30;

export const stuck = {
  fault: "readers that never read, stop reading, or are half-open, beside readers who read",
  uncut: true,
  async run(trial) {
    const poem = longPoem(STANZAS, BYTES);
    const node = await trial.node(["--poem", poem]);
    await trial.read(node.origin, { readers: Math.ceil(SIZES.readers / 2), poem });
    const child = await startStuck(node.port, SIZES.stuck);
    await trial.calm();
    child.kill("SIGSTOP");
    await trial.calm(ENOUGH);
    const dropped = await node.metric("dante_ends_total", "too-slow");
    return `${SIZES.stuck} such readers, stanzas of ${BYTES} bytes; ${dropped} of them were let go by then`;
  },
};
