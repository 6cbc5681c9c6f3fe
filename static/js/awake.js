// When this page woke up. A browser may put to sleep what nobody looks at; what waited meanwhile then
// comes all at once, and neither the server nor the way was late.

import { lateness } from "./pace.js";

/** What waits when a page wakes up has come by then. */
const WAKING_MS = 1000;

let awake = -Infinity;
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) awake = performance.now();
});
// A frozen page may also be woken while it is hidden.
document.addEventListener("resume", () => (awake = performance.now()));

/** Whether the page has only just woken up. */
export const justWoke = () => performance.now() - awake < WAKING_MS;

/** Whether a stanza was due while the page may have slept. @param {import("./pace.js").Arrival} arrival */
export const slept = (arrival) => arrival.at - lateness(arrival) < awake && arrival.at >= awake;
