// How the reading page joins a room: with its token out of the address, and not before it is known whether that one is taken.

import { t } from "../strings.js";
import { $, put } from "../view/dom.js";
import { listenToCopy } from "../view/prefs.js";
import { RoomBar } from "./bar.js";
import { Conductor } from "./conductor.js";
import { Missed } from "./missed.js";
import { inWords } from "./orders.js";
import { SharedReading } from "./reading.js";
import { Together } from "./together.js";
import { conductAddress, forgetToken, takeToken, tokenIn } from "./token.js";

/** @typedef {import("../session.js").Session} Session */
/** @typedef {{order: (order: import("./orders.js").Order) => void, held: () => boolean}} Baton */

/** A room that this page reads in. */
class PageRoom {
  /** @type {Baton | null} with which this page conducts the room, if it does */
  baton = null;

  /** @param {string} name @param {URL} root @param {string} edition */
  constructor(name, root, edition) {
    this.name = name;
    this.root = root;
    this.edition = edition;
    this.url = new URL(`room/${name}`, root);
    this.token = takeToken(name);
  }

  /** @param {number} of */
  reading(of) {
    return new SharedReading(this.name, of, this.edition);
  }
}

/** The room that the page is for. @param {URL} root @param {DOMStringMap} page */
export const roomOf = (root, { room, edition }) => new PageRoom(room ?? "", root, edition ?? "");

/**
 * @param {PageRoom} room
 * @param {Session} session
 * @param {() => void} begin opens the stream
 */
export async function joinRoom(room, session, begin) {
  const bar = new RoomBar();
  const { verse, follow, next } = session.views;
  const missed = new Missed(
    room.root,
    () => session.reading.edition,
    verse,
    () => follow.pause(),
  );
  const together = new Together(session, missed, (news) => bar.show(news));
  session.together = together;
  listenToCopy("room-link", () => room.url.href, "room_copied");
  // A token that is pasted behind the address of an open room.
  addEventListener("hashchange", () => {
    if (tokenIn(location.hash) === null) return;
    takeToken(room.name);
    location.reload();
  });
  const { token } = room;
  if (token === null) {
    begin();
    return;
  }
  const conductor = new Conductor(room.url, token, (outcome) => bar.showOutcome(outcome));
  const refusal = await conductor.begin();
  if (!refusal) {
    /** @type {Baton["order"]} */
    const order = (what) => void conductor.order(what);
    room.baton = { order, held: () => together.held };
    bar.conduct(order);
    listenToCopy("conduct-link", () => conductAddress(room.url, token), "room_conduct_copied");
    begin();
    return;
  }
  const sentence = inWords("room", refusal, t);
  const { acts } = next;
  const alone = () => {
    forgetToken(room.name);
    next.acts = acts;
    begin();
  };
  next.acts = [alone];
  session.status.refused(refusal.word);
  session.show();
  put("badge", t("room_refused_badge"));
  put("word", t("room_refused_badge"));
  put("what", sentence);
  put("how", "");
  next.showMessage(sentence, undefined, [t("room_refused_alone")]);
  $("message").querySelector("button")?.focus({ preventScroll: true });
}
