// One Dante under test: killed, stopped and started again at its port, with a log that is read afterwards.

import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import { once } from "node:events";
import { join } from "node:path";

import { startDante, temporaryFolder } from "../support/dante.js";

export class Node {
  #log = join(temporaryFolder(), "dante.log");

  /** @param {string[]} args @param {object} options those of `startDante` */
  constructor(args, options = {}) {
    this.args = args;
    this.options = options;
  }

  /** Starts it, at the port that it had before if there was one. */
  async start() {
    const log = openSync(this.#log, "a");
    this.dante = await startDante(this.args, { ...this.options, port: this.port ?? 0, log });
    closeSync(log);
    this.port = this.dante.port;
    this.origin = this.dante.origin;
    return this;
  }

  signal(name) {
    this.dante.child.kill(name);
  }

  /** Sends a signal that ends it, and waits. Returns the exit code, or the signal that ended it. */
  end(signal) {
    return this.dante.end(signal);
  }

  /** How many lines of its log hold this text. */
  logged(text) {
    return readFileSync(this.#log, "utf8").split(text).length - 1;
  }

  /** How long its log is. */
  logBytes() {
    return statSync(this.#log).size;
  }

  /** Resident memory, in MiB (proc_pid_status(5)). */
  memory() {
    const status = readFileSync(`/proc/${this.dante.child.pid}/status`, "utf8");
    return Number(status.match(/^VmRSS:\s+(\d+)/m)[1]) / 1024;
  }

  /** What it answers at a path, over a connection of its own. */
  async get(path) {
    const [answer] = await once(http.get(`${this.origin}${path}`, { agent: false }), "response");
    answer.setEncoding("utf8");
    let text = "";
    for await (const part of answer) text += part;
    return { text, headers: answer.headers };
  }

  /** The sum of a metric's values, of those whose labels match. */
  async metric(name, labels = "") {
    const { text } = await this.get("/metrics");
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*${labels}.*\\})? (\\d+)$`, "gm"))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }
}
