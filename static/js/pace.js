// How the stanzas fall against the clock: the k-th is due at start + k · interval. Where a stream starts
// late, by a first stanza that was held up, the clock is set back to the earliest that was seen.

/** A stanza that is no later than this is on time; the server's slots alone are 20 ms wide. */
export const ON_TIME_MS = 100;
/** Later than this, something holds stanzas up. */
export const LATE_MS = 1000;

/** So many stanzas at once are a burst. */
const BURST = 3;

/** @param {number} ms @returns {"" | "late" | "stalled"} */
export function grade(ms) {
  const size = Math.abs(ms);
  return size <= ON_TIME_MS ? "" : size <= LATE_MS ? "late" : "stalled";
}

export class Pace {
  /** @param {number} intervalMs */
  constructor(intervalMs) {
    this.intervalMs = intervalMs;
    this.restart();
  }

  /** A new connection has a clock of its own. */
  restart() {
    /** @type {number | null} when the stanza of index 0 would have been due */
    this.start = null;
    /** By how much the newest stanza has set the clock back: those before it were later than it seemed. */
    this.setBack = 0;
    /** @type {{at: number, late: number}[]} those that came together, the newest last */
    this.together = [];
  }

  /**
   * A stanza has come. Returns how late it is, in milliseconds; below zero it is early.
   * @param {number} index
   * @param {number} at
   */
  arrived(index, at) {
    const start = at - index * this.intervalMs;
    this.start ??= start;
    const last = this.together.at(-1);
    if (last && at - last.at > this.intervalMs / 4) this.together = [];
    this.setBack = Math.max(0, this.start - start);
    if (this.setBack <= ON_TIME_MS) this.setBack = 0;
    this.start -= this.setBack;
    for (const earlier of this.together) earlier.late += this.setBack;
    const late = start - this.start;
    this.together.push({ at, late });
    return late;
  }

  /**
   * The burst that the newest stanza belongs to, if it does: how many came at once, and how late the oldest is.
   * What is less than a second late may be this page's own fault.
   */
  get burst() {
    const oldest = this.together[0];
    const burst = this.together.length >= BURST && oldest.late >= Math.max(this.intervalMs, LATE_MS);
    return burst ? { count: this.together.length, late: oldest.late } : null;
  }
}
