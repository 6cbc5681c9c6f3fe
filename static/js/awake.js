// When this page last woke up. A browser may suspend a page that nobody looks at. Events that waited meanwhile
// are then delivered all at once, although neither the server nor the network was late.

import { lateness } from "./pace.js";

/** By then, everything that waited for the page to wake up has been delivered. */
const WAKING_MS = 1000;

let awake = -Infinity;
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) awake = performance.now();
});
// A frozen page may also be woken while it is hidden.
document.addEventListener("resume", () => (awake = performance.now()));

/** Whether the page has only just woken up. */
export const justWoke = () => performance.now() - awake < WAKING_MS;

/** Whether a stanza was due while the page may have been suspended. @param {import("./pace.js").Arrival} arrival */
export const slept = (arrival) => arrival.at - lateness(arrival) < awake && arrival.at >= awake;
