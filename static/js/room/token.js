// The token with which somebody conducts a room. It comes in the fragment of the address, which browsers keep to themselves, and is taken out of the
// address bar at once: that one is projected, copied and kept in a history. A reload in the same tab finds it again.

/** How many bytes of chance are in a token. */
const BYTES = 16;

/** @param {string} room */
const key = (room) => `dante-conduct-${location.pathname.replace(/[^/]*$/, "")}${room}`;

/** A token that nobody guesses. */
export function makeToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The token in a fragment, as it was written there; null if there is none. @param {string} fragment */
export function tokenIn(fragment) {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("conduct");
}

/** The address with which a room is conducted. @param {URL} room @param {string} token */
export function conductAddress(room, token) {
  const url = new URL(room);
  url.hash = String(new URLSearchParams({ conduct: token }));
  return url.href;
}

/** Takes the token out of the address, or out of this tab's memory. @param {string} room */
export function takeToken(room) {
  const given = tokenIn(location.hash);
  if (given === null) return recall(room);
  history.replaceState(history.state, "", `${location.pathname}${location.search}`);
  try {
    sessionStorage.setItem(key(room), given);
  } catch {
    // A browser may forbid a page to store anything; then the token lasts until the page is reloaded.
  }
  return given;
}

/** @param {string} room */
function recall(room) {
  try {
    return sessionStorage.getItem(key(room));
  } catch {
    return null;
  }
}

/** From now on this tab only reads. @param {string} room */
export function forgetToken(room) {
  try {
    sessionStorage.removeItem(key(room));
  } catch {
    // Then nothing was stored.
  }
}
