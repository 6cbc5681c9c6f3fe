// One transport of the comparison: its reading, its clock, its state, and its measurements.

import { slept, sleptSince } from "./awake.js";
import { Lifetimes } from "./lifetimes.js";
import { Outage } from "./outage.js";
import { ON_TIME_MS, Pace, lateness } from "./pace.js";
import { OFFLINE, isObstacle } from "./stream/causes.js";

/** @typedef {import("./stream/stream.js").Listener} Listener */
/** @typedef {import("./pace.js").Arrival} Arrival */

/**
 * `unanswered` is a stream whose answer has not come for seconds, `cuts` one that is cut regularly, `blocked` a WebSocket that was
 * never established, `disallowed` a transport that the server does not offer.
 * @typedef {"opening" | "unanswered" | "streaming" | "bursts" | "cuts" | "blocked" | "lost" | "offline" | "refused" | "disallowed" |
 *   "ended"} State
 */

/** The median is taken over the newest stanzas, so that it shows how the stream is now. */
const WINDOW = 200;
/** After so many stanzas that came one by one, a stream has no bursts any more. */
const CALM = 5;

/** @implements {Listener} */
export class TransportRun {
  /** @type {State} */
  state = "opening";
  /** Why it is lost or refused, or what is awaited. */
  reason = "";
  /** Whether a connection was ever established. */
  stood = false;
  /** @type {number | null} milliseconds from opening the stream to the first stanza */
  first = null;
  /** @type {Arrival | null} */
  newest = null;
  /** The largest burst: how many at once, and how late the oldest. */
  burst = { count: 0, late: 0 };
  /** Requests that scripts cannot count afterwards: each WebSocket and each event stream that was opened. */
  opened = 0;
  /** Requests that the browser has counted. */
  requests = 0;
  pace = new Pace(0);
  /** @type {Arrival[]} */
  arrivals = [];
  worstBefore = 0;
  calm = 0;
  /** @type {Outage | null} one that lasts */
  outage = null;
  /** @type {import("./outage.js").Loss[]} */
  losses = [];
  openedAt = performance.now();

  /**
   * @param {import("./stream/stream.js").TransportChoice} choice
   * @param {import("./reading.js").Reading} reading
   * @param {(run: TransportRun, text?: string, arrival?: Arrival) => void} changed
   */
  constructor(choice, reading, changed) {
    this.choice = choice;
    this.reading = reading;
    this.changed = changed;
    this.lifetimes = new Lifetimes(choice);
  }

  get median() {
    const sorted = this.arrivals.map(lateness).sort((one, next) => one - next);
    return sorted.length ? sorted[sorted.length >> 1] : null;
  }

  get worst() {
    if (!this.arrivals.length) return null;
    const larger = (/** @type {number} */ one, /** @type {number} */ next) =>
      Math.abs(next) > Math.abs(one) ? next : one;
    return this.arrivals.map(lateness).reduce(larger, this.worstBefore);
  }

  connecting() {
    this.opened += 1;
    this.outage?.attempt();
  }

  connected() {
    this.stood = true;
  }

  /** @param {string} reason */
  unanswered(reason) {
    // What is lost or blocked already stays that until it is opened.
    if (this.state === "opening") this.become("unanswered", reason);
  }

  /** @param {number} at */
  heard(at) {
    this.lifetimes.heard(at);
  }

  upgraded() {}

  blocked() {}

  hop() {}

  /** @param {import("./reading.js").Opening} opening */
  opening(opening) {
    this.reading.opened(opening);
    this.pace = new Pace(opening.intervalMs);
    const now = performance.now();
    this.lifetimes.opened(now, opening.node);
    // What was never there was not lost.
    if (this.outage?.up) this.losses.push(this.outage.until(now));
    this.outage = null;
    this.become(this.cuts ? "cuts" : "streaming");
  }

  /** @param {string} text @param {import("./reading.js").Place} place @param {number} at */
  stanza(text, place, at) {
    if (this.reading.received(place) < 0) return;
    this.first ??= at - this.openedAt;
    this.newest = this.pace.arrived(place.index, at);
    // A stanza that waited for this page to wake up says nothing about the transport.
    if (!slept(this.newest)) this.arrivals.push(this.newest);
    if (this.arrivals.length > WINDOW) this.forget();
    this.state = this.judge();
    this.changed(this, text, this.newest);
  }

  /** @returns {State} */
  judge() {
    const { burst: together, intervalMs } = this.pace;
    // At a short interval, a busy browser may receive several at once, which says nothing about the transport.
    const real = together && !slept(together.oldest);
    const burst = real && (together.count - 1) * intervalMs > ON_TIME_MS ? together : null;
    this.calm = this.pace.together.length > 1 ? 0 : this.calm + 1;
    if (burst) {
      const { count, late: oldest } = this.burst;
      this.burst = { count: Math.max(count, burst.count), late: Math.max(oldest, burst.late) };
    } else if (this.calm >= CALM) {
      this.burst = { count: 0, late: 0 };
    }
    if (this.cuts) return "cuts";
    return this.burst.count ? "bursts" : "streaming";
  }

  get cuts() {
    return this.lifetimes.cuts(performance.now());
  }

  /** What is known of the stream, for findings.js. @returns {import("./findings.js").Seen} */
  seen() {
    const { choice: transport, state, reason, cuts } = this;
    const failed = ["blocked", "lost", "offline", "refused"].includes(state);
    const burst = state === "bursts" ? this.burst : null;
    const unanswered = state === "unanswered" ? reason : null;
    return { transport, blocked: null, reason: failed ? reason : null, unanswered, cuts, burst };
  }

  forget() {
    const oldest = this.arrivals.shift();
    const late = oldest ? lateness(oldest) : 0;
    if (Math.abs(late) > Math.abs(this.worstBefore)) this.worstBefore = late;
  }

  /** @param {string} reason */
  lost(reason) {
    const now = performance.now();
    const { since } = this.lifetimes;
    const offline = reason === OFFLINE;
    this.lifetimes.cut(now, reason, offline || (since !== null && sleptSince(since)));
    if (offline) this.lifetimes.excuse();
    const last = this.lifetimes.list.at(-1);
    if (this.outage) this.outage.failed(reason);
    else this.outage = new Outage(now, reason, this.stood && last ? last.ms : 0);
    this.become(offline ? "offline" : isObstacle(reason) && !this.stood ? "blocked" : "lost", reason);
  }

  /** @param {string} reason */
  refused(reason) {
    this.become("refused", reason);
  }

  foreign() {
    this.become("opening");
  }

  ended() {
    this.become("ended");
  }

  /** @param {State} state */
  become(state, reason = "") {
    this.state = state;
    this.reason = reason;
    this.changed(this);
  }
}
