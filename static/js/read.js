// The reading page: creates its parts, determines where to start, and opens the stream.

import { patience, slept } from "./awake.js";
import { FrameLog } from "./frame-log.js";
import { Reading } from "./reading.js";
import { LastPlaces } from "./last-place.js";
import { memory } from "./memory.js";
import { Session } from "./session.js";
import { Status } from "./status.js";
import { PATIENCE_MS } from "./stream/causes.js";
import { placesOf } from "./stream/stream.js";
import { Trials } from "./trials.js";
import { Contents } from "./view/contents.js";
import { continued, namesPlace, offerToContinue, withdrawOffer } from "./view/continue.js";
import { $ } from "./view/dom.js";
import { Follow } from "./view/follow.js";
import { Frames } from "./view/frames.js";
import { Hops } from "./view/hops.js";
import { Next } from "./view/next.js";
import { Facts } from "./view/panel.js";
import { Plot } from "./view/plot.js";
import { listenToCopy, listenToPrefs } from "./view/prefs.js";
import { jsonReport, textReport } from "./view/report.js";
import { listenToSave } from "./view/save.js";
import { listenToSheets } from "./view/sheets.js";
import { Pings } from "./view/pings.js";
import { listenToPresent } from "./present/enter.js";
import { Verse, anchor, placeOf } from "./view/verse.js";

/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */

const { dataset } = document.body;
const places = placesOf();
const of = Number(dataset.of);
const intervalMs = Number(dataset.interval);
/** What a page in a room has more; its token is out of the address from here on. */
const rooms = dataset.room === undefined ? null : await import("./room/join.js");
const room = rooms?.roomOf(places.root, dataset) ?? null;

/** The address of this page, in the chosen language, that starts at a stanza. @param {number} index */
function address(index) {
  const query = new URLSearchParams();
  const asked = new URLSearchParams(location.search);
  const language = asked.get("lang");
  if (language) query.set("lang", language);
  if (asked.has("debug")) query.set("debug", "");
  query.set("stanza", String(index + 1));
  // In a room everybody is where the room is; a stanza's own address is that of a reading alone.
  return `${room ? dataset.root : ""}?${query}`;
}

const last = new LastPlaces(memory, dataset.edition ?? "", of);
const contents = new Contents((place) => {
  // A room's place is not this reader's, and the page was not loaded for another text.
  if (room || reading.edition !== dataset.edition) return;
  last.at(place, performance.now());
  withdrawOffer(last);
});

/** The fragment of the address; empty if it is malformed. */
function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

/** The stanza that the fragment names. */
const wanted = () => contents.find(fragment(), of, Number(dataset.lines));
const start = room ? null : wanted();
const from = start?.index ?? (room ? null : continued()) ?? Number(dataset.from);

const reading = room?.reading(of) ?? new Reading(from, of, dataset.edition ?? "");
const status = new Status(dataset.choice ?? "", places.transports);
const follow = new Follow(showPlace);
const verse = new Verse(address, dataset.language ?? "");
const views = {
  verse,
  follow,
  contents,
  next: new Next({
    silent: () => session.silent(),
    retry: () => session.retry(),
    poll: () => choose("socketio-polling"),
  }),
  plot: new Plot(),
  hops: new Hops(),
  facts: new Facts(places.root),
  pings: new Pings(() => session.ping()),
};
const frames = new FrameLog();
const trials = new Trials(places.transports, slept);
const session = new Session(reading, status, views, places, intervalMs, [frames, trials]);
session.arrivals.wanted = start;

/** The stanza that the reader looks at: the newest one, or, while the page is held, the one at mid-height. */
function stanzaInSight() {
  if (follow.following) return verse.now;
  const { left, width } = verse.poem.getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, innerHeight / 2)?.closest(".stanza");
  return /** @type {HTMLElement | null} */ (seen ?? null);
}

function showPlace() {
  const stanza = stanzaInSight();
  const place = stanza && placeOf(stanza);
  if (place) contents.show(place, stanza.querySelectorAll(".l").length);
}

/** Loads the client library, which pages that start with another transport do not include; if it does not come, the stream says so. */
function loadClient() {
  return new Promise((resolve) => {
    patience(PATIENCE_MS, () => resolve(null));
    const script = document.createElement("script");
    script.src = dataset.client ?? "";
    script.addEventListener("load", resolve);
    script.addEventListener("error", resolve);
    document.head.append(script);
  });
}

/** @param {TransportChoice} choice */
async function openStream(choice) {
  if (choice.startsWith("socketio") && typeof io === "undefined") await loadClient();
  session.open(choice);
}

/** As if the reader had chosen it. @param {TransportChoice} choice */
function choose(choice) {
  select.value = choice;
  openStream(choice);
}

listenToPrefs(() => follow.scrollToLiveEdge());
listenToSheets();
const select = /** @type {HTMLSelectElement} */ ($("choice"));
select.value = dataset.choice ?? "";
select.addEventListener("change", () => {
  if (status.state !== "end") openStream(/** @type {TransportChoice} */ (select.value));
});
const details = () => {
  const { facts, pings, hops } = views;
  const choice = /** @type {TransportChoice} */ (select.value);
  return { choice, status, session, facts, pings, hops, trials, frames };
};
listenToCopy("copy", () => textReport(details()), "copied");
listenToSave($("save"), () => jsonReport(details()));
listenToCopy(
  "link",
  () => {
    const url = new URL(address(from), location.href);
    for (const own of ["stanza", "debug"]) url.searchParams.delete(own);
    const stanza = stanzaInSight() ?? verse.now;
    const place = stanza && placeOf(stanza);
    if (place) url.hash = anchor(place);
    return url.href;
  },
  "linked",
);

// A fragment that names a stanza which is not on the page restarts the page there.
addEventListener("hashchange", () => {
  if (!room && wanted() && !document.getElementById(fragment())) location.reload();
});

$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  const newest = verse.now ?? verse.poem;
  newest.tabIndex = -1;
  newest.focus({ preventScroll: true });
  follow.follow(true);
});

if (!room) {
  if (from === 0 && !namesPlace()) offerToContinue(last);
  addEventListener("pagehide", () => last.store());
}

const canto = contents.canto(from);
if (canto && !room) {
  verse.head(canto.canticle, canto.canto);
  contents.open(canto);
}
new Frames(frames, () => session.choice);
views.next.beat(intervalMs);
follow.beat(intervalMs);
const begin = () => session.open(/** @type {TransportChoice} */ (select.value));
if (rooms && room) rooms.joinRoom(room, session, begin);
else begin();
listenToPresent({ places, verse, follow, baton: () => room?.baton ?? null });
