// What the newest stanzas say of a stream's timing, in figures. Independent of the page.

import { lateness } from "./pace.js";

/** @typedef {import("./pace.js").Arrival} Arrival */

/** The figures are those of so many stanzas: as many as the plot shows. */
export const KEPT = 60;
/** How far back the worst is looked for. */
const RECENTLY_MS = 60_000;
/** How much of each difference goes into the jitter: RFC 3550, 6.4.1. */
const GAIN = 1 / 16;

/**
 * All in milliseconds. `jitter` is null before the second stanza of a connection; `worst` is that of the last minute, and
 * null if none has come meanwhile.
 * @typedef {{count: number, p50: number, p95: number, jitter: number | null, worst: number | null}} Figures
 */

/**
 * The smallest value that at least so many percent are not above (nearest rank): one that was measured, never one in
 * between.
 * @param {number[]} sorted ascending
 * @param {number} percent
 */
export const percentile = (sorted, percent) =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;

export class Timing {
  /** @type {{arrival: Arrival, cut: boolean}[]} the newest last; `cut`: the stream broke off after it */
  kept = [];
  /**
   * The interarrival jitter of RFC 3550, 6.4.1: the mean, weighted towards the newest, of how far the time between two
   * stanzas is from the time between their turns.
   * @type {number | null}
   */
  jitter = null;

  /** @param {Arrival} arrival */
  add(arrival) {
    const last = this.kept.at(-1)?.arrival;
    // Two connections have two clocks.
    if (last && last.pace === arrival.pace) {
      const difference = Math.abs(arrival.start - last.start);
      this.jitter = (this.jitter ?? 0) + (difference - (this.jitter ?? 0)) * GAIN;
    }
    this.kept.push({ arrival, cut: false });
    if (this.kept.length > KEPT) this.kept.shift();
  }

  /** The stream broke off here. */
  cut() {
    const last = this.kept.at(-1);
    if (last) last.cut = true;
  }

  /** How late each was, the newest last. */
  get lates() {
    return this.kept.map(({ arrival }) => lateness(arrival));
  }

  /**
   * Null before the first stanza.
   * @param {number} now by the clock of `performance.now()`
   * @returns {Figures | null}
   */
  figures(now) {
    const { lates } = this;
    if (!lates.length) return null;
    const sorted = lates.toSorted((one, next) => one - next);
    const recent = lates.filter((_, at) => now - this.kept[at].arrival.at <= RECENTLY_MS);
    return {
      count: lates.length,
      p50: percentile(sorted, 50),
      p95: percentile(sorted, 95),
      jitter: this.jitter,
      worst: recent.length ? Math.max(...recent) : null,
    };
  }
}
