// One reader's session: which stream is open, and what shows how it is now. What the stream reports goes to the parts
// in session/. Everything that is shown comes from there, and was measured.

import { justWoke } from "./awake.js";
import { isOffline, watchNetwork } from "./network.js";
import { recorded } from "./recorded.js";
import { Arrivals } from "./session/arrivals.js";
import { Connection } from "./session/connection.js";
import { Notices } from "./session/notices.js";
import { open } from "./stream/stream.js";
import { t } from "./strings.js";
import { put } from "./view/dom.js";
import { showCounts, showState } from "./view/panel.js";
import { words } from "./words.js";

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

/** @typedef {import("./stream/stream.js").Listener} Listener */

export class Session {
  /**
   * @param {import("./reading.js").Reading} reading
   * @param {import("./status.js").Status} status
   * @param {Views} views
   * @param {import("./stream/stream.js").Places} places
   * @param {number} intervalMs
   * @param {import("./recorded.js").Record[]} records
   */
  constructor(reading, status, views, places, intervalMs, records) {
    this.records = records;
    this.reading = reading;
    this.status = status;
    this.views = views;
    this.places = places;
    this.arrivals = new Arrivals(this, intervalMs);
    this.connection = new Connection(this);
    this.notices = new Notices(views);
    /** @type {import("./room/together.js").Together | null} the room in which is read, if it is */
    this.together = null;
    /** @type {import("./stream/stream.js").Stream | null} */
    this.stream = null;
    /** @type {import("./stream/stream.js").TransportChoice} */
    this.choice = "socketio";
    // A connection that has fallen silent may be dead, and not know it.
    watchNetwork((offline) => {
      if (!offline && status.state === "silent" && status.transport) this.stream?.resume();
    });
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
    this.connection.awaitAnswer();
    this.show();
    this.stream = open(choice, this.reading, recorded(this.#listener(), choice, this.records), this.places);
  }

  /** The same stream again, where it stopped. */
  reopen() {
    this.open(this.choice);
  }

  retry() {
    this.views.next.updateMessage(t("say_trying"));
    this.stream?.retry();
  }

  /** @returns {Promise<number> | null} */
  ping() {
    return this.status.transport && this.stream ? this.stream.ping() : null;
  }

  silent() {
    if (justWoke()) {
      this.views.next.restart();
      return;
    }
    this.status.silent();
    if (isOffline() && this.status.transport) this.stream?.resume();
    this.show();
  }

  /** Shows how the stream is now. */
  show() {
    const { status, reading, arrivals, connection } = this;
    const { state } = status;
    showState(state, words(status, arrivals.pace.intervalMs, reading));
    showCounts({ ...reading, reconnects: connection.reconnects });
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

  /** Who hears what the stream reports; what the previous one still reports is ignored. @returns {Listener} */
  #listener() {
    const opened = {};
    this.opened = opened;
    const { arrivals, connection, notices } = this;
    const listener = /** @type {any} */ ({});
    for (const [name, part] of Object.entries({
      connecting: connection,
      connected: connection,
      upgraded: connection,
      blocked: connection,
      unanswered: connection,
      heard: connection,
      opening: connection,
      lost: connection,
      refused: connection,
      ended: connection,
      hop: connection,
      stanza: arrivals,
      foreign: arrivals,
      readers: notices,
      room: this.together ?? notices,
      announcement: notices,
    })) {
      listener[name] = (/** @type {any[]} */ ...values) => {
        if (this.opened === opened) /** @type {any} */ (part)[name](...values);
      };
    }
    return listener;
  }
}
