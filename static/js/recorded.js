// A listener that others listen with: what a stream reports is recorded before it is shown.

/** @typedef {import("./stream/stream.js").Listener} Listener */
/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */
/** @typedef {{heard: (choice: TransportChoice, event: string, values: any[]) => void}} Record what is recorded of all streams */

/** @type {(keyof Listener)[]} */
const EVENTS = [
  "connecting",
  "connected",
  "upgraded",
  "blocked",
  "opening",
  "stanza",
  "lost",
  "refused",
  "foreign",
  "ended",
  "hop",
  "readers",
  "announcement",
];

/**
 * The same listener, with records.
 * @param {Listener} listener
 * @param {TransportChoice} choice
 * @param {Record[]} records
 * @returns {Listener}
 */
export function recorded(listener, choice, records) {
  const tell = (/** @type {string} */ event, /** @type {any[]} */ values) => {
    for (const record of records) record.heard(choice, event, values);
  };
  const both = /** @type {any} */ ({ frame: (/** @type {any} */ frame) => tell("frame", [frame]) });
  for (const event of EVENTS) {
    // Which of the optional ones there are, streams ask.
    if (!listener[event]) continue;
    both[event] = (/** @type {any[]} */ ...values) => {
      tell(event, values);
      /** @type {any} */ (listener)[event](...values);
    };
  }
  return both;
}
