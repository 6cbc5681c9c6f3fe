// The attempts to connect, for all streams: which one counts, how long it may go unanswered, and when the next one is due.

import { isOffline, watchNetwork } from "../network.js";
import { BLOCKED, OFFLINE, PATIENCE_MS, VAGUE } from "./causes.js";
import { diagnose } from "./diagnose.js";

/** @typedef {import("./stream.js").Listener} Listener */
/** @typedef {import("../reading.js").Reading} Reading */

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 5000;
/** The longest pause that grows out of a server's wish. */
const LONGEST_WAIT_MS = 60_000;
/** A slow host is not given up: each attempt that gets no answer lets the next one wait longer, up to this. */
const LONGEST_PATIENCE_MS = 32_000;
/** Browsers may be wrong about networks, and a server on this device needs none. */
const OFFLINE_DELAY_MS = 15_000;

/** One stream's attempts to connect, of which only the newest counts. */
export class Attempts {
  closed = false;
  /** How long this attempt may go without an answer. */
  patienceMs = PATIENCE_MS;
  #number = 0;
  #failures = 0;
  #timer = 0;
  /** Whether the next attempt is due, and waits for its time or for a network. */
  #waiting = false;

  /**
   * @param {Reading} reading
   * @param {Listener} listener
   * @param {(isOver: () => boolean) => void} connect makes one attempt, and can ask whether a newer one has replaced
   *   it or the stream is closed
   */
  constructor(reading, listener, connect) {
    this.reading = reading;
    this.listener = listener;
    this.connect = connect;
    this.forgetNetwork = watchNetwork((offline) => {
      if (!this.#waiting) return;
      if (offline) this.lost(OFFLINE);
      else this.start();
    });
  }

  /** Tries now. */
  start() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#number += 1;
    const number = this.#number;
    this.connect(() => this.closed || number !== this.#number);
  }

  /** A connection has worked. */
  worked() {
    this.#failures = 0;
    this.patienceMs = PATIENCE_MS;
  }

  /**
   * A connection was cut off or could not be opened: schedules the next attempt. The delays are those of Socket.IO's
   * client: doubled each time up to a maximum, with 50 % jitter. A server that has no room is asked no sooner than it wants, and later each
   * time: many readers may be waiting, and must not come at the same moment.
   * @param {string} reason
   * @param {number} [waitMs] how long the server wants to be left alone
   */
  lost(reason, waitMs = 0) {
    if (this.closed) return;
    clearTimeout(this.#timer);
    this.#waiting = true;
    if (isOffline()) {
      this.#timer = window.setTimeout(() => this.start(), OFFLINE_DELAY_MS);
      this.listener.lost(OFFLINE, null);
      return;
    }
    const growth = 2 ** this.#failures;
    const delay = waitMs
      ? Math.max(waitMs, Math.min(LONGEST_WAIT_MS, waitMs * growth)) * (1 + Math.random() / 2)
      : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * growth) * (0.5 + Math.random());
    this.#failures += 1;
    this.#timer = window.setTimeout(() => this.start(), delay);
    this.listener.lost(reason, performance.now() + delay);
  }

  /**
   * No answer came in time, which says nothing about what would have come later.
   * @param {string} hop
   * @param {number} askedAt
   * @param {URL} url
   * @param {string} known
   */
  unanswered(hop, askedAt, url, known) {
    this.listener.unanswered?.(known);
    const { patienceMs } = this;
    this.patienceMs = Math.min(LONGEST_PATIENCE_MS, 2 * patienceMs);
    this.failed(hop, askedAt, url, known);
  }

  /**
   * A connection could not be opened: requests its address once more to find out why.
   * @param {string} hop which failed
   * @param {number} askedAt when the connection was requested
   * @param {URL} url
   * @param {string} [known] what is known already
   */
  async failed(hop, askedAt, url, known = "") {
    if (this.closed) return;
    if (isOffline()) {
      this.lost(OFFLINE);
      return;
    }
    const number = this.#number;
    const now = performance.now();
    const { kind, reason, waitMs } = await diagnose(url, PATIENCE_MS);
    if (this.closed || number !== this.#number) return;
    this.listener.hop(hop, askedAt, now, known || reason);
    if (kind === "foreign") this.startOver(reason);
    else if (kind === "refused") this.listener.refused(reason);
    else this.lost(whole(known, reason), waitMs);
  }

  /** The text on the server has changed. @param {string} reason */
  startOver(reason) {
    this.reading.startOver();
    this.listener.foreign(reason);
    this.start();
  }

  /** For good. */
  close() {
    this.closed = true;
    this.forgetNetwork();
    clearTimeout(this.#timer);
  }
}

/** What was known of a failure, and what its address says now. @param {string} known @param {string} found */
function whole(known, found) {
  // That the server is reachable explains nothing, and the address of an event stream that works less.
  if (found === BLOCKED || /^2\d\d\b/.test(found)) return known === "" || known === VAGUE ? found : known;
  return known ? `${known}, ${found}` : found;
}
