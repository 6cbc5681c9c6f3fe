// For all streams: when to try again, and what a failed attempt means.

const FIRST = 1000;
const LONGEST = 5000;

const BAD_REQUEST = 400;
const UPGRADE_REQUIRED = 426;

/** Waiting times as Socket.IO's client has them: doubled each time, capped, half of it up or down. */
export class Backoff {
  failures = 0;

  /** Milliseconds to wait after one more failure. */
  next() {
    const delay = Math.min(LONGEST, FIRST * 2 ** this.failures);
    this.failures += 1;
    return delay * (0.5 + Math.random());
  }

  /** A connection has worked. */
  reset() {
    this.failures = 0;
  }
}

/** Whether a refusal means that the text on the server is another one now. @param {string} message */
export const isForeignEdition = (message) => message.startsWith("foreign-edition:");

/**
 * What a failed attempt means: another text on the server, a refusal that no second attempt changes, or a
 * loss that may pass.
 * @typedef {{kind: "foreign" | "refused" | "lost", reason: string}} Failure
 */

/**
 * Finds out why a stream could not be opened. Browsers do not show scripts how a WebSocket or an event
 * stream was refused, but the same address answers a plain request.
 * @param {URL} url
 * @returns {Promise<Failure>}
 */
export async function diagnose(url) {
  const probe = new AbortController();
  try {
    const answer = await fetch(url, { signal: probe.signal, cache: "no-store" });
    const { status } = answer;
    const reason = `${status} ${answer.statusText}`.trim();
    const plain = answer.headers.get("content-type")?.startsWith("text/plain");
    if (status === BAD_REQUEST && plain) {
      const message = (await answer.text()).trim();
      return { kind: isForeignEdition(message) ? "foreign" : "refused", reason: message };
    }
    // Dante is there, and says that this was no WebSocket: the upgrade is lost on the way.
    if (status === BAD_REQUEST || status === UPGRADE_REQUIRED) {
      return { kind: "lost", reason: "websocket blocked" };
    }
    return { kind: status > BAD_REQUEST && status < 500 ? "refused" : "lost", reason };
  } catch {
    return { kind: "lost", reason: "no answer" };
  } finally {
    // What answers with a stream would go on for ever.
    probe.abort();
  }
}
