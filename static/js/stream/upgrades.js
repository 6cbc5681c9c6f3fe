// How long an upgrade may go without an answer. A browser asks a host for one WebSocket at a time (RFC 6455, 4.1): while
// one is not answered, the next one is not even sent, and its time has not begun.

import { patience } from "../awake.js";

/** The upgrades that are not answered yet, in the order in which the browser sends them. @type {Upgrade[]} */
const waiting = [];

export class Upgrade {
  #stop = () => {};

  /** @param {number} ms @param {() => void} expired it was sent, and not answered for so long */
  constructor(ms, expired) {
    this.ms = ms;
    this.expired = expired;
    waiting.push(this);
    if (waiting[0] === this) this.#begin();
  }

  #begin() {
    this.#stop = patience(this.ms, this.expired);
  }

  /** It was answered, or given up. */
  over() {
    this.#stop();
    const at = waiting.indexOf(this);
    if (at < 0) return;
    waiting.splice(at, 1);
    if (at === 0 && waiting.length) waiting[0].#begin();
  }
}
