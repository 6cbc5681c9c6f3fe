// Readers that come and go, all at once, again and again: what they leave behind must not add up.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { until } from "../../fleet/support.js";
import { Load } from "../load.js";
import { SIZES } from "../sizes.js";

/** After so many cycles memory has its level. */
const LEVEL = 5;
/** What allocators keep varies: so much growth from then to the end is none, in MiB. A leak of each reader would show many times over. */
const NOISE = 16;

/** By then Dante has given back what readers have left (`LOOK` and `SETTLING` in src/memory.rs); it says nothing of it. */
const GIVEN_BACK_MS = 12_000;

export const coming = {
  fault: "readers that come and go, all at once, again and again",
  async run(trial) {
    const node = await trial.node();
    await trial.watch(node.origin);
    /** Memory when nobody but the witness is left: who polls is counted until a ping is not answered. */
    const level = async () => {
      if (!SIZES.long) return node.memory();
      await until(async () => (await node.metric("dante_readers")) === 1);
      await delay(GIVEN_BACK_MS);
      return node.memory();
    };
    const level5 = Math.min(LEVEL, SIZES.cycles - 1);
    for (let cycle = 1; cycle <= SIZES.cycles; cycle += 1) {
      const load = new Load(node.origin, SIZES.cycleReaders, { ramp: SIZES.cycleReaders });
      trial.loads.push(load);
      await load.join();
      await trial.leave(load);
      if (cycle === level5) trial.memory.before = await level();
    }
    trial.memory.after = await level();
    const { before, after } = trial.memory;
    assert.ok(after <= before + NOISE, `memory grew from ${before} to ${after} MiB`);
    return `${SIZES.cycles} times ${SIZES.cycleReaders}; memory is that after cycle ${level5} and after the last, ${SIZES.long ? "with nobody but the witness" : "while they leave"}`;
  },
};
