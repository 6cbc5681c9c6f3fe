// The state of the stream, derived from measurements. Independent of the page; words.js has the sentences for it.

import { sleptSince } from "./awake.js";
import { isWebSocket } from "./findings.js";
import { Lifetimes } from "./lifetimes.js";
import { Outage } from "./outage.js";
import { statusOf } from "./reasons.js";
import { OFFLINE, STREAM_HELD, isObstacle } from "./stream/causes.js";

/** An upgrade that takes longer is considered blocked. */
export const UPGRADE_MS = 10_000;
/** After so many stanzas that came one by one, a stream has no bursts any more. */
const CALM = 5;

/**
 * `cuts` is a stream that is cut regularly, `held` one of a room whose conductor holds it, `blocked` one over WebSocket that does not get through.
 * @typedef {"connecting" | "streaming" | "polling" | "bursts" | "cuts" | "silent" | "held" | "blocked" | "lost" | "offline" | "refused" | "end"} State
 */

export class Status {
  /** @type {State} */
  state = "connecting";
  path = "";
  /** Whether opening takes long. */
  slow = false;
  /** @type {string | null} the transport in use, while connected */
  transport = null;
  askedAt = 0;
  since = 0;
  handshakeMs = 0;
  upgrading = false;
  /** @type {number | null} */
  upgradedMs = null;
  /** @type {string | null} why WebSocket does not get through */
  blocked = null;
  /** @type {string | null} what has had no answer for seconds */
  unanswered = null;
  /** @type {{count: number, late: number} | null} */
  burst = null;
  calm = 0;
  /** Whether the conductor of the room holds it, so that no stanza is due. */
  held = false;
  /** @type {Outage | null} one that lasts */
  outage = null;
  reason = "";
  /** @type {import("./outage.js").Loss[]} */
  losses = [];

  /** @param {string} choice @param {string[]} transports what Socket.IO may use */
  constructor(choice, transports) {
    this.lifetimes = new Lifetimes(choice);
    this.open(choice, transports);
  }

  /** A stream is opened, and nothing is known of it yet. @param {string} choice @param {string[]} transports */
  open(choice, transports) {
    this.choice = choice;
    /** Whether polling was asked for, rather than what remains after a blocked WebSocket. */
    this.onlyPolling =
      choice === "socketio-polling" || (choice === "socketio" && transports.join() === "polling");
    [this.state, this.slow, this.transport, this.upgradedMs] = ["connecting", false, null, null];
    [this.blocked, this.burst, this.calm, this.outage] = [null, null, 0, null];
    this.unanswered = null;
    this.lifetimes.use(choice);
    this.askedAt = performance.now();
  }

  /** @param {string} path */
  connecting(path) {
    [this.path, this.askedAt] = [path, performance.now()];
    this.outage?.attempt();
  }

  /** @param {string} transport */
  connected(transport) {
    this.transport = transport;
    this.since = performance.now();
    this.handshakeMs = this.since - this.askedAt;
    this.upgrading =
      transport === "polling" && this.choice === "socketio" && !this.onlyPolling && !this.blocked;
    this.upgradedMs = null;
    [this.burst, this.calm, this.slow, this.unanswered] = [null, 0, false, null];
    if (transport === "websocket") this.blocked = null;
    this.flow();
  }

  /** @param {number} ms */
  upgraded(ms) {
    [this.transport, this.upgradedMs, this.upgrading, this.blocked] = ["websocket", ms, false, null];
    this.flow();
  }

  /** @param {string} reason */
  block(reason) {
    [this.blocked, this.upgrading] = [reason, false];
    if (this.transport) this.flow();
  }

  /** What was asked for has had no answer for seconds. @param {string} reason */
  wait(reason) {
    this.unanswered = reason;
    // That is silence: the answer itself has begun.
    if (reason === STREAM_HELD) this.state = "silent";
  }

  /** @param {{count: number, late: number} | null} burst that the newest stanza belongs to */
  received(burst) {
    this.calm = burst ? 0 : this.calm + 1;
    if (burst) this.burst = burst;
    else if (this.calm >= CALM) this.burst = null;
    this.flow();
  }

  silent() {
    if (["streaming", "polling", "cuts"].includes(this.state)) this.state = "silent";
  }

  /** @param {boolean} held */
  hold(held) {
    this.held = held;
    if (this.transport) this.flow();
  }

  /** The stream is connected: derives its state from the measurements. */
  flow() {
    if (this.held) this.state = "held";
    else if (this.cuts) this.state = "cuts";
    else if (this.burst) this.state = "bursts";
    else this.state = this.transport === "polling" && !this.upgrading ? "polling" : "streaming";
  }

  get cuts() {
    return this.lifetimes.cuts(performance.now());
  }

  /** @param {string} reason */
  lost(reason) {
    const now = performance.now();
    const { since } = this.lifetimes;
    const offline = reason === OFFLINE;
    this.lifetimes.cut(now, reason, offline || (since !== null && sleptSince(since)));
    if (offline) this.lifetimes.excuse();
    if (this.outage) this.outage.failed(reason);
    else this.outage = new Outage(now, reason, this.transport ? now - this.since : 0);
    [this.transport, this.reason, this.unanswered] = [null, reason, null];
    this.state = offline ? "offline" : this.#failure(isObstacle(reason)) ? "blocked" : "lost";
  }

  /** The stream is connected again. Returns the outage that is over, if there was one. @param {string} [node] that serves it */
  resumed(node) {
    const now = performance.now();
    this.lifetimes.opened(now, node);
    const loss = this.outage?.until(now) ?? null;
    this.outage = null;
    // What is known of cuts may have changed.
    if (this.transport) this.flow();
    return loss;
  }

  /** @param {string} reason */
  refused(reason) {
    [this.reason, this.transport, this.unanswered] = [reason, null, null];
    this.state = this.#failure(statusOf(reason) === "403") ? "blocked" : "refused";
  }

  ended() {
    [this.state, this.transport] = ["end", null];
  }

  /** What is known of the stream, for findings.js. @returns {import("./findings.js").Seen} */
  seen() {
    const { choice: transport = "", unanswered, cuts, burst } = this;
    const blocked = unanswered ? null : this.blocked;
    const failed = ["blocked", "lost", "offline", "refused"].includes(this.state);
    return { transport, blocked, reason: failed ? this.reason : null, unanswered, cuts, burst };
  }

  /** Whether a failure is that of WebSocket, and the stream is nothing without it. @param {boolean} obstacle */
  #failure(obstacle) {
    return obstacle && isWebSocket(this.choice ?? "");
  }
}
