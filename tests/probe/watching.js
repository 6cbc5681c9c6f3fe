// Runs `dante probe --watch` as a person does, and reads what it tells as it tells it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after } from "node:test";

import { BINARY } from "../support/dante.js";

/** Watches until it is told to end, and gives what it printed: `until` waits for a line that a test finds. */
export async function watch(url, args = [], env = {}) {
  const child = spawn(BINARY, ["probe", url, "--json", "--watch", "5m", ...args], {
    env: { ...process.env, NO_PROXY: "*", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => child.kill("SIGKILL"));
  const lines = [];
  const output = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await output.next();
    if (done) throw new Error(`it ended; it said ${JSON.stringify(lines.slice(1))}`);
    lines.push(JSON.parse(value));
    return lines.at(-1);
  };
  const until = async (wanted) => {
    const found = lines.find(wanted);
    for (let line = found; ; line = await next()) if (line && wanted(line)) return line;
  };
  const begun = await until(({ kind }) => kind === "watch");
  return {
    lines,
    begun,
    until,
    change: (name) => until(({ kind, change }) => kind === "change" && change === name),
    async end() {
      child.kill("SIGINT");
      const summary = await until(({ kind }) => kind === "end");
      const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
      assert.equal(code, summary.exitCode);
      return summary;
    },
  };
}

/** The names of all changes, in their order. */
export const changes = ({ lines }) =>
  lines.filter(({ kind }) => kind === "change").map(({ change }) => change);
