// Round trips, measured every few seconds while the stream is connected and the page visible.

import { number } from "../format.js";
import { t } from "../strings.js";
import { $, put, svg } from "./dom.js";

const EVERY_MS = 5000;
const KEPT = 40;
/** The smallest range that fills the plot's height, so that tiny differences stay small. */
const LEAST_RANGE_MS = 10;

export class Pings {
  /** @param {() => Promise<number> | null} ping null when there is no connection */
  constructor(ping) {
    this.ping = ping;
    /** @type {number[]} */
    this.values = [];
    setInterval(() => this.measure(), EVERY_MS);
  }

  async measure() {
    if (document.hidden) return;
    try {
      const ms = await this.ping();
      if (ms !== null) this.#add(ms);
    } catch {
      // The stream itself reports when it is lost.
    }
  }

  /** In milliseconds; null where none was measured over this transport. */
  figures() {
    const { values } = this;
    if (!values.length) return null;
    const [last, best, worst] = [values[values.length - 1], Math.min(...values), Math.max(...values)].map(
      Math.round,
    );
    return { lastMs: last, bestMs: best, worstMs: worst };
  }

  /** There is no connection. */
  none() {
    put("ping", "–");
  }

  /** Another transport was chosen, and is measured afresh. */
  restart() {
    this.values = [];
    put("ping-range", "");
    $("ping-line").replaceChildren();
    this.none();
  }

  /** @param {number} ms */
  #add(ms) {
    this.values.push(ms);
    if (this.values.length > KEPT) this.values.shift();
    const [low, high] = [Math.min(...this.values), Math.max(...this.values)];
    put("ping", `${number(Math.round(ms))} ms`);
    put("ping-range", t("ping_range", { a: number(Math.round(low)), b: number(Math.round(high)) }));
    const x = (/** @type {number} */ at) => 200 - (this.values.length - 1 - at) * 5;
    const y = (/** @type {number} */ value) =>
      22 - (18 * (value - low)) / Math.max(high - low, LEAST_RANGE_MS);
    const points = this.values.map((value, at) => `${x(at)},${y(value).toFixed(1)}`).join(" ");
    $("ping-line").replaceChildren(
      svg("polyline", { class: "spark", points }),
      svg("circle", { cx: 200, cy: y(ms), r: 2.6, class: "last" }),
    );
  }
}
