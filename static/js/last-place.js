// Where the reader was last in this edition of the poem, so that a later visit can go on from there.

/** @typedef {import("./reading.js").Place} Place */
/** @typedef {Pick<Place, "index" | "canticle" | "canto" | "line">} LastPlace */
/** @typedef {{get: (name: string) => string | null, set: (name: string, value: string) => void, forget: (name: string) => void}} Memory */

/** Whoever has not come further than this has lost nothing by beginning anew. */
const BEGINNING = 3;
/** Places are noted no more often than this: stanzas may come fifty times a second. */
const EVERY_MS = 1000;

/** @param {any} value what was stored; anybody may have written it @param {number} of @returns {value is LastPlace} */
const isPlace = (value, of) =>
  Number.isInteger(value?.index) &&
  value.index >= BEGINNING &&
  value.index < of - 1 &&
  Number.isInteger(value.line) &&
  ((value.canticle === null && value.canto === null) ||
    (typeof value.canticle === "string" && Number.isInteger(value.canto)));

export class LastPlaces {
  /** @type {LastPlace | null} what is not stored yet */
  #pending = null;
  #storedAt = -Infinity;

  /**
   * @param {Memory} memory
   * @param {string} edition
   * @param {number} of how many stanzas it has
   */
  constructor(memory, edition, of) {
    this.memory = memory;
    this.key = `place-${edition}`;
    this.of = of;
    /** Where the last visit ended. Until the reader has gone on from there, come there, or declined, it stays the last place. */
    this.offer = this.#stored();
  }

  /**
   * The reader looks at this stanza.
   * @param {Place} place
   * @param {number} now in milliseconds
   */
  at({ index, canticle, canto, line }, now) {
    if (this.offer && index >= this.offer.index) this.offer = null;
    if (index >= this.of - 1) {
      this.decline();
      return;
    }
    if (index < BEGINNING || this.offer) return;
    this.#pending = { index, canticle, canto, line };
    if (now < this.#storedAt + EVERY_MS) return;
    this.#storedAt = now;
    this.store();
  }

  /** Stores what is not stored yet; the page may be about to go. */
  store() {
    if (this.#pending) this.memory.set(this.key, JSON.stringify(this.#pending));
    this.#pending = null;
  }

  /** The reader does not want to go on there, or has read to the end. */
  decline() {
    this.offer = null;
    this.#pending = null;
    this.memory.forget(this.key);
  }

  /** @returns {LastPlace | null} */
  #stored() {
    try {
      const found = JSON.parse(this.memory.get(this.key) ?? "null");
      return isPlace(found, this.of) ? found : null;
    } catch {
      return null;
    }
  }
}
