// The stanzas of a session as they come: their clock, what is missing before them and asked for again, and the line
// that the page's address names.

import { slept } from "../awake.js";
import { deviation, number } from "../format.js";
import { Pace, lateness } from "../pace.js";
import { t } from "../strings.js";
import { put } from "../view/dom.js";
import { anchor } from "../view/verse.js";

/** @typedef {import("../reading.js").Place} Place */

export class Arrivals {
  /** @param {import("../session.js").Session} session @param {number} intervalMs */
  constructor(session, intervalMs) {
    this.session = session;
    this.pace = new Pace(intervalMs);
    /** @type {number | null} when the first stanza came */
    this.began = null;
    /** @type {{date: Date, from: number, to: number}[]} the stanzas that were asked for again, counted from 1 */
    this.asked = [];
    /** @type {import("../view/contents.js").Wanted | null} what the address names, until it has come */
    this.wanted = null;
  }

  /** A connection's stanzas have a clock of their own. @param {number} intervalMs */
  restart(intervalMs) {
    const { next, follow } = this.session.views;
    this.pace = new Pace(intervalMs);
    next.beat(intervalMs);
    follow.beat(intervalMs);
    next.restart();
    this.session.together?.opened();
  }

  /**
   * @param {string} text
   * @param {Place} place
   * @param {number} at
   */
  stanza(text, place, at) {
    const { session } = this;
    const { reading, status } = session;
    const { verse, next, follow, contents, plot, hops } = session.views;
    if (this.#missed(place) || this.#fetch(place.index)) return;
    const measured = session.together?.arriving(text, place, at) ?? true;
    const due = reading.next;
    const missing = reading.received(place);
    if (missing < 0) {
      verse.fault(t("repeat", { a: number(place.index + 1) }));
      session.show();
      return;
    }
    if (missing > 0) this.gap(due, missing);
    this.began ??= at;
    const arrival = this.pace.arrived(place.index, at);
    const { burst, setBack } = this.pace;
    if (setBack) verse.later(this.pace);
    const asleep = !measured || slept(arrival);
    status.received(burst && !asleep && !slept(burst.oldest) ? burst : null);
    hops.stanza(at);
    verse.stanza(text, place, asleep ? null : arrival);
    this.#mark(place, text.split("\n").length);
    if (verse.prune(follow.following)) follow.settle();
    if (!asleep) plot.add(arrival);
    put("dev", asleep ? "" : deviation(lateness(arrival)));
    contents.received(place, this.pace.intervalMs);
    if (follow.following) contents.show(place, text.split("\n").length);
    next.restart();
    session.together?.arrived();
    session.show();
    follow.received();
  }

  foreign() {
    this.session.views.verse.changed(t("changed"));
    this.session.views.plot.cut();
  }

  /** Notes on the page which stanzas before an index are asked for again, if any are. @param {number} index */
  note(index) {
    const { reading, views } = this.session;
    const due = reading.next;
    const missing = reading.wants(index);
    if (!missing) return false;
    const [a, b] = [number(due + 1), number(due + missing)];
    views.verse.interrupted(t(missing > 1 ? "fetch_many" : "fetch_one", { a, b }));
    views.plot.cut();
    this.asked.push({ date: new Date(), from: due + 1, to: due + missing });
    return true;
  }

  /** Stanzas that will never come. @param {number} due @param {number} missing */
  gap(due, missing) {
    if (this.session.together) {
      this.session.together.missed(due + missing);
      return;
    }
    const [a, b] = [number(due + 1), number(due + missing)];
    this.session.views.verse.fault(t(missing > 1 ? "gap_many" : "gap_one", { a, b }));
  }

  /**
   * Whether stanzas are missing before this one, and are asked for again: then it comes again behind them, in its place.
   * @param {number} index
   */
  #fetch(index) {
    if (!this.note(index)) return false;
    this.session.stream?.resume();
    return true;
  }

  /**
   * Whether the stream started past the line that the address names, in which case it is reopened at the start of
   * the canto.
   * @param {Place} place
   */
  #missed({ index, line }) {
    const { wanted, session } = this;
    if (!wanted || this.began !== null || line <= wanted.line || index <= wanted.from) return false;
    session.reading.next = wanted.from;
    session.reopen();
    return true;
  }

  /**
   * Makes the stanza that holds the line which the address names the page's `:target`, as soon as it is there.
   * @param {Place} place
   * @param {number} lines
   */
  #mark(place, lines) {
    const { wanted } = this;
    if (!wanted) return;
    const reached = wanted.line ? place.line + lines > wanted.line : place.index >= wanted.index;
    // The canto has no such line; do not mark one in the next canto.
    const over = place.index > wanted.last;
    if (reached || over) this.wanted = null;
    if (reached && !over) location.replace(`#${anchor(place)}`);
  }
}
