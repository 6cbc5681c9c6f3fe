// The state of the stream, derived from measurements, and the sentences for it. Independent of the page.

import { number, seconds, span } from "./format.js";
import { inStatus, inWords } from "./reasons.js";
import { t } from "./strings.js";

/** An upgrade that takes longer is considered blocked. */
export const UPGRADE_MS = 10_000;
/** After so many stanzas that came one by one, a stream has no bursts any more. */
const CALM = 5;

/** The reasons of a WebSocket that something on the way accepts but does not forward. */
const MUTE = ["websocket closed", "websocket silent", "websocket unheard"];
/** The reason of one that works, and breaks off within seconds, again and again. */
const BROKEN = "websocket broke";

/** @typedef {"connecting" | "streaming" | "polling" | "bursts" | "silent" | "held" | "lost" | "refused" | "end"} State */

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
  /** @type {{count: number, late: number} | null} */
  burst = null;
  calm = 0;
  /** Whether the conductor of the room holds it, so that no stanza is due. */
  held = false;
  /** @type {{at: number, date: Date, reason: string, up: number} | null} an outage that lasts */
  outage = null;
  reason = "";
  /** @type {{date: Date, ms: number, reason: string}[]} */
  losses = [];

  /** @param {string} choice @param {string[]} transports what Socket.IO may use */
  constructor(choice, transports) {
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
    this.askedAt = performance.now();
  }

  /** @param {string} path */
  connecting(path) {
    [this.path, this.askedAt] = [path, performance.now()];
  }

  /** @param {string} transport */
  connected(transport) {
    this.transport = transport;
    this.since = performance.now();
    this.handshakeMs = this.since - this.askedAt;
    this.upgrading =
      transport === "polling" && this.choice === "socketio" && !this.onlyPolling && !this.blocked;
    this.upgradedMs = null;
    [this.burst, this.calm, this.slow] = [null, 0, false];
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

  /** @param {{count: number, late: number} | null} burst that the newest stanza belongs to */
  received(burst) {
    this.calm = burst ? 0 : this.calm + 1;
    if (burst) this.burst = burst;
    else if (this.calm >= CALM) this.burst = null;
    this.flow();
  }

  silent() {
    if (this.state === "streaming" || this.state === "polling") this.state = "silent";
  }

  /** @param {boolean} held */
  hold(held) {
    this.held = held;
    if (this.transport) this.flow();
  }

  /** The stream is connected: derives its state from the measurements. */
  flow() {
    if (this.held) this.state = "held";
    else if (this.burst) this.state = "bursts";
    else this.state = this.transport === "polling" && !this.upgrading ? "polling" : "streaming";
  }

  /** @param {string} reason */
  lost(reason) {
    const now = performance.now();
    const up = this.transport ? now - this.since : 0;
    this.outage ??= { at: now, date: new Date(), reason, up };
    this.transport = null;
    this.reason = reason;
    this.state = "lost";
  }

  /** The stream is connected again. Returns the outage with its duration, if there was one. */
  resumed() {
    if (!this.outage) return null;
    const loss = { ...this.outage, ms: performance.now() - this.outage.at };
    this.outage = null;
    return loss;
  }

  /** @param {string} reason */
  refused(reason) {
    [this.state, this.reason, this.transport] = ["refused", reason, null];
  }

  ended() {
    [this.state, this.transport] = ["end", null];
  }

  /** The transport's own name. */
  get name() {
    if (this.transport === "websocket" && this.choice === "websocket") return t("badge_plain");
    return t(this.transport ? `badge_${this.transport}` : "connecting");
  }

  /**
   * @param {number} intervalMs
   * @param {{next: number, complete: boolean}} reading
   * @returns {{badge: string, what: string, how: string}}
   */
  words(intervalMs, reading) {
    const { state } = this;
    switch (state) {
      case "connecting":
        return {
          badge: t("connecting"),
          what: t("connecting_what"),
          how: t(this.slow ? "connecting_slow" : "connecting_how", { path: this.path }),
        };
      case "streaming":
        return { badge: this.name, what: every(intervalMs), how: this.#reached() };
      case "polling":
        return { badge: this.name, what: t("polling_what"), how: this.#polling() };
      case "bursts": {
        const { count, late } = this.burst ?? { count: 0, late: 0 };
        return {
          badge: this.name,
          what: t("bursts_what"),
          how: t("bursts_how", { n: number(count), s: seconds(late) }),
        };
      }
      case "silent":
        return { badge: this.name, what: t("silent_what"), how: t("silent_how") };
      case "held":
        return { badge: t("room_held_badge"), what: t("room_held_what"), how: t("room_held_how") };
      case "lost": {
        const values = {
          reason: inWords(this.outage?.up ? this.outage.reason : this.reason),
          up: span(this.outage?.up ?? 0),
          at: number(reading.next + 1),
        };
        return {
          badge: t("lost"),
          what: t(this.outage?.up ? "lost_what" : "unreached_what"),
          how: t(this.outage?.up ? "lost_how" : "unreached_how", values),
        };
      }
      case "refused": {
        const [status, { path, reason }] = [inStatus(this.reason), this];
        let how = t(status ? "refused_status" : "refused_how", { path, reason: status ?? reason });
        if (reason.endsWith(".js")) how = t("no_client", { url: reason });
        return { badge: t("refused"), what: t("refused_what"), how };
      }
      default:
        return { badge: t("ended"), what: t("end_what"), how: t(reading.complete ? "end_how" : "end_early") };
    }
  }

  #reached() {
    if (this.upgrading) return t("upgrading");
    if (this.upgradedMs !== null) return t("reached_upgraded", { ms: number(Math.round(this.upgradedMs)) });
    const ms = number(Math.round(this.handshakeMs));
    return t(this.transport === "sse" ? "reached_sse" : "reached_at_once", { ms });
  }

  #polling() {
    if (this.onlyPolling) return t(this.choice === "socketio-polling" ? "polling_chosen" : "polling_only");
    const blocked = this.blocked ?? "";
    const sentence = blocked === BROKEN ? "broken" : MUTE.includes(blocked) ? "mute" : "how";
    return t(`polling_${sentence}`, { reason: inWords(blocked) });
  }
}

/** A sentence for the interval. @param {number} intervalMs */
function every(intervalMs) {
  if (intervalMs === 2000) return t("every_two");
  if (intervalMs < 1000) return t("every_ms", { ms: number(intervalMs) });
  return t("every_s", { s: number(intervalMs / 1000) });
}
