// The plot of stanza timing: one mark per stanza, the newest at the right.

import { deviation } from "../format.js";
import { grade, lateness } from "../pace.js";
import { t } from "../strings.js";
import { $, perFrame, put, scaled, svg } from "./dom.js";

/** @typedef {import("../pace.js").Arrival} Arrival */

const SLOTS = 60;
const [WIDTH, HEIGHT] = [320, 108];
const [LEFT, RIGHT, TOP, BOTTOM] = [62, 6, 8, 14];
/** The scale grows to the next of these only when it must. */
const SCALES = [100, 1000, 10_000];
/** Smaller deviations are drawn without a stem. */
const STEM_MS = 6;

const MINI_SLOTS = 24;

/** @param {number[]} values */
export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** The one farthest from zero. @param {number[]} values */
export const worst = (values) =>
  values.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0);

/** @param {number} late @param {boolean} last */
const kind = (late, last) => `${grade(late)}${last ? " last" : ""}`.trim();

export class Plot {
  constructor() {
    /** @type {{arrival: Arrival, cut: boolean}[]} `cut`: the stream broke off after it */
    this.arrivals = [];
    this.draw = perFrame(() => this.#draw());
    this.#draw();
  }

  /** @param {Arrival} arrival */
  add(arrival) {
    this.arrivals.push({ arrival, cut: false });
    if (this.arrivals.length > SLOTS) this.arrivals.shift();
    this.draw();
  }

  /** The stream broke off here. */
  cut() {
    const last = this.arrivals.at(-1);
    if (last) last.cut = true;
    this.draw();
  }

  #draw() {
    const lates = this.arrivals.map(({ arrival }) => lateness(arrival));
    const values = { m: deviation(median(lates)), d: deviation(worst(lates)), n: lates.length };
    put("spread", lates.length ? t("worst_median", values) : t("none_yet"));
    $("plot").setAttribute("aria-label", lates.length ? t("plot_alt", values) : t("none_yet"));
    $("plot").replaceChildren(...this.#marks(lates));
    $("mini").replaceChildren(...mini(lates.slice(-MINI_SLOTS)));
  }

  /** @param {number[]} lates */
  #marks(lates) {
    const far = Math.abs(worst(lates));
    const most = SCALES.find((scale) => far <= scale) ?? SCALES[SCALES.length - 1];
    const [low, high] = [scaled(-SCALES[0]), scaled(most) * 1.08];
    const y = (/** @type {number} */ late) => {
      const inside = Math.max(-SCALES[0], Math.min(most, late));
      return TOP + ((HEIGHT - TOP - BOTTOM) * (high - scaled(inside))) / (high - low);
    };
    const x = (/** @type {number} */ at) =>
      LEFT + ((WIDTH - LEFT - RIGHT) * (SLOTS - lates.length + at + 0.5)) / SLOTS;
    const parts = [-SCALES[0], 0, ...SCALES.filter((scale) => scale <= most)].flatMap((tick) => [
      svg("line", { x1: LEFT, x2: WIDTH, y1: y(tick), y2: y(tick), class: tick ? "grid" : "zero" }),
      svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, label(tick)),
    ]);
    for (const [at, { cut }] of this.arrivals.entries()) {
      const late = lates[at];
      const last = at === lates.length - 1;
      if (cut) {
        parts.push(svg("line", { x1: x(at) + 2, x2: x(at) + 2, y1: 4, y2: HEIGHT - 12, class: "cut" }));
      }
      if (Math.abs(late) > STEM_MS) {
        parts.push(
          svg("line", { x1: x(at), x2: x(at), y1: y(0), y2: y(late), class: `stem ${grade(late)}` }),
        );
      }
      const r = last ? 3.2 : grade(late) ? 2.8 : 1.7;
      parts.push(svg("circle", { cx: x(at), cy: y(late), r, class: kind(late, last) }));
    }
    return parts;
  }
}

/** @param {number} tick */
function label(tick) {
  if (tick === 0) return t("on_time");
  return `${tick < 0 ? "−" : "+"}${Math.abs(tick) >= 1000 ? `${Math.abs(tick) / 1000} s` : `${Math.abs(tick)} ms`}`;
}

/** The last marks alone, for the dock. @param {number[]} lates */
function mini(lates) {
  const zero = svg("line", { x1: 0, x2: 96, y1: 14, y2: 14, class: "zero" });
  const marks = lates.map((late, at) => {
    const last = at === lates.length - 1;
    const cx = 94 - (lates.length - 1 - at) * 4;
    return svg("circle", { cx, cy: 14 - scaled(late) * 4.2, r: last ? 2.4 : 1.4, class: kind(late, last) });
  });
  return [zero, ...marks];
}
