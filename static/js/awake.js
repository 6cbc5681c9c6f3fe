// Whether this page, or the machine, has slept. A browser may suspend a page that nobody looks at, and a machine all of
// them. Events that waited meanwhile are then delivered all at once, and time-outs are over, although neither the server
// nor the network was late.

import { lateness } from "./pace.js";

/** By then, everything that waited for the page to wake up has been delivered. */
const WAKING_MS = 1000;
/** So often the page notes that it is awake. */
const BEAT_MS = 2000;
/** A beat that is later than this was slept through; browsers let the timers of hidden pages run once a minute. */
const LATE_BEAT_MS = 5000;
const LATE_HIDDEN_BEAT_MS = 90_000;
/** A clock that stood still while the other one went on: the machine slept. */
const DRIFT_MS = 2000;

/** None where the streams run without a page. */
const page = "onvisibilitychange" in (globalThis.document ?? {}) ? document : null;
/** How far the time of day is ahead of the page's own clock, which may stand still while the machine sleeps. */
const drift = () => Date.now() - performance.now();

/** When the page was last seen again, or woke up. */
let awake = -Infinity;
/** When it last woke up for certain. */
let woke = -Infinity;
let beat = { at: performance.now(), drift: drift(), hidden: page?.hidden };

/** Notes that the page is awake, and whether it has slept since it last did. */
function look() {
  if (!page) return;
  const now = { at: performance.now(), drift: drift(), hidden: page.hidden };
  const late = beat.hidden || now.hidden ? LATE_HIDDEN_BEAT_MS : LATE_BEAT_MS;
  // The time of day may also be set by hand; then a measurement or two are missing.
  if (now.at - beat.at > late || Math.abs(now.drift - beat.drift) > DRIFT_MS) awake = woke = now.at;
  beat = now;
}

page?.addEventListener("visibilitychange", () => {
  look();
  if (!page.hidden) awake = performance.now();
});
// A frozen page may also be woken while it is hidden.
page?.addEventListener("resume", () => (awake = woke = performance.now()));
if (page) setInterval(look, BEAT_MS);

/** Whether the page has only just woken up. */
export const justWoke = () => performance.now() - awake < WAKING_MS;

/** Whether a stanza was due while the page may have been suspended. @param {import("./pace.js").Arrival} arrival */
export const slept = (arrival) => arrival.at - lateness(arrival) < awake && arrival.at >= awake;

/** Whether the page or the machine slept at some time since then. @param {number} at by `performance.now()` */
export function sleptSince(at) {
  look();
  return woke >= at;
}

/**
 * Calls when so much time has passed in which the page was awake: what came while it slept is heard first.
 * @param {number} ms
 * @param {() => void} then
 * @returns {() => void} gives up waiting
 */
export function patience(ms, then) {
  let timer = 0;
  const wait = () => {
    const start = performance.now();
    timer = window.setTimeout(() => (sleptSince(start) ? wait() : then()), ms);
  };
  wait();
  return () => clearTimeout(timer);
}
