// The plot of stanza timing: one mark per stanza, the newest at the right, and the figures below it. How late a stanza is
// is measured from the earliest one, so nothing is ever early.

import { deviation, number, tenths } from "../format.js";
import { grade } from "../pace.js";
import { t } from "../strings.js";
import { KEPT, Timing } from "../timing.js";
import { $, perFrame, put, scaled, svg } from "./dom.js";

const [WIDTH, HEIGHT] = [320, 72];
const [LEFT, RIGHT, TOP, BOTTOM] = [62, 6, 10, 8];
/** The scale grows to the next of these only when it must. */
const SCALES = [100, 1000, 10_000];
/** Smaller deviations are drawn without a stem. */
const STEM_MS = 6;
/** From here on, tenths of the jitter say nothing. */
const COARSE_MS = 10;
/** While nothing comes, the worst of the last minute grows old. */
const AGING_MS = 5000;

const MINI_SLOTS = 24;

/** @param {number} late @param {boolean} last */
const kind = (late, last) => `${grade(late)}${last ? " last" : ""}`.trim();

export class Plot {
  timing = new Timing();

  constructor() {
    this.draw = perFrame(() => this.#draw());
    this.#draw();
    setInterval(() => this.#figures(), AGING_MS);
  }

  /** @param {import("../pace.js").Arrival} arrival */
  add(arrival) {
    this.timing.add(arrival);
    this.draw();
  }

  /** The stream broke off here. */
  cut() {
    this.timing.cut();
    this.draw();
  }

  #draw() {
    const { lates } = this.timing;
    $("plot").replaceChildren(...this.#marks(lates));
    $("mini").replaceChildren(...mini(lates.slice(-MINI_SLOTS)));
    this.#figures();
  }

  #figures() {
    const figures = this.timing.figures(performance.now());
    put("spread", figures ? t("timing_of", { n: figures.count }) : t("none_yet"));
    if (!figures) {
      $("plot").setAttribute("aria-label", t("none_yet"));
      return;
    }
    const { count, p50, p95, jitter, worst } = figures;
    const shown = {
      p50: deviation(p50),
      p95: deviation(p95),
      jitter:
        jitter === null ? "–" : `${jitter < COARSE_MS ? tenths(jitter) : number(Math.round(jitter))} ms`,
      worst: worst === null ? "–" : deviation(worst),
    };
    for (const [name, text] of Object.entries(shown)) put(`t-${name}`, text);
    const alt = t("plot_alt", { n: count, m: shown.p50, d: shown.worst });
    if ($("plot").getAttribute("aria-label") !== alt) $("plot").setAttribute("aria-label", alt);
  }

  /** @param {number[]} lates */
  #marks(lates) {
    const far = Math.max(0, ...lates);
    const most = SCALES.find((scale) => far <= scale) ?? SCALES[SCALES.length - 1];
    const high = scaled(most);
    const y = (/** @type {number} */ late) =>
      TOP + (HEIGHT - TOP - BOTTOM) * (1 - scaled(Math.min(most, late)) / high);
    const x = (/** @type {number} */ at) =>
      LEFT + ((WIDTH - LEFT - RIGHT) * (KEPT - lates.length + at + 0.5)) / KEPT;
    const parts = [0, ...SCALES.filter((scale) => scale <= most)].flatMap((tick) => [
      svg("line", { x1: LEFT, x2: WIDTH, y1: y(tick), y2: y(tick), class: tick ? "grid" : "zero" }),
      svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, label(tick)),
    ]);
    for (const [at, { cut }] of this.timing.kept.entries()) {
      const late = lates[at];
      const last = at === lates.length - 1;
      if (cut) {
        parts.push(svg("line", { x1: x(at) + 2, x2: x(at) + 2, y1: 2, y2: HEIGHT - 2, class: "cut" }));
      }
      if (late > STEM_MS) {
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
  return tick >= 1000 ? `+${tick / 1000} s` : `+${tick} ms`;
}

/** The last marks alone, for the dock. @param {number[]} lates */
function mini(lates) {
  const zero = svg("line", { x1: 0, x2: 96, y1: 23, y2: 23, class: "zero" });
  const marks = lates.map((late, at) => {
    const last = at === lates.length - 1;
    const cx = 94 - (lates.length - 1 - at) * 4;
    const cy = 23 - scaled(Math.min(late, SCALES[SCALES.length - 1])) * 6;
    return svg("circle", { cx, cy, r: last ? 2.4 : 1.4, class: kind(late, last) });
  });
  return [zero, ...marks];
}
