// A dot plot of the tries: dots of the same duration are stacked, and the axis only grows.

const NS = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, BASE, TOP] = [8, 298, 60, 4];
/** The width of a stack, in the drawing's units. */
const PILE = 5;
/** How far a dot is above the one below, unless a stack gets too high for that. */
const RISE = 6;
const LABEL_DROP = 20;
const TICK = 5;

/** @param {string} tag @param {Record<string, string | number>} attributes */
function shape(tag, attributes) {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** The least of 10, 20, 50, 100, 200, … that holds all values. @param {number[]} values */
function reach(values) {
  const most = Math.max(...values);
  for (let ten = 10; ; ten *= 10) {
    for (const times of [1, 2, 5]) if (most <= ten * times) return ten * times;
  }
}

export class Dots {
  /** The end of the axis. */
  high = 0;

  /** @param {Element} svg */
  constructor(svg) {
    this.svg = svg;
  }

  /** @param {number[]} values the newest last */
  draw(values) {
    this.high = Math.max(this.high, reach(values));
    const x = (/** @type {number} */ value) => LEFT + ((RIGHT - LEFT) * value) / this.high;
    this.svg.replaceChildren(shape("line", { x1: LEFT, x2: RIGHT, y1: BASE, y2: BASE, class: "zero" }));
    this.ticks(x);

    /** @type {Map<number, number[]>} */
    const piles = new Map();
    for (const value of values) {
      const pile = Math.round(x(value) / PILE);
      piles.set(pile, [...(piles.get(pile) ?? []), value]);
    }
    const highest = Math.max(...[...piles.values()].map(({ length }) => length));
    const rise = Math.min(RISE, (BASE - TOP - RISE) / highest);
    const newest = values.length - 1;
    /** @type {Map<number, number>} */
    const heights = new Map();
    values.forEach((value, at) => {
      const pile = Math.round(x(value) / PILE);
      const height = (heights.get(pile) ?? 0) + 1;
      heights.set(pile, height);
      const last = at === newest;
      const cy = BASE - 1 - rise * height;
      this.svg.append(shape("circle", { cx: pile * PILE, cy, r: last ? 4 : 2.4, class: last ? "last" : "" }));
    });
  }

  /** @param {(value: number) => number} x */
  ticks(x) {
    const step = this.high / (String(this.high).startsWith("2") ? 4 : 5);
    for (let value = 0; value <= this.high; value += step) {
      const at = x(value);
      this.svg.append(shape("line", { x1: at, x2: at, y1: BASE, y2: BASE + TICK, class: "zero" }));
      const anchor = value === 0 ? "start" : value === this.high ? "end" : "middle";
      const label = shape("text", { x: at, y: BASE + LABEL_DROP, "text-anchor": anchor });
      label.textContent = value === this.high ? `${value} ms` : String(value);
      this.svg.append(label);
    }
  }
}
