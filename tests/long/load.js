// Many readers on all transports, each of which checks index and text of every stanza: `dante load`, until it is told to end.

import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { after } from "node:test";
import { createInterface } from "node:readline";

import { BINARY } from "../support/dante.js";
import { SIZES } from "./sizes.js";

export class Load {
  /** What was told last; the report at the end. */
  counts = { stanzas: 0, cuts: 0, resumed: 0 };
  #news = new EventEmitter();
  #error = "";

  /** @param {string} origin @param {number} readers */
  constructor(origin, readers, { transport = "mix", ramp = SIZES.ramp } = {}) {
    this.readers = readers;
    const args = ["--transport", transport, "--readers", `${readers}`, "--ramp", `${ramp}`];
    this.child = spawn(BINARY, ["load", `${origin}/`, ...args, "--duration", "1h", "--json", "--progress"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    after(() => this.child.kill("SIGKILL"));
    this.child.stderr.on("data", (text) => (this.#error += text));
    this.child.once("close", () => {
      this.ended = true;
      this.#news.emit("news");
    });
    createInterface(this.child.stdout).on("line", (line) => {
      const { event, ...counts } = JSON.parse(line);
      if (event === "joined") this.joined = true;
      else this.counts = counts;
      if (event === "report") this.report = counts;
      this.#news.emit("news");
    });
  }

  /** Waits until what it tells fulfils a condition. */
  async until(condition) {
    while (!condition(this.counts)) {
      if (this.ended) throw new Error(`dante load has ended: ${this.#error || JSON.stringify(this.counts)}`);
      await once(this.#news, "news");
    }
  }

  /** Waits until every reader has joined. */
  join() {
    return this.until(() => this.joined);
  }

  /** Waits until all who were cut are back, and so many stanzas have come for each reader since then. */
  async calm(stanzas) {
    const back = ({ cuts, resumed }) => cuts === resumed;
    for (;;) {
      await this.until(back);
      const { stanzas: before, cuts } = this.counts;
      await this.until((now) => now.cuts > cuts || now.stanzas >= before + stanzas * this.readers);
      if (this.counts.cuts === cuts) return;
    }
  }

  /** Has the readers leave, and returns the report. */
  async end() {
    this.child.kill("SIGINT");
    await this.until(() => this.report);
    return this.report;
  }
}
