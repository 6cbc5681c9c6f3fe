// The servers that are measured, how each is started, and what it speaks.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const root = path.resolve(here, "../..");

/** How long a server may take until it listens, and until it ends; in milliseconds. */
const PATIENCE = 30_000;

/** A polled server is asked all the time: with more readers, two cores are full and nothing is learned. */
const MOST_POLLED = 5000;

const dante = ({ binary, interval }) => [
  binary("dante"),
  "--listen",
  "127.0.0.1:0",
  "--interval",
  `${interval}ms`,
];
const floor = ({ binary }) => [binary("examples/floor")];
const node = (file) => () => [process.execPath, path.join(here, "servers", file)];
const bun = (file) => () => [bunBinary(), path.join(here, "servers", file)];

/**
 * @typedef {object} Kind
 * @property {string} name as it is typed
 * @property {string} label as it is read
 * @property {"socketio" | "polling" | "websocket" | "sse"} transport as `dante load` calls it
 * @property {(context: object) => string[]} command
 */

/** @type {Kind[]} */
export const SERVERS = [
  { name: "floor", label: "the floor", transport: "socketio", command: floor },
  { name: "dante", label: "Dante", transport: "socketio", command: dante },
  { name: "bun", label: "Bun", transport: "socketio", command: bun("bun-socketio.js") },
  { name: "node", label: "Node.js", transport: "socketio", command: node("node-socketio.js") },
  { name: "floor-websocket", label: "the floor", transport: "websocket", command: floor },
  { name: "dante-websocket", label: "Dante", transport: "websocket", command: dante },
  { name: "node-websocket", label: "Node.js, ws", transport: "websocket", command: node("node-ws.js") },
  { name: "dante-sse", label: "Dante", transport: "sse", command: dante },
  { name: "dante-polling", label: "Dante", transport: "polling", command: dante },
  { name: "node-polling", label: "Node.js", transport: "polling", command: node("node-socketio.js") },
];

/** Whether a server is measured with so many readers. */
export const takes = ({ transport }, readers) => transport !== "polling" || readers <= MOST_POLLED;

/** Bun's program, which npm brings for this system. */
export function bunBinary() {
  const modules = path.join(here, "node_modules/@oven");
  const system = process.platform === "win32" ? "windows" : process.platform;
  const machine = process.arch === "arm64" ? "aarch64" : process.arch;
  return path.join(modules, `bun-${system}-${machine}`, "bin", system === "windows" ? "bun.exe" : "bun");
}

/** Why a server can't be had here; undefined if it can. */
export function missing({ command }, context) {
  const [program] = command(context);
  return existsSync(program) ? undefined : `${path.relative(root, program)} is missing`;
}

/**
 * Starts a server and returns when it listens.
 * @param {Kind} kind
 * @param {{binary: (name: string) => string, interval: number, stanzas: string}} context
 */
export async function start(kind, context) {
  const [program, ...args] = kind.command(context);
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      PEER_STANZAS: context.stanzas,
      PEER_INTERVAL_MS: String(context.interval),
      // Dante logs each reader that comes and leaves; its peers don't.
      RUST_LOG: "warn",
      NODE_ENV: "production",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const address = await Promise.race([
    listening(child),
    ended.then(([code, signal]) => Promise.reject(new Error(`${kind.name} ended with ${code ?? signal}`))),
    after(PATIENCE).then(() => Promise.reject(new Error(`${kind.name} did not say where it listens`))),
  ]);
  return {
    pid: child.pid,
    url: `http://${address}/`,
    async stop() {
      child.kill();
      await Promise.race([ended, after(PATIENCE).then(() => child.kill("SIGKILL"))]);
      await ended;
    },
  };
}

/** What a server prints: its address after "listening on" or, Dante, after "endpoint". */
async function listening(child) {
  for await (const line of createInterface(child.stdout)) {
    const address = line.match(/^(?:listening on|\s*endpoint)\s+(\S+:\d+)/)?.[1];
    if (!address) continue;
    child.stdout.resume();
    return address;
  }
  throw new Error("it ended before it said where it listens");
}

const after = (ms) => new Promise((done) => setTimeout(done, ms).unref());
