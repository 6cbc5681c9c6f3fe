// A reading in a room: tells the session what its stanzas mean there, and the page who else reads, and whether the room is held.

import { number } from "../format.js";
import { Pace } from "../pace.js";
import { t } from "../strings.js";
import { nameOf } from "../view/verse.js";
import { RoomBeat } from "./news.js";
import { missedRange } from "./range.js";

/** @typedef {import("../reading.js").Place} Place */
/** @typedef {import("./orders.js").RoomNews} RoomNews */

/** A place of which only the index is known. */
const NOWHERE = { of: 0, canticle: null, canto: null, stanza: 0, line: 0 };

export class Together {
  beat = new RoomBeat();
  /** @type {{place: Place, lines: number} | null} the last stanza that came */
  #last = null;
  /** @type {number | null} up to where stanzas were missed, until it is noted */
  #missed = null;

  /**
   * @param {import("../session.js").Session} session
   * @param {import("./missed.js").Missed} notes
   * @param {(news: RoomNews) => void} show what was told of the room
   */
  constructor(session, notes, show) {
    this.session = session;
    this.notes = notes;
    this.show = show;
  }

  get held() {
    return this.beat.held;
  }

  /** Stanzas were missed, up to this index; it is noted when it is known where the room is. @param {number} index */
  missed(index) {
    this.#missed = index;
  }

  /** The reader has joined the room, or is back. */
  opened() {
    this.beat.joined(this.session.reading.next);
    this.#settle();
  }

  /**
   * A stanza arrives. Returns whether its delay can be measured.
   * @param {string} text
   * @param {Place} place
   * @param {number} at
   */
  arriving(text, place, at) {
    const { session } = this;
    const { measured, anew, went } = this.beat.arriving(place, at, session.arrivals.pace);
    const { verse, plot, contents } = session.views;
    if (this.#missed !== null && this.#last) {
      // If the room went on elsewhere at once, no more is known of the first stanza that was not missed.
      const after = this.#missed === place.index ? place : { ...NOWHERE, index: this.#missed };
      const range = missedRange(this.#last, after, (index) => contents.canto(index));
      this.notes.note(range, this.#last.place, after.index);
    }
    if (went) verse.interrupted(t("room_went", { where: whereIs(place) }));
    if (went) plot.cut();
    if (anew) session.arrivals.pace = new Pace(session.arrivals.pace.intervalMs);
    this.#missed = null;
    this.#last = { place, lines: text.split("\n").length };
    this.#tell();
    return measured;
  }

  /** The next stanza is not expected while the room is held. */
  arrived() {
    this.#settle();
  }

  /** The server tells of the room. @param {RoomNews} news */
  room(news) {
    const before = this.held;
    this.beat.told(news);
    this.show(news);
    if (before && !this.held) this.session.views.next.restart();
    this.#settle();
    this.session.show();
  }

  #tell() {
    const { status } = this.session;
    status.hold(this.held);
    const { news } = this.beat;
    if (news && news.held !== this.held) this.show({ ...news, held: this.held });
  }

  #settle() {
    this.#tell();
    if (this.held) this.session.views.next.stop();
  }
}

/** @param {Place} place */
function whereIs(place) {
  if (place.canticle === null) return t("room_stanza", { a: number(place.index + 1) });
  return place.line === 1 ? nameOf(place) : t("room_line", { where: nameOf(place), a: number(place.line) });
}
