// What was tried on this page, transport by transport, and how it went: the last word on each. Independent of the page.

import { Pace, lateness } from "./pace.js";
import { isObstacle } from "./stream/causes.js";
import { Timing } from "./timing.js";

/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */
/** @typedef {Exclude<TransportChoice, "socketio">} Transport */

/**
 * `blocked` is a WebSocket that did not get through or led nowhere, `disallowed` a transport that the server does not offer.
 * @typedef {"opening" | "streaming" | "bursts" | "blocked" | "lost" | "refused" | "ended" | "disallowed"} TrialState
 */

/** How long a stanza that was due at a time may say nothing of the stream. @typedef {(arrival: import("./pace.js").Arrival) => boolean} Slept */

/** After so many stanzas that came one by one, a stream has no bursts any more. */
const CALM = 5;

/** One transport. */
export class Trial {
  /** @type {TrialState} */
  state = "opening";
  /** Why it is blocked, lost or refused; the last reason, if it works again. */
  reason = "";
  /** Whether it was ever connected. */
  stood = false;
  /** What is awaited for longer than it should be. @type {string | null} */
  unanswered = null;
  attempts = 0;
  connections = 0;
  stanzas = 0;
  /** @type {number | null} milliseconds from the first attempt to the first stanza */
  first = null;
  /** The largest burst of late: how many at once, and how late the oldest. @type {{count: number, late: number} | null} */
  burst = null;
  /** How many came one by one since. */
  calm = 0;
  timing = new Timing();
  pace = new Pace(0);
  askedAt = 0;

  /** @param {Transport} transport */
  constructor(transport) {
    this.transport = transport;
  }

  /** What is known of it, for its findings. */
  get seen() {
    const { transport, state, reason, unanswered, burst } = this;
    const failed = state === "lost" || state === "refused";
    const blocked = state === "blocked" ? reason : null;
    return { transport, blocked, reason: failed ? reason : null, unanswered, cuts: null, burst };
  }
}

export class Trials {
  /** @type {Map<Transport, Trial>} in the order in which they were tried first */
  all = new Map();
  /** What each stream uses, or tries next. @type {Map<TransportChoice, Transport>} */
  #current = new Map();

  /**
   * @param {string[]} transports that the server allows Socket.IO
   * @param {Slept} slept whether a stanza came while the page slept
   * @param {() => number} [now]
   */
  constructor(transports, slept, now = () => performance.now()) {
    this.first = /** @type {Transport} */ (`socketio-${transports[0] || "websocket"}`);
    this.slept = slept;
    this.now = now;
  }

  /**
   * A stream has reported something.
   * @param {TransportChoice} choice
   * @param {string} event of its listener
   * @param {any[]} values
   */
  heard(choice, event, values) {
    switch (event) {
      case "connecting":
        this.#connecting(choice);
        break;
      case "connected":
        this.#connected(choice, choice.startsWith("socketio") ? `socketio-${values[0]}` : choice);
        break;
      case "upgraded":
        this.#connected(choice, "socketio-websocket");
        break;
      case "blocked":
        this.#over(this.#trial("socketio-websocket"), "blocked", values[0]);
        if (choice === "socketio") this.#fallBack(choice);
        break;
      case "unanswered":
        this.#now(choice).unanswered = values[0];
        break;
      case "opening":
        this.#now(choice).pace = new Pace(values[0].intervalMs);
        break;
      case "stanza":
        this.#stanza(this.#now(choice), values[1].index, values[2]);
        break;
      case "lost":
      case "refused":
      case "ended":
        this.#ended(choice, event, values[0]);
        break;
      default:
    }
  }

  /** A transport that the server does not offer. @param {Transport} transport */
  disallowed(transport) {
    this.#trial(transport).state = "disallowed";
  }

  /** The transport that a stream uses, or tries. @param {TransportChoice} choice */
  using(choice) {
    return this.#now(choice).transport;
  }

  /** @param {string} transport */
  #trial(transport) {
    const name = /** @type {Transport} */ (transport);
    const known = this.all.get(name) ?? new Trial(name);
    this.all.set(name, known);
    return known;
  }

  /** What a stream uses, or used last, or else what it tries first. @param {TransportChoice} choice */
  #now(choice) {
    return this.#trial(this.#current.get(choice) ?? (choice === "socketio" ? this.first : choice));
  }

  /** @param {TransportChoice} choice */
  #connecting(choice) {
    const trial = this.#now(choice);
    trial.attempts += 1;
    trial.askedAt ||= this.now();
  }

  /** @param {TransportChoice} choice */
  #fallBack(choice) {
    this.#current.set(choice, "socketio-polling");
    this.#now(choice).askedAt ||= this.now();
  }

  /** @param {TransportChoice} choice @param {string} transport */
  #connected(choice, transport) {
    const before = this.#now(choice);
    const trial = this.#trial(transport);
    this.#current.set(choice, trial.transport);
    trial.askedAt ||= before.askedAt;
    [trial.state, trial.stood, trial.unanswered] = ["streaming", true, null];
    trial.connections += 1;
    // After an upgrade, what was the clock of the connection still is.
    if (before !== trial) trial.pace = before.pace;
  }

  /** @param {Trial} trial @param {number} index @param {number} at */
  #stanza(trial, index, at) {
    trial.stanzas += 1;
    trial.first ??= at - trial.askedAt;
    const arrival = trial.pace.arrived(index, at);
    if (!this.slept(arrival)) trial.timing.add(arrival);
    const { burst } = trial.pace;
    trial.calm = burst ? 0 : trial.calm + 1;
    if (trial.calm >= CALM) trial.burst = null;
    if (burst && !this.slept(burst.oldest)) {
      const late = Math.round(lateness(burst.oldest));
      const { count } = burst;
      trial.burst = {
        count: Math.max(count, trial.burst?.count ?? 0),
        late: Math.max(late, trial.burst?.late ?? 0),
      };
    }
    trial.state = trial.burst ? "bursts" : "streaming";
  }

  /** @param {TransportChoice} choice @param {"lost" | "refused" | "ended"} state @param {string} [reason] */
  #ended(choice, state, reason = "") {
    const trial = this.#now(choice);
    trial.timing.cut();
    this.#over(trial, isObstacle(reason) && !trial.stood ? "blocked" : state, reason);
  }

  /** @param {Trial} trial @param {TrialState} state @param {string} reason */
  #over(trial, state, reason) {
    [trial.state, trial.unanswered] = [state, null];
    if (reason) trial.reason = reason;
  }
}
