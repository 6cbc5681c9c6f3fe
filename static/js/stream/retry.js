// For all streams: when to try again, and why one was refused.

const FIRST = 1000;
const LONGEST = 5000;

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

/**
 * Why a stream could not be opened. Browsers do not show scripts how a WebSocket or an event stream was
 * refused, but the same address answers a plain request.
 * @param {URL} url
 * @returns {Promise<{status: number, text: string} | null>} the answer, unless it is a stream; null when there is none
 */
export async function answerOf(url) {
  const probe = new AbortController();
  try {
    const answer = await fetch(url, { signal: probe.signal, cache: "no-store" });
    const text = answer.headers.get("content-type")?.startsWith("text/plain") ? (await answer.text()).trim() : "";
    return { status: answer.status, text };
  } catch {
    return null;
  } finally {
    // What answers with a stream would go on for ever.
    probe.abort();
  }
}

/** Whether a refusal means that the text on the server is another one now. */
export const isForeignEdition = (message) => message.startsWith("foreign-edition:");
