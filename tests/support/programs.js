// Programs of others, started on a port of loopback that is free, and ended with what they have started.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { accessSync, chmodSync, constants, openSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { temporaryFolder } from "./dante.js";

const RETRY_MS = 20;
const ATTEMPTS = 5;
/** How long a program may take to end. */
const PATIENCE_MS = 3000;
/** How long it may take to listen: some are written in Python, and wait for two busy cores. */
const START_MS = 120_000;

/** A temporary folder that the accounts of servers may enter. */
export function openFolder() {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

/** Where a program is; also where administrators' are, which the paths of others leave out. */
export function find(program) {
  const folders = [...process.env.PATH.split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const given = new Set();

/**
 * A port of loopback that nobody listens on. None is given twice, and none is of those from which the system takes its own
 * (ip(7), ip_local_port_range: from 32768 on).
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    if (given.has(port)) continue;
    given.add(port);
    const server = net.createServer().listen(port, "127.0.0.1");
    const free = await new Promise((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Waits until somebody accepts connections. */
async function accepts(port, signal) {
  while (!signal.aborted) {
    const socket = net.connect(port, "127.0.0.1");
    const connected = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await delay(RETRY_MS);
  }
}

const running = new Set();
// Also when the tests are broken off: a group of its own hears no Ctrl-C.
process.once("exit", () => running.forEach((child) => kill(child, "SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Ends a process and its children, which are a group. */
function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // They have ended.
  }
}

async function end(child) {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
  kill(child, "SIGTERM");
  const patience = new AbortController();
  await Promise.race([ended, delay(PATIENCE_MS, null, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
  kill(child, "SIGKILL");
  running.delete(child);
}

/**
 * Starts a program that listens, on a free port, and returns when it accepts connections. It ends after the test at
 * the latest, or after the file, if no test runs.
 * @param {string} program
 * @param {(folder: string, port: number) => {args: string[], env?: object, cwd?: string}} place writes its files
 * @param {{ready?: (port: number, signal: AbortSignal) => Promise<void>}} options `ready` waits in another way than by connecting
 * @returns {Promise<number>} the port
 */
export async function launch(program, place, { ready = accepts } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const folder = openFolder();
    const { args, env, cwd } = place(folder, port);
    const log = openSync(`${folder}/output.log`, "a");
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", log, log],
      // A group of its own, to be ended as a whole.
      detached: true,
    });
    running.add(child);
    after(() => end(child));
    const waiting = new AbortController();
    const { signal } = waiting;
    const ended = once(child, "exit").then(() => "ended before it listened");
    const late = delay(START_MS, `did not listen within ${START_MS / 1000} s`, { signal }).catch(() => {});
    const failure = await Promise.race([ended, late, ready(port, signal).then(() => {})]);
    waiting.abort();
    if (failure === undefined) return port;
    const output = readFileSync(`${folder}/output.log`, "utf8");
    // Somebody else may have taken the port meanwhile.
    if (attempt === ATTEMPTS || !/in use|cannot bind/i.test(output)) {
      throw new Error(`${program} ${failure}:\n${output}`);
    }
  }
}
