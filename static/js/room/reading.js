// A reader's position in the poem, in a room: where the room is. What was missed there stays missed, and the room may go anywhere.

import { Reading } from "../reading.js";

export class SharedReading extends Reading {
  /** Whether the reader has been in the room before. */
  #joined = false;

  /**
   * @param {string} room its name
   * @param {number} of how many stanzas there are
   * @param {string} edition
   */
  constructor(room, of, edition) {
    super(0, of, edition);
    this.room = room;
  }

  /** Asks for the room, and says what it has heard there, so that this does not come twice. */
  request() {
    return { room: this.room, ...(this.#joined ? super.request() : {}) };
  }

  /**
   * The room is here now. Returns how many stanzas were missed since the reader was there last; where the room has gone back, none.
   * @param {import("../reading.js").Opening} opening
   */
  opened({ edition, of, from }) {
    const missed = this.#joined && this.edition !== undefined ? Math.max(0, from - this.next) : 0;
    this.#joined = true;
    this.gaps += missed;
    [this.next, this.edition, this.of] = [from, edition, of];
    return missed;
  }

  /** Nothing is asked for again behind the room's back. */
  wants() {
    return 0;
  }

  /**
   * A stanza has arrived. In a room they come in order, so another one than the next means that the room has gone somewhere: nothing is
   * missing, and nothing is repeated.
   * @param {import("../reading.js").Place} place
   */
  received({ index }) {
    this.stanzas += 1;
    this.next = index + 1;
    return 0;
  }
}
