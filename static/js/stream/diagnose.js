// Why an attempt to connect failed. Browsers hide it from scripts, so the same address is requested once more.

import { patience } from "../awake.js";
import { policyJustNow } from "../policy.js";
import { BLOCKED, TIMEOUT } from "./causes.js";

const BAD_REQUEST = 400;
const UPGRADE_REQUIRED = 426;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** How long to wait where there is no room and nobody says how long; as long as Dante says over HTTP. */
const NO_ROOM_MS = 10_000;
/** The longest wait that is believed: a number that is too large for a timer would be none. */
const LONGEST_MS = 3_600_000;

/** How long to wait before the next attempt, if a refusal means that there is no room at present. @param {string} message */
export const waitForRoom = (message) => (/^(server|address|rooms)-full\b/.test(message) ? NO_ROOM_MS : 0);

/** Whether a refusal means that the text on the server has changed. @param {string} message */
export const isForeignEdition = (message) => message.startsWith("foreign-edition:");

/**
 * What a failed attempt means: the text on the server has changed; the request was refused, and would be again; or a
 * failure that may be temporary, with the time that it asks to wait at least.
 * @typedef {{kind: "foreign" | "refused" | "lost", reason: string, waitMs?: number}} Failure
 */

/** The time in `Retry-After`: seconds, or a date. @param {Response} answer */
function retryAfter(answer) {
  const value = answer.headers.get("retry-after") ?? "";
  const ms = Number(value) * 1000 || Date.parse(value) - Date.now();
  return ms > 0 ? Math.min(ms, LONGEST_MS) : 0;
}

/**
 * Finds out why a stream could not be opened. Browsers do not tell scripts how a WebSocket or an event stream was
 * refused, but the same address answers a plain request.
 * @param {URL} url
 * @param {number} ms how long the answer may take
 * @returns {Promise<Failure>}
 */
export async function diagnose(url, ms) {
  const probe = new AbortController();
  let late = false;
  const stop = patience(ms, () => {
    late = true;
    probe.abort();
  });
  try {
    const answer = await fetch(url, { signal: probe.signal, cache: "no-store" });
    const { status } = answer;
    const reason = `${status} ${answer.statusText}`.trim();
    const plain = answer.headers.get("content-type")?.startsWith("text/plain");
    if (status === BAD_REQUEST && plain) {
      const message = (await answer.text()).trim();
      return { kind: isForeignEdition(message) ? "foreign" : "refused", reason: message };
    }
    if (status === TOO_MANY_REQUESTS || status === UNAVAILABLE) {
      const message = plain ? (await answer.text()).trim() : "";
      const full = waitForRoom(message);
      const waitMs = retryAfter(answer) || full || (status === TOO_MANY_REQUESTS ? NO_ROOM_MS : 0);
      return { kind: "lost", reason: full ? message : reason, waitMs };
    }
    // Dante itself answers that this was not an upgrade: so the upgrade, not the server, is what fails.
    if (status === BAD_REQUEST || status === UPGRADE_REQUIRED) {
      const policy = await policyJustNow(url, true);
      return policy ? { kind: "refused", reason: policy } : { kind: "lost", reason: BLOCKED };
    }
    return { kind: status > BAD_REQUEST && status < 500 ? "refused" : "lost", reason };
  } catch {
    if (late) return { kind: "lost", reason: TIMEOUT };
    const policy = await policyJustNow(url);
    return policy ? { kind: "refused", reason: policy } : { kind: "lost", reason: "no answer" };
  } finally {
    stop();
    // An answer that is a stream would never end.
    probe.abort();
  }
}
