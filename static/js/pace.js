// How late each stanza is. The k-th is due at start + k · interval; start is not known, and is estimated from the
// stanza that came earliest relative to its index: stanzas may be delayed but never come early.

/** A stanza that is no later than this counts as on time; the server's own slots are 20 ms wide. */
export const ON_TIME_MS = 100;
/** Later than this, something delays stanzas. */
export const LATE_MS = 1000;

/** At least so many stanzas at once are a burst. */
const BURST = 3;

/**
 * The arrival of one stanza. `start` is when stanza 0 would have been due if this one was exactly on time; `pace` is
 * the clock of its connection.
 * @typedef {{index: number, at: number, start: number, pace: Pace}} Arrival
 */

/**
 * How late a stanza was, in milliseconds. The value may still grow: a quicker stanza may set `start` back.
 * @param {Arrival} arrival
 */
export const lateness = ({ start, pace }) => start - pace.start;

/** @param {number} ms @returns {"" | "late" | "stalled"} */
export function grade(ms) {
  const size = Math.abs(ms);
  return size <= ON_TIME_MS ? "" : size <= LATE_MS ? "late" : "stalled";
}

/** The clock of one connection. */
export class Pace {
  /** When stanza 0 would have been due, as far as is known. */
  start = Infinity;
  /** Whether the newest stanza has set `start` back noticeably, so that earlier ones must be drawn again. */
  setBack = false;
  /** @type {Arrival[]} those that came together, the newest last */
  together = [];
  /** How far `start` was set back since `setBack` was last true, in milliseconds. */
  #unreported = 0;

  /** @param {number} intervalMs */
  constructor(intervalMs) {
    this.intervalMs = intervalMs;
  }

  /**
   * A stanza has come.
   * @param {number} index
   * @param {number} at
   * @returns {Arrival}
   */
  arrived(index, at) {
    const start = at - index * this.intervalMs;
    if (start < this.start) {
      // The first stanza has nothing before it.
      if (this.start < Infinity) this.#unreported += this.start - start;
      this.start = start;
    }
    // Small corrections add up; only their sum is worth a redraw.
    this.setBack = this.#unreported > ON_TIME_MS;
    if (this.setBack) this.#unreported = 0;
    const last = this.together.at(-1);
    if (last && at - last.at > this.intervalMs / 4) this.together = [];
    const arrival = { index, at, start, pace: this };
    this.together.push(arrival);
    return arrival;
  }

  /**
   * The burst that the newest stanza belongs to, if it does: how many came at once, and how late the oldest is.
   * Less than a second may be this page's own delay.
   */
  get burst() {
    const count = this.together.length;
    if (count < BURST) return null;
    const [oldest] = this.together;
    const late = lateness(oldest);
    return late >= Math.max(this.intervalMs, LATE_MS) ? { count, late, oldest } : null;
  }
}
