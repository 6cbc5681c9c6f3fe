// What a Content-Security-Policy forbids this page. Dante's own lets it connect wherever it streams from, so this is one that something on
// the way has added. Browsers fail such a connection like any other, and tell of the reason in an event.

import { directiveOf } from "./directive.js";

const BLOCKED = "blocked by the page's Content-Security-Policy";
/** How long the event may come after the failure. */
const PATIENCE_MS = 100;

/** @type {Map<string, string>} the directive that forbade connections of a scheme and to a host */
const forbidden = new Map();

// In the tests there is no document.
globalThis.document?.addEventListener?.("securitypolicyviolation", (violation) => {
  if (violation.disposition !== "enforce" || !URL.canParse(violation.blockedURI)) return;
  const { protocol, host } = new URL(violation.blockedURI);
  forbidden.set(`${protocol}//${host}`, directiveOf(violation));
});

/**
 * The reason, if a policy is why the page cannot connect; empty if none is.
 * @param {URL} url by HTTP
 * @param {boolean} socket whether it is a WebSocket that failed
 */
export function policyAgainst({ protocol, host }, socket = false) {
  const scheme = socket ? protocol.replace("http", "ws") : protocol;
  const directive = forbidden.get(`${scheme}//${host}`);
  return directive ? `${BLOCKED}: ${directive}` : "";
}

/** The same, for a failure that has only just come. @param {URL} url @param {boolean} [socket] */
export async function policyJustNow(url, socket) {
  if (!globalThis.document || policyAgainst(url, socket)) return policyAgainst(url, socket);
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  return policyAgainst(url, socket);
}

/** The directive in such a reason; empty in any other. @param {string} reason */
export const directiveIn = (reason) => (reason.startsWith(BLOCKED) ? reason.slice(BLOCKED.length + 2) : "");
