// Readers whose machine vanishes, beside readers who stay: half-open connections, which nobody ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after } from "node:test";

import { until } from "../../fleet/support.js";
import { SIZES } from "../sizes.js";

const SCRIPT = path.resolve(import.meta.dirname, "../vanished.py");

export const vanished = {
  fault: "readers that are half-open: they acknowledge nothing, and never say goodbye",
  uncut: true,
  async run(trial) {
    const node = await trial.node();
    await trial.read(node.origin);
    const gone = spawn("python3", [SCRIPT, `${node.port}`, `${SIZES.stuck}`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    after(() => gone.kill("SIGKILL"));
    const [said] = await Promise.race([once(gone.stdout, "data"), once(gone, "exit")]);
    if (!String(said).startsWith("vanished")) throw new Error(`no reader could vanish: ${said}`);
    const since = performance.now();
    await trial.calm();
    if (!SIZES.long) return `${SIZES.stuck} such readers`;
    // The system gives up on them after a minute.
    await until(async () => (await node.metric("dante_readers")) === SIZES.readers + 1);
    const seconds = Math.round((performance.now() - since) / 1000);
    await trial.calm();
    return `${SIZES.stuck} such readers; the last of them was let go after ${seconds} s`;
  },
};
