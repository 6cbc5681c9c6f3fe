// One reader's position in the poem: what comes next, and what was missed or repeated. Independent of transport
// and page.

/**
 * A stanza's place in the poem, as the server sends it.
 * @typedef {{index: number, of: number, canticle: string | null, canto: number | null, stanza: number,
 *   line: number}} Place
 */

/**
 * The first event of a stream.
 * @typedef {{edition: string, of: number, from: number, intervalMs: number, node: string}} Opening
 */

export class Reading {
  /**
   * @param {number} from the index of the stanza to start with
   * @param {number} of how many there are
   * @param {string} edition
   */
  constructor(from, of, edition) {
    this.next = from;
    this.of = of;
    /** @type {string | undefined} */
    this.edition = edition;
    this.stanzas = 0;
    this.gaps = 0;
    this.repeats = 0;
    /** How many came when they were asked for again. */
    this.fetched = 0;
    /** What was asked for again last: the stanzas from one index up to another. */
    this.asked = { from: -1, to: -1 };
  }

  /** What to ask for on connection: to continue from here. */
  request() {
    return this.edition === undefined ? {} : { from: this.next, edition: this.edition };
  }

  /**
   * The same as a query.
   * @param {Record<string, unknown>} [more] what else to ask for
   */
  query(more = {}) {
    const asked = Object.entries({ ...more, ...this.request() });
    return String(new URLSearchParams(asked.map(([name, value]) => [name, String(value)])));
  }

  /**
   * The server has announced where it starts. Returns how many stanzas it skips; negative if it repeats some.
   * @param {Opening} opening
   */
  opened({ edition, of, from }) {
    const missing = this.edition === undefined ? 0 : from - this.next;
    if (missing > 0) this.gaps += missing;
    // Repeated stanzas are counted when they arrive.
    if (missing >= 0) this.next = from;
    [this.edition, this.of] = [edition, of];
    return missing;
  }

  /**
   * How many stanzas are missing before this index, if they should be asked for again. The same place is not asked for twice: what does not come then never
   * will.
   * @param {number} index
   */
  wants(index) {
    const missing = index - this.next;
    if (missing <= 0 || this.asked.from === this.next) return 0;
    this.asked = { from: this.next, to: index };
    return missing;
  }

  /**
   * A stanza has arrived. Returns how many are missing before it; negative if it is a repeat.
   * @param {Place} place
   */
  received({ index }) {
    const missing = index - this.next;
    if (missing < 0) {
      this.repeats += 1;
      return missing;
    }
    this.gaps += missing;
    this.stanzas += 1;
    if (index >= this.asked.from && index < this.asked.to) this.fetched += 1;
    this.next = index + 1;
    return missing;
  }

  /** Whether the last stanza was received. */
  get complete() {
    return this.next >= this.of;
  }

  /** The text on the server is another one now: the reading begins anew. */
  startOver() {
    [this.next, this.edition] = [0, undefined];
    this.asked = { from: -1, to: -1 };
  }
}
