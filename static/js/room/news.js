// What a reader knows of a room, and what that means for the clock of its stanzas. Independent of the page.

import { ON_TIME_MS } from "../pace.js";

/** @typedef {import("./orders.js").RoomNews} RoomNews */
/** @typedef {{index: number}} Place */

/** What an arriving stanza means. @typedef {{measured: boolean, anew: boolean, went: boolean}} Arriving */

export class RoomBeat {
  /** @type {RoomNews | null} what was told last */
  news = null;
  held = false;
  /** Whether the next stanza is the first one since the reader joined. */
  #fresh = true;
  #from = 0;
  /** Whether the clock has to be started anew. */
  #anew = false;
  /** @type {number | null} the index of the last stanza that came */
  #last = null;

  /** The reader has joined, or come back, and this stanza is next for it. @param {number} from */
  joined(from) {
    [this.#fresh, this.#from] = [true, from];
  }

  /**
   * Something was told of the room.
   * @param {RoomNews} news
   */
  told(news) {
    const { news: before } = this;
    // When nothing of what is told has changed, orders came so quickly after each other that only the last one is told.
    if (before && before.readers === news.readers && before.held === news.held) this.#anew = true;
    if (news.held !== this.held) this.#anew = true;
    [this.news, this.held] = [news, news.held];
  }

  /**
   * A stanza arrives. The first one since joining comes at once, whenever it was due, and says nothing about delays; after a hold, or
   * somewhere else in the poem, the room's beat is another one.
   * @param {Place} place
   * @param {number} at
   * @param {{start: number, intervalMs: number}} pace
   * @returns {Arriving}
   */
  arriving({ index }, at, pace) {
    const joined = this.#fresh;
    const next = joined ? this.#from : (this.#last ?? 0) + 1;
    const went = this.#last !== null && (index !== next || index <= this.#last);
    // The room has gone on before it was told. A stanza that was due before it was held is only late.
    const goesOn = this.held && !joined && !went && index > (this.news?.place ?? -1);
    if (goesOn) this.held = false;
    // Earlier than the beat: a stanza is never, so the beat has changed.
    const early = at - index * pace.intervalMs < pace.start - ON_TIME_MS;
    const anew = joined || went || goesOn || early || this.#anew;
    [this.#fresh, this.#anew, this.#last] = [false, joined, index];
    return { measured: !joined, anew, went };
  }
}
