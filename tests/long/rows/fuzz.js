// Malformed requests, packets and frames, as many as can be sent, by the senders of tests/fuzz.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";

import { SIZES } from "../sizes.js";

const ROOT = path.resolve(import.meta.dirname, "../../..");

/** The program that cargo makes of tests/fuzz. */
async function build() {
  const args = ["test", "--locked", "--quiet", "--no-run", "--test", "fuzz", "--message-format", "json"];
  const { stdout } = await promisify(execFile)("cargo", args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
  const messages = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return messages.find(({ executable, target }) => executable && target.name === "fuzz").executable;
}

export const fuzz = {
  fault: "fuzz: malformed requests, packets and frames from several processes",
  uncut: true,
  async run(trial) {
    const program = await build();
    const node = await trial.node();
    await trial.read(node.origin);
    const seed = randomInt(1_000_000);
    let inputs = 0;
    const senders = Array.from({ length: SIZES.fuzzers }, async (_, at) => {
      const env = {
        DANTE_FUZZ_TARGET: `127.0.0.1:${node.port}`,
        DANTE_FUZZ_SECONDS: `${SIZES.lastingSeconds}`,
        DANTE_FUZZ_SEED: `${seed + at}`,
      };
      const child = spawn(program, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
      after(() => child.kill("SIGKILL"));
      child.stdout.on("data", (text) => (inputs += Number(/(\d+) inputs/.exec(text)?.[1] ?? 0)));
      const [code] = await once(child, "close");
      assert.equal(code, 0, `a sender with seed ${seed + at} was not answered`);
    });
    await Promise.all(senders);
    await trial.calm();
    return `${inputs.toLocaleString("en")} inputs by ${SIZES.fuzzers} processes in ${SIZES.lastingSeconds} s, seed ${seed}`;
  },
};
