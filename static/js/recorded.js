// A listener that others listen with: what a stream reports is recorded before it is shown.

/** @typedef {import("./stream/stream.js").Listener} Listener */
/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */
/** @typedef {{heard: (choice: TransportChoice, event: string, values: any[]) => void}} Record what is recorded of all streams */

/**
 * The same listener, with records. Streams ask which of the optional methods it has, so it has those of the other, and
 * `frame`, which is for records alone.
 * @param {Listener} listener
 * @param {TransportChoice} choice
 * @param {Record[]} records
 * @returns {Listener}
 */
export function recorded(listener, choice, records) {
  const tell = (/** @type {string} */ event, /** @type {any[]} */ values) => {
    for (const record of records) record.heard(choice, event, values);
  };
  const frame = (/** @type {import("./stream/frames.js").Frame} */ one) => tell("frame", [one]);
  return new Proxy(listener, {
    get(known, name) {
      if (name === "frame") return frame;
      const method = /** @type {any} */ (known)[name];
      if (typeof method !== "function") return method;
      return (/** @type {any[]} */ ...values) => {
        tell(String(name), values);
        return method.apply(known, values);
      };
    },
  });
}
