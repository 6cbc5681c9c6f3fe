// A host that does everything wrong, in a process of its own: a relay that, once it is told to, takes one connection after the other and resets
// it, ends one half of it, stalls it, swallows an answer, or passes bytes on one at a time. It keeps no fault for longer than some
// seconds: what it has swallowed from or stalled, it resets.

import { fork } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

/** A fault comes so often. */
const EACH_MS = 20;
/** How long a connection is stalled. */
const STALL_MS = 3000;
/** How many bytes go one at a time before the rest goes as it comes, */
const DRIBBLED = 600;
/** and how many of them in a turn. */
const TURN = 8;

/** A connection: two sockets, and what happens to what comes from the server. */
class Pair {
  /** @type {"pass" | "swallow" | "dribble"} */
  mode = "pass";
  #dribble = Promise.resolve();

  constructor(client, port, onClose) {
    this.client = client;
    this.server = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to] of [
      [client, this.server],
      [this.server, client],
    ]) {
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("end", () => to.end());
      from.on("close", () => {
        to.destroy();
        onClose(this);
      });
    }
    client.on("data", (bytes) => this.server.write(bytes));
    this.server.on("data", (bytes) => this.#back(bytes));
  }

  #back(bytes) {
    if (this.mode === "pass") this.client.write(bytes);
    if (this.mode === "dribble") this.#dribble = this.#dribble.then(() => this.#slowly(bytes));
    // What is lost of a stream is lost with its connection.
    if (this.mode === "swallow") this.reset();
  }

  async #slowly(bytes) {
    for (let at = 0; at < bytes.length && !this.client.destroyed; at += 1) {
      if (at === DRIBBLED) return void this.client.write(bytes.subarray(at));
      this.client.write(bytes.subarray(at, at + 1));
      if (at % TURN === 0) await delay(1);
    }
  }

  reset() {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  async stall() {
    this.client.pause();
    this.server.pause();
    await delay(STALL_MS);
    this.reset();
  }

  async stallAndGoOn() {
    this.server.pause();
    await delay(STALL_MS);
    this.server.resume();
  }
}

/** @type {Record<string, (pair: Pair) => unknown>} */
const FAULTS = {
  reset: (pair) => pair.reset(),
  "ended by the client": (pair) => pair.server.end(),
  "ended by the server": (pair) => pair.client.end(),
  "stalled, then reset": (pair) => pair.stall(),
  stalled: (pair) => pair.stallAndGoOn(),
  "an answer swallowed": (pair) => (pair.mode = "swallow"),
  "one byte at a time": (pair) => (pair.mode = "dribble"),
};

function relay(port) {
  const pairs = new Set();
  const done = Object.fromEntries(Object.keys(FAULTS).map((name) => [name, 0]));
  let timer;
  let turn = 0;
  const fault = () => {
    const names = Object.keys(FAULTS);
    // The one that has been left alone for longest.
    const [pair] = pairs;
    if (!pair) return;
    pairs.delete(pair);
    const name = names[(turn += 1) % names.length];
    done[name] += 1;
    FAULTS[name](pair);
    if (!pair.client.destroyed) pairs.add(pair);
  };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    pairs.add(new Pair(client, port, (pair) => pairs.delete(pair)));
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
    process.send({ port: server.address().port }),
  );
  process.on("message", (message) => {
    clearInterval(timer);
    if (message === "begin") timer = setInterval(fault, EACH_MS);
    else process.send({ done });
  });
}

/** Starts the relay before a server; it ends after the test at the latest. */
export async function startChaos(port) {
  const child = fork(import.meta.filename, [`${port}`], { execArgv: [] });
  after(() => child.kill("SIGKILL"));
  const [opened] = await once(child, "message");
  return {
    origin: `http://127.0.0.1:${opened.port}`,
    begin: () => child.send("begin"),
    /** Ends the faults; returns how many there were of which kind. */
    async end() {
      child.send("end");
      const [{ done }] = await once(child, "message");
      return done;
    },
  };
}

if (process.argv[1] === import.meta.filename && process.send) relay(Number(process.argv[2]));
