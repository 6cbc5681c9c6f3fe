// The last frames of each stream that was opened on this page, and what became of it: times, kinds and sizes. Contents are
// never in it. Independent of the page.

/** @typedef {import("./stream/frames.js").Frame} Frame */
/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */
/** @typedef {Frame & {date: Date}} Logged */

/** How many are kept of each stream. */
export const KEPT = 50;
/** Reasons may be whole sentences of a proxy. */
const LONGEST = 120;

/**
 * A note as it may be shown and sent to others: the ids of sessions are left out.
 * @param {string | undefined} note
 */
export const clean = (note) => note?.replace(/\b(sid=)[^&\s]+/g, "$1…").slice(0, LONGEST) || undefined;

/** What a stream reports of itself, as a line between its frames. @type {Record<string, (...values: any[]) => Frame>} */
const LINES = {
  frame: (frame) => frame,
  connecting: (path) => ({ way: "", kind: "attempt", note: path }),
  connected: (transport) => ({ way: "", kind: "connected", transport }),
  blocked: (reason) => ({ way: "", kind: "blocked", note: reason }),
  lost: (reason) => ({ way: "", kind: "lost", note: reason }),
  refused: (reason) => ({ way: "", kind: "refused", note: reason }),
  ended: () => ({ way: "", kind: "ended" }),
};

export class FrameLog {
  /** @type {Map<TransportChoice, Logged[]>} the newest last */
  streams = new Map();
  /** Called after each line, while somebody looks. @type {(() => void) | null} */
  changed = null;

  /** @param {() => Date} [now] */
  constructor(now = () => new Date()) {
    this.now = now;
  }

  /**
   * A stream has reported something.
   * @param {TransportChoice} choice
   * @param {string} event of its listener
   * @param {any[]} values
   */
  heard(choice, event, values) {
    const line = LINES[event]?.(...values);
    if (!line) return;
    const lines = this.streams.get(choice) ?? [];
    lines.push({ ...line, note: clean(line.note), date: this.now() });
    if (lines.length > KEPT) lines.shift();
    this.streams.set(choice, lines);
    this.changed?.();
  }

  /** Those of one stream, the newest last. @param {TransportChoice} choice */
  of(choice) {
    return this.streams.get(choice) ?? [];
  }
}
