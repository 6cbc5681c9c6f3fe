// One reader's session: the open stream, the reading, its clock and its status, and the views that show them.
// Everything that is shown comes from here, and was measured.

import { justWoke, slept } from "./awake.js";
import { clock, deviation, number, seconds, span } from "./format.js";
import { Pace, lateness } from "./pace.js";
import { within } from "./reasons.js";
import { UPGRADE_MS } from "./status.js";
import { open } from "./stream/stream.js";
import { t } from "./strings.js";
import { put } from "./view/dom.js";
import { anchor } from "./view/verse.js";
import { showCounts, showLoss, showState } from "./view/panel.js";

/** When opening takes longer, the page says so. */
const SLOW_MS = 3000;
/** So often an end that comes too early is not believed; something that ends streams again and again would be asked for ever. */
const EARLY_ENDS = 3;

/**
 * @typedef {object} Views
 * @property {import("./view/verse.js").Verse} verse
 * @property {import("./view/next.js").Next} next
 * @property {import("./view/follow.js").Follow} follow
 * @property {import("./view/contents.js").Contents} contents
 * @property {import("./view/plot.js").Plot} plot
 * @property {import("./view/hops.js").Hops} hops
 * @property {import("./view/pings.js").Pings} pings
 * @property {import("./view/panel.js").Facts} facts
 */

/** @implements {Listener} */
export class Session {
  /**
   * @param {import("./reading.js").Reading} reading
   * @param {import("./status.js").Status} status
   * @param {Views} views
   * @param {import("./stream/stream.js").Places} places
   * @param {number} intervalMs
   */
  constructor(reading, status, views, places, intervalMs) {
    this.reading = reading;
    this.status = status;
    this.views = views;
    this.places = places;
    this.pace = new Pace(intervalMs);
    this.reconnects = 0;
    this.earlyEnds = 0;
    /** @type {{date: Date, from: number, to: number}[]} the stanzas that were asked for again, counted from 1 */
    this.asked = [];
    /** @type {import("./stream/stream.js").Stream | null} */
    this.stream = null;
    /** @type {import("./stream/stream.js").TransportChoice} */
    this.choice = "socketio";
    /** @type {import("./view/contents.js").Wanted | null} what the address names, until it has come */
    this.wanted = null;
    /** @type {import("./room/together.js").Together | null} the room in which is read, if it is */
    this.together = null;
    /** @type {number | null} when the first stanza came */
    this.began = null;
    this.timer = 0;
  }

  /**
   * Opens the first stream, or another one in its place.
   * @param {import("./stream/stream.js").TransportChoice} choice
   */
  open(choice) {
    this.stream?.close();
    this.choice = choice;
    this.status.open(choice, this.places.transports);
    this.views.hops.begin(choice, this.stream === null);
    this.views.pings.restart();
    this.#patience(SLOW_MS, () => {
      this.status.slow = true;
      this.show();
    });
    const opened = {};
    this.opened = opened;
    // What the previous stream still reports is ignored.
    const listener = /** @type {any} */ ({});
    for (const name of EVENTS) {
      listener[name] = (/** @type {any[]} */ ...values) => {
        if (this.opened === opened) /** @type {any} */ (this)[name](...values);
      };
    }
    this.show();
    this.stream = open(choice, this.reading, listener, this.places);
  }

  retry() {
    this.views.next.updateMessage(t("say_trying"));
    this.stream?.retry();
  }

  /** @returns {Promise<number> | null} */
  ping() {
    return this.status.transport && this.stream ? this.stream.ping() : null;
  }

  /** @param {string} path */
  connecting(path) {
    this.status.connecting(path);
    this.views.hops.again();
    this.views.next.updateMessage(t("say_trying"));
    this.show();
  }

  /** @param {string} transport */
  connected(transport) {
    clearTimeout(this.timer);
    this.status.connected(transport);
    this.views.facts.refresh();
    // The first stanza is awaited like any other.
    this.views.next.restart();
    if (this.status.upgrading) this.#patience(UPGRADE_MS, () => this.blocked("upgrade pending"));
    this.show();
  }

  /** @param {number} ms */
  upgraded(ms) {
    clearTimeout(this.timer);
    this.status.upgraded(ms);
    this.show();
  }

  /** @param {string} reason */
  blocked(reason) {
    clearTimeout(this.timer);
    if (!this.status.transport) {
      this.views.hops.add({
        name: "websocket",
        start: this.status.askedAt,
        end: performance.now(),
        failure: reason,
      });
    }
    this.status.block(reason);
    this.show();
  }

  /** @param {import("./reading.js").Opening} opening */
  opening(opening) {
    const { verse, next, follow, plot } = this.views;
    const due = this.reading.next;
    const missing = this.reading.opened(opening);
    const loss = this.status.resumed();
    if (loss && this.began !== null) {
      this.reconnects += 1;
      const values = { time: clock(loss.date), s: seconds(loss.ms), n: number(Math.max(0, missing)) };
      verse.interrupted(t(missing > 0 ? "resumed_gap" : "resumed", values));
      plot.cut();
      showLoss({ ...loss, reason: within(loss.reason) });
      this.status.losses.push(loss);
    }
    if (missing > 0) this.#gap(due, missing);
    this.pace = new Pace(opening.intervalMs);
    next.beat(opening.intervalMs);
    follow.beat(opening.intervalMs);
    next.restart();
    this.together?.opened(missing);
    this.show();
  }

  /**
   * @param {string} text
   * @param {import("./reading.js").Place} place
   * @param {number} at
   */
  stanza(text, place, at) {
    const { verse, next, follow, contents, plot, hops } = this.views;
    if (this.#missed(place) || this.#fetch(place.index)) return;
    const measured = this.together?.arriving(text, place, at) ?? true;
    const due = this.reading.next;
    const missing = this.reading.received(place);
    if (missing < 0) {
      verse.fault(t("repeat", { a: number(place.index + 1) }));
      this.show();
      return;
    }
    if (missing > 0) this.#gap(due, missing);
    this.began ??= at;
    const arrival = this.pace.arrived(place.index, at);
    const { burst, setBack } = this.pace;
    if (setBack) verse.later(this.pace);
    const asleep = !measured || slept(arrival);
    this.status.received(burst && !asleep && !slept(burst.oldest) ? burst : null);
    hops.stanza(at);
    verse.stanza(text, place, asleep ? null : arrival);
    this.#mark(place, text.split("\n").length);
    if (verse.prune(follow.following)) follow.settle();
    if (!asleep) plot.add(arrival);
    put("dev", asleep ? "" : deviation(lateness(arrival)));
    contents.received(place, this.pace.intervalMs);
    if (follow.following) contents.show(place, text.split("\n").length);
    next.restart();
    this.together?.arrived();
    this.show();
    follow.received();
  }

  /** @param {string} reason @param {number | null} retryAt */
  lost(reason, retryAt) {
    clearTimeout(this.timer);
    this.status.lost(reason);
    this.show();
    const { next, pings, follow, hops, facts } = this.views;
    next.stop();
    pings.none();
    hops.freeze();
    if (!facts.hosting) facts.refresh();
    const sentence = this.status.outage?.up ? "say_lost" : "say_unreached";
    next.showMessage(t("say_trying"), t(`${sentence}_more`), t("try_now"));
    if (retryAt !== null) {
      next.countdown(retryAt, (s) => {
        next.updateMessage(s ? t(sentence, { s: number(s) }) : t("say_trying"));
        put("dev", s ? t("again_in", { s: number(s) }) : "");
      });
    }
    follow.scrollToLiveEdge();
  }

  /** @param {string} reason */
  refused(reason) {
    clearTimeout(this.timer);
    this.status.refused(reason);
    const { next, pings, follow, facts } = this.views;
    next.stop();
    pings.none();
    if (!facts.hosting) facts.refresh();
    put("dev", "");
    this.show();
    next.showMessage(
      t("say_refused", { reason: within(reason.split(":")[0]) }),
      t("say_refused_more"),
      t("try_again"),
    );
    follow.scrollToLiveEdge();
  }

  foreign() {
    this.views.verse.changed(t("changed"));
    this.views.plot.cut();
  }

  ended() {
    clearTimeout(this.timer);
    const { reading, status } = this;
    if (this.began !== null && this.earlyEnds < EARLY_ENDS && this.#note(reading.of)) {
      this.earlyEnds += 1;
      this.open(this.choice);
      return;
    }
    const { verse, next, pings, follow } = this.views;
    status.ended();
    if (!reading.complete) verse.fault(t("early_end", { n: number(reading.next), of: number(reading.of) }));
    const clean = reading.complete && !reading.gaps && !reading.repeats;
    const whole = clean && reading.stanzas === reading.of;
    const values = {
      n: number(reading.stanzas),
      t: span(performance.now() - (this.began ?? performance.now())),
      gaps: number(reading.gaps + reading.of - reading.next),
      repeats: number(reading.repeats),
    };
    pings.none();
    put("dev", "");
    next.end(t(whole ? "end_clean" : clean ? "end_part" : "end_faults", values));
    this.show();
    follow.end(true);
    follow.scrollToLiveEdge();
  }

  /** @param {import("./stream/notices.js").Readers} readers */
  readers(readers) {
    this.views.facts.readers(readers);
  }

  /** @param {import("./room/orders.js").RoomNews} news */
  room(news) {
    this.together?.told(news);
    this.show();
  }

  /** @param {import("./stream/notices.js").Announcement} announcement */
  announcement({ text, at }) {
    const { verse, follow } = this.views;
    const sentence = t("announced", { time: clock(new Date(at)), text });
    verse.announced(sentence);
    // Whatever the reader chose for the stanzas: this is meant for everybody.
    put("live", sentence);
    follow.scrollToLiveEdge();
  }

  /** @param {string} name @param {number} start @param {number} end @param {string} [failure] */
  hop(name, start, end, failure) {
    this.views.hops.add({ name, start, end, failure });
  }

  silent() {
    if (justWoke()) {
      this.views.next.restart();
      return;
    }
    this.status.silent();
    this.show();
  }

  /** Shows how the stream is now. */
  show() {
    const { status, reading, reconnects } = this;
    const { state } = status;
    showState(state, status.words(this.pace.intervalMs, reading));
    showCounts({ ...reading, reconnects });
    put("f-transport", this.#transport());
    if (state === "connecting" && !status.transport) this.views.next.showMessage(t("say_connecting"));
    else if (state === "held") this.views.next.showMessage(t("room_held_say"));
    else if (status.transport) this.views.next.clearMessage();
  }

  #transport() {
    const { transport, upgradedMs, blocked } = this.status;
    if (transport === "websocket" && upgradedMs !== null) return "polling → websocket";
    if (transport === "polling" && blocked) return "websocket ✕ → polling";
    return transport ?? "–";
  }

  /**
   * Whether the stream started past the line that the address names, in which case it is reopened at the start of
   * the canto.
   * @param {import("./reading.js").Place} place
   */
  #missed({ index, line }) {
    const { wanted } = this;
    if (!wanted || this.began !== null || line <= wanted.line || index <= wanted.from) return false;
    this.reading.next = wanted.from;
    this.open(this.choice);
    return true;
  }

  /**
   * Makes the stanza that holds the line which the address names the page's `:target`, as soon as it is there.
   * @param {import("./reading.js").Place} place
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

  /**
   * Whether stanzas are missing before this one, and are asked for again: then it comes again behind them, in its place.
   * @param {number} index
   */
  #fetch(index) {
    if (!this.#note(index)) return false;
    this.stream?.resume();
    return true;
  }

  /** Notes on the page which stanzas before an index are asked for again, if any are. @param {number} index */
  #note(index) {
    const due = this.reading.next;
    const missing = this.reading.wants(index);
    if (!missing) return false;
    const [a, b] = [number(due + 1), number(due + missing)];
    this.views.verse.interrupted(t(missing > 1 ? "fetch_many" : "fetch_one", { a, b }));
    this.views.plot.cut();
    this.asked.push({ date: new Date(), from: due + 1, to: due + missing });
    return true;
  }

  /** @param {number} due @param {number} missing */
  #gap(due, missing) {
    // In a room it is noted when it is known where the room is.
    if (this.together) return;
    const [a, b] = [number(due + 1), number(due + missing)];
    this.views.verse.fault(t(missing > 1 ? "gap_many" : "gap_one", { a, b }));
  }

  /** @param {number} ms @param {() => void} then */
  #patience(ms, then) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(then, ms);
  }
}

/** @typedef {import("./stream/stream.js").Listener} Listener */

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
  "room",
  "announcement",
];
