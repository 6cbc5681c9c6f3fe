// Why an attempt to connect failed. Browsers hide it from scripts, so the same address is requested once more.

/** The reason of a WebSocket that does not get through, while the server itself is reachable. */
export const BLOCKED = "websocket blocked";

const BAD_REQUEST = 400;
const UPGRADE_REQUIRED = 426;

/** Whether a refusal means that the text on the server has changed. @param {string} message */
export const isForeignEdition = (message) => message.startsWith("foreign-edition:");

/**
 * What a failed attempt means: the text on the server has changed; the request was refused, and would be again; or a
 * failure that may be temporary.
 * @typedef {{kind: "foreign" | "refused" | "lost", reason: string}} Failure
 */

/**
 * Finds out why a stream could not be opened. Browsers do not tell scripts how a WebSocket or an event stream was
 * refused, but the same address answers a plain request.
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
    // Dante itself answers that this was not an upgrade: so the upgrade, not the server, is what fails.
    if (status === BAD_REQUEST || status === UPGRADE_REQUIRED) {
      return { kind: "lost", reason: BLOCKED };
    }
    return { kind: status > BAD_REQUEST && status < 500 ? "refused" : "lost", reason };
  } catch {
    return { kind: "lost", reason: "no answer" };
  } finally {
    // An answer that is a stream would never end.
    probe.abort();
  }
}
