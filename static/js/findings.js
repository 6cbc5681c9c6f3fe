// What a stream of the page tells of the host: each finding has the id of the verdict that `dante probe` gives for the same
// (docs/verdicts.md), what is known, and what to do.

import { number } from "./format.js";
import { directiveIn } from "./policy.js";
import { inWords, isFull, statusOf } from "./reasons.js";
import * as causes from "./stream/causes.js";
import { t } from "./strings.js";

/**
 * @typedef {object} Finding
 * @property {string} id as `dante probe` calls the same; "offline" is the page's own, and nothing of the host's
 * @property {string} transport the choice
 * @property {string} text what is known, as a sentence
 * @property {string} remedy what to do, in the imperative, without a capital and a full stop; empty if there is nothing
 */

/**
 * What is known of one stream.
 * @typedef {object} Seen
 * @property {string} transport the choice
 * @property {string | null} blocked why WebSocket does not get through, as far as that is known
 * @property {string | null} reason why the stream is lost, blocked or refused now
 * @property {string | null} unanswered what is awaited for longer than it should be
 * @property {import("./lifetimes.js").Cuts | null} cuts
 * @property {{count: number, late: number} | null} burst
 */

/** What is found where there is a cause: the id, and the names of the sentence and of the remedy. @typedef {[id: string, text: string, remedy: string]} Named */

/** @type {Record<string, Named>} */
const ANY = {
  [causes.HANDSHAKE_PENDING]: ["slow-answer", "finding_handshake", "remedy_slow"],
  [causes.STREAM_PENDING]: ["slow-answer", "finding_stream", "remedy_slow"],
  [causes.STREAM_HELD]: ["buffered", "finding_held", "remedy_buffered"],
};

/** @type {Record<string, Named>} */
const OBSTACLES = {
  [causes.VAGUE]: ["upgrade-refused", "finding_upgrade", "remedy_upgrade"],
  [causes.BLOCKED]: ["upgrade-refused", "finding_upgrade", "remedy_upgrade"],
  [causes.UNANSWERED]: ["upgrade-unanswered", "finding_unanswered", "remedy_unanswered"],
  [causes.CLOSED]: ["closed-after-101", "finding_closed", "remedy_mute"],
  [causes.SILENT]: ["silent", "finding_silent", "remedy_mute"],
  [causes.UNHEARD]: ["upward-lost", "finding_unheard", "remedy_mute"],
  [causes.BROKEN]: ["early-end", "finding_broken", "remedy_broken"],
};

/** What is found where a status was answered. @type {Record<string, string>} */
const STATUSES = {
  401: "credentials-required",
  403: "stream-refused",
  404: "stream-refused",
  413: "body-limit",
  429: "rate-limited",
  502: "gateway-answers",
  503: "gateway-answers",
  504: "gateway-answers",
};

/** Seconds with a tenth where whole ones would be too coarse. @param {number} ms */
export const secondsOf = (ms) => number(ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000));

/** Whether a stream is nothing without WebSocket. @param {string} transport */
export const isWebSocket = (transport) => transport.endsWith("websocket");

/** A finding in one sentence. @param {{text: string, remedy: string}} finding */
export const said = ({ text, remedy }) => (remedy ? `${text.replace(/\.$/, "")}: ${remedy}.` : text);

/** @param {Seen} seen @returns {Finding[]} */
export function findings({ transport, blocked, reason, unanswered, cuts, burst }) {
  const websocket = isWebSocket(transport);
  // Whether other requests are answered, which says whose the silence is, is asked only now.
  const waiting = unanswered === causes.UNANSWERED ? null : unanswered;
  const found = [
    cuts && cut(cuts),
    failure(reason ?? waiting ?? "", websocket),
    failure(blocked ?? "", true),
    burst && late(burst),
  ];
  return found.flatMap((finding) => (finding ? [{ transport, ...finding }] : []));
}

/** @param {import("./lifetimes.js").Cuts} cuts */
function cut({ ms, quietMs }) {
  const values = { s: secondsOf(ms ?? 0), q: secondsOf(quietMs ?? 0) };
  if (quietMs === null) return { id: "age-cut", text: t("finding_age", values), remedy: t("remedy_age") };
  const text = t(ms === null ? "finding_idle" : "finding_idle_age", values);
  return { id: "idle-cut", text, remedy: t("remedy_idle") };
}

/** @param {{count: number, late: number}} burst */
function late({ count, late: oldest }) {
  const values = { n: number(count), s: secondsOf(oldest) };
  return { id: "buffered", text: t("finding_bursts", values), remedy: t("remedy_buffered") };
}

/**
 * What a failure tells, if it tells anything.
 * @param {string} reason
 * @param {boolean} websocket whether it is that of a WebSocket
 */
function failure(reason, websocket) {
  if (!reason || isFull(reason)) return null;
  if (reason === causes.OFFLINE) return { id: "offline", text: t("offline_what"), remedy: "" };
  if (reason.endsWith(".js")) {
    return { id: "library-missing", text: `${inWords(reason)}.`, remedy: t("remedy_404") };
  }
  const directive = directiveIn(reason);
  if (directive) {
    return {
      id: "blocked-by-csp",
      text: `${inWords(reason)}: ${directive}.`,
      remedy: t("remedy_policy"),
    };
  }
  const status = statusOf(reason);
  if (status) return answered(reason, status, websocket);
  const values = { s: number(causes.PATIENCE_MS / 1000) };
  const [first, ...more] = reason.split(", ");
  const known = first.endsWith(causes.VAGUE) ? causes.VAGUE : first;
  // The address gave no answer to a plain request either.
  if ([known, ...more].at(-1) === causes.TIMEOUT) {
    return { id: "black-hole", text: t("finding_timeout", values), remedy: t("remedy_timeout") };
  }
  const named = ANY[known] ?? (websocket && !more.length ? OBSTACLES[known] : undefined);
  return named ? { id: named[0], text: t(named[1], values), remedy: t(named[2]) } : null;
}

/** @param {string} reason @param {string} status @param {boolean} websocket */
function answered(reason, status, websocket) {
  const forbidden = websocket && status === "403";
  const text = `${inWords(status)}.`;
  if (forbidden) return { id: "websocket-forbidden", text, remedy: t("remedy_403_websocket") };
  return {
    id: STATUSES[status] ?? "stream-refused",
    text,
    remedy: STATUSES[status] ? t(`remedy_${status}`) : "",
  };
}
