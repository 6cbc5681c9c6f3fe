// Where the figures come from: the machine, and the versions of what was measured.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { bunBinary } from "./servers.js";

/** What the page says of the machine. */
export function machine() {
  const [cpu] = os.cpus();
  return {
    cpu: cpu.model.trim(),
    cores: os.cpus().length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
  };
}

/** The versions of the programs; those that can't be had are left out. */
export function versions({ binary }) {
  const asked = {
    Dante: () =>
      `${output(binary("dante"), "--version").split(" ").pop()} (${output("git", "describe", "--always", "--dirty")})`,
    "Node.js": () => process.version.slice(1),
    "socket.io": () => packageVersion("socket.io"),
    ws: () => packageVersion("ws"),
    Bun: () => output(bunBinary(), "--version"),
    "@socket.io/bun-engine": () => packageVersion("@socket.io/bun-engine"),
    rustc: () => output("rustc", "--version").split(" ")[1],
  };
  const told = Object.entries(asked).map(([name, ask]) => {
    try {
      return [name, ask()];
    } catch {
      return [name, undefined];
    }
  });
  return Object.fromEntries(told.filter(([, version]) => version));
}

const output = (program, ...args) => execFileSync(program, args, { encoding: "utf8" }).trim();

function packageVersion(name) {
  const file = path.join(import.meta.dirname, "node_modules", name, "package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}
