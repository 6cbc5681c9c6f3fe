// Keeps the screen on while the poem is presented. Browsers offer it only to pages that came over HTTPS, or from the same machine.

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

async function ask() {
  if (!wanted || document.hidden || !("wakeLock" in navigator)) return;
  try {
    const got = await navigator.wakeLock.request("screen");
    if (wanted) lock = got;
    else await got.release();
  } catch {
    // The battery may be low; then the screen sleeps as it always does.
  }
}

// The browser lets go of it when the page is hidden.
document.addEventListener("visibilitychange", ask);

export function stayAwake() {
  wanted = true;
  ask();
}

export function maySleep() {
  wanted = false;
  lock?.release();
  lock = null;
}
