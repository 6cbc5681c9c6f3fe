// How the stanzas fall against the clock: the k-th is due at start + k · interval, and start is the earliest
// that any stanza tells of. A stanza may be held up and cannot come too early, so the quickest one knows best.

/** A stanza that is no later than this is on time; the server's slots alone are 20 ms wide. */
export const ON_TIME_MS = 100;
/** Later than this, something holds stanzas up. */
export const LATE_MS = 1000;

/** So many stanzas at once are a burst. */
const BURST = 3;

/**
 * One stanza that has come: when the stanza of index 0 would have been due for this one to be on time, and the
 * clock of its connection.
 * @typedef {{index: number, at: number, start: number, pace: Pace}} Arrival
 */

/**
 * How late a stanza was, in milliseconds. It may turn out to have been later, as long as others come by its clock.
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
  /** When the stanza of index 0 would have been due. */
  start = Infinity;
  /** Whether the newest stanza has set the clock back, so that those before it must be judged anew. */
  setBack = false;
  /** @type {Arrival[]} those that came together, the newest last */
  together = [];
  /** By how much the clock was set back since it was last worth telling. */
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
    // Little by little as the quicker stanzas come in, it says nothing about the stream.
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
   * What is less than a second late may be this page's own fault.
   */
  get burst() {
    const count = this.together.length;
    if (count < BURST) return null;
    const [oldest] = this.together;
    const late = lateness(oldest);
    return late >= Math.max(this.intervalMs, LATE_MS) ? { count, late, oldest } : null;
  }
}
