// Turns the reason why a stream failed into words. Streams pass on the terms of browsers and libraries, which the
// report repeats; a reason without words here is shown as it is.

import { t } from "./strings.js";

/** @param {string} name of a sentence that may not exist @param {Record<string, string>} [values] */
function known(name, values) {
  const words = t(name, values);
  return words === name ? null : words;
}

/**
 * The last part of a reason says most: it is what the address itself answered when it was requested again.
 * @param {string} reason
 */
const last = (reason) => (reason.split(", ").at(-1) ?? "").replace(/ *[(:].*$/, "");

/** A status as it stands in a sentence: `404 Not Found`, `502` @param {string} status */
const answer = (status) => known(`status_${status.slice(0, 3)}`) ?? status;

/** The status that was answered, in words; null where the reason is no status. @param {string} reason */
export function inStatus(reason) {
  const status = last(reason);
  return /^\d{3}\b/.test(status) ? answer(status) : null;
}

/** The status that a reason names, be it the answer or what a library says of it. @param {string} reason */
export const statusOf = (reason) => /\b[45]\d\d\b/.exec(reason.split(", ").at(-1) ?? "")?.[0] ?? null;

/** Whether the server has no room at present. @param {string} reason */
export const isFull = (reason) => /^(server|address)-full\b/.test(reason);

/** A reason as a sentence. @param {string} reason */
export function inWords(reason) {
  const status = inStatus(reason);
  if (status) return t("reason_answered", { status });
  if (reason.endsWith(".js")) return t("reason_no_client");
  const found = last(reason);
  const [, code] = /^close (\d+)$/.exec(found) ?? [];
  const words = known(`reason_${found.replace(/\W+/g, "_")}`);
  return words ?? (code ? t("reason_close", { code }) : reason);
}

/** The same within a sentence: a status alone, or the words without their capital. @param {string} reason */
export function within(reason) {
  const status = inStatus(reason);
  if (status) return status;
  const words = inWords(reason);
  return words === reason ? reason : words[0].toLowerCase() + words.slice(1);
}
