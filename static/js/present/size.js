// How large verses stand for a whole room to read. Independent of the page.

/** The height of a line, in its own size. */
export const LINE = 1.42;
/** How far the lines after the first are indented, in their own size. */
export const INDENT = 1;
/** No larger than this part of the window's width. */
const MOST = 0.08;
/** Where unbroken lines would have to be smaller than this part of the width, or than so many pixels, they are broken. */
const COMFORT = 0.028;
const COMFORT_PX = 22;
/** Nothing is smaller; the rest is scrolled. */
const LEAST_PX = 16;
/** What breaking lines between words costs. */
const RAGGED = 1.12;
/** How much larger the verses must get to be worth a change. */
const WORTH = 1.12;

/**
 * The size of a stanza, in pixels.
 * @param {number} viewport the window's width
 * @param {{width: number, height: number}} space for it
 * @param {number[]} lines the width of each line, in its own size
 */
export function verseSize(viewport, { width, height }, lines) {
  const most = viewport * MOST;
  const unbroken = Math.min(most, width / Math.max(...lines, 1), height / (lines.length * LINE));
  const comfort = Math.min(most, Math.max(viewport * COMFORT, COMFORT_PX));
  if (unbroken >= comfort) return Math.floor(unbroken);
  let size = Math.floor(comfort);
  const rows = () => lines.reduce((sum, line) => sum + Math.ceil((line * size * RAGGED) / width), 0);
  while (size > LEAST_PX && rows() * size * LINE > height) size -= 1;
  return Math.max(size, LEAST_PX);
}

/**
 * The size to show: it changes only when it must, or when it is worth it, since verses that grow and shrink at each stanza are hard to read.
 * @param {number} shown
 * @param {number} best
 */
export const steady = (shown, best) => (best < shown || best > shown * WORTH ? best : shown);
