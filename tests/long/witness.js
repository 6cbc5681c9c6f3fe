// A reader in a process of its own, with the official client: it judges index and text of each stanza, and how late it comes. Started by
// `Witness` with the server's URL and the text that is read there.

import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { after } from "node:test";

import { io } from "socket.io-client-4";

/** How soon it comes back after a cut. */
const RETRY_MS = 250;

/** A text without what a server may change: the blanks at the ends of its lines. */
const plain = (text) => text.replaceAll(/[ \t]*\r?\n[ \t]*/g, "\n").trim();

function read(url, file) {
  const poem = plain(readFileSync(file, "utf8"));
  const heard = { stanzas: 0, lost: 0, repeated: 0, wrong: 0, cuts: 0, back: 0, lateness: [] };
  let next = 0;
  let edition;
  /** Where in the poem the last stanza ended. */
  let end = 0;
  let intervalMs = 0;
  /** When stanza 0 of this connection would have been due if the most punctual one was on time. */
  let start = Infinity;
  let first = true;
  const socket = io(url, {
    transports: ["websocket"],
    reconnectionDelay: RETRY_MS,
    reconnectionDelayMax: 4 * RETRY_MS,
    auth: (answer) => answer(edition ? { from: next, edition } : {}),
  });
  socket.on("reading", (opening) => {
    ({ edition, intervalMs } = opening);
    start = Infinity;
    if (!first) heard.back += 1;
    first = false;
  });
  socket.on("divinecomedy", (text, { index }) => {
    const now = performance.now();
    heard.stanzas += 1;
    if (index < next) heard.repeated += 1;
    else heard.lost += index - next;
    next = Math.max(next, index + 1);
    const at = poem.indexOf(plain(text), end);
    if (at < 0) heard.wrong += 1;
    else end = at + plain(text).length;
    start = Math.min(start, now - index * intervalMs);
    heard.lateness.push(now - index * intervalMs - start);
    process.send({ stanzas: heard.stanzas });
  });
  socket.on("disconnect", (reason) => {
    if (reason !== "io server disconnect") {
      heard.cuts += 1;
      return;
    }
    // The poem has ended, and begins anew.
    [next, end, edition, first] = [0, 0, undefined, true];
    socket.connect();
  });
  process.on("message", () => process.send(heard, () => process.exit()));
}

export class Witness {
  stanzas = 0;
  #news = new EventEmitter();

  /** @param {string} origin @param {string} file the poem that is read there */
  constructor(origin, file) {
    this.child = fork(import.meta.filename, [origin, file], { execArgv: [] });
    after(() => this.child.kill("SIGKILL"));
    this.child.on("message", (message) => {
      Object.assign(this, message);
      this.#news.emit("news");
    });
    // Not its exit, which may be told before the last that it said.
    this.child.once("disconnect", () => {
      this.ended = true;
      this.#news.emit("news");
    });
  }

  async #until(condition) {
    while (!condition()) {
      if (this.ended) throw new Error("the witness has ended");
      await once(this.#news, "news");
    }
  }

  /** Waits for so many stanzas more. */
  more(count) {
    const goal = this.stanzas + count;
    return this.#until(() => this.stanzas >= goal);
  }

  /** Has it tell all, and leave. */
  async end() {
    this.child.send("end");
    await this.#until(() => this.lateness);
    return this;
  }
}

// `fork` opens a channel.
if (process.argv[1] === import.meta.filename && process.send) read(process.argv[2], process.argv[3]);
