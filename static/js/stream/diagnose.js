// What a failed attempt to connect means. Browsers hide it from scripts, so the same address is asked once more.

/** What a stream says of an upgrade that does not get through. */
export const BLOCKED = "websocket blocked";

const BAD_REQUEST = 400;
const UPGRADE_REQUIRED = 426;

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
      return { kind: "lost", reason: BLOCKED };
    }
    return { kind: status > BAD_REQUEST && status < 500 ? "refused" : "lost", reason };
  } catch {
    return { kind: "lost", reason: "no answer" };
  } finally {
    // What answers with a stream would go on for ever.
    probe.abort();
  }
}
