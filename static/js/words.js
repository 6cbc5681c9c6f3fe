// The sentences for the state of the stream: a badge, what there is, and how it comes or what would help.

import { noClient } from "./client-library.js";
import { findings, said } from "./findings.js";
import { number, span } from "./format.js";
import { directiveIn } from "./policy.js";
import { inStatus, inWords } from "./reasons.js";
import { PATIENCE_MS, UNANSWERED } from "./stream/causes.js";
import { t } from "./strings.js";

/** @typedef {import("./status.js").Status} Status */

/**
 * @param {Status} status
 * @param {number} intervalMs
 * @param {{next: number, complete: boolean}} reading
 * @returns {{badge: string, what: string, how: string}}
 */
export function words(status, intervalMs, reading) {
  const { state, outage } = status;
  const found = findings(status.seen()).map(said).join(" ");
  const at = number(reading.next + 1);
  switch (state) {
    case "connecting":
      return { badge: t("connecting"), what: t("connecting_what"), how: found || opening(status) };
    case "streaming":
      return { badge: name(status), what: every(intervalMs), how: reached(status) };
    case "polling":
      return { badge: name(status), what: t("polling_what"), how: polling(status, found) };
    case "bursts":
    case "cuts":
      return { badge: name(status), what: t(`${state}_what`), how: flawed(status) };
    case "silent":
      return { badge: name(status), what: t("silent_what"), how: found || t("silent_how") };
    case "held":
      return { badge: t("room_held_badge"), what: t("room_held_what"), how: t("room_held_how") };
    case "offline":
      return { badge: t("offline"), what: t("offline_what"), how: t("offline_how", { at }) };
    case "blocked":
      return { badge: t("blocked"), what: t("blocked_what"), how: found };
    case "lost": {
      if (!outage?.up) {
        const reason = found.replace(/\.$/, "") || inWords(status.reason);
        return { badge: t("lost"), what: t("unreached_what"), how: t("unreached_how", { reason, at }) };
      }
      const values = { reason: inWords(outage.reason), up: span(outage.up), at };
      return { badge: t("lost"), what: t("lost_what"), how: `${t("lost_how", values)} ${found}`.trim() };
    }
    case "refused":
      return { badge: t("refused"), what: t("refused_what"), how: refused(status) };
    default:
      return { badge: t("ended"), what: t("end_what"), how: t(reading.complete ? "end_how" : "end_early") };
  }
}

/** The transport's own name. @param {Status} status */
function name({ transport, choice }) {
  if (transport === "websocket" && choice === "websocket") return t("badge_plain");
  return t(transport ? `badge_${transport}` : "connecting");
}

/** @param {Status} status */
function opening({ slow, path, unanswered }) {
  if (unanswered === UNANSWERED) return t("connecting_unanswered", { s: number(PATIENCE_MS / 1000) });
  return t(slow ? "connecting_slow" : "connecting_how", { path });
}

/** @param {Status} status */
function reached({ upgrading, upgradedMs, handshakeMs, transport }) {
  if (upgrading) return t("upgrading");
  if (upgradedMs !== null) return t("reached_upgraded", { ms: number(Math.round(upgradedMs)) });
  return t(transport === "sse" ? "reached_sse" : "reached_at_once", { ms: number(Math.round(handshakeMs)) });
}

/** What is wrong with a stream that comes; that it comes by polling is no flaw. @param {Status} status */
const flawed = (status) =>
  findings({ ...status.seen(), blocked: null })
    .map(said)
    .join(" ");

/** @param {Status} status @param {string} found */
function polling({ onlyPolling, choice, blocked }, found) {
  if (onlyPolling) return t(choice === "socketio-polling" ? "polling_chosen" : "polling_only");
  const why = found || `${inWords(blocked ?? "")}.`;
  return `${why} ${t("polling_flows")}`;
}

/** @param {Status} status */
function refused(status) {
  const { path, reason } = status;
  if (reason.endsWith(".js")) return noClient(reason);
  if (directiveIn(reason)) return findings(status.seen()).map(said).join(" ");
  const answer = inStatus(reason);
  if (!answer) return t("refused_how", { path, reason });
  const [finding] = findings(status.seen());
  return said({ text: t("refused_status", { path, reason: answer }), remedy: finding?.remedy ?? "" });
}

/** A sentence for the interval. @param {number} intervalMs */
function every(intervalMs) {
  if (intervalMs === 2000) return t("every_two");
  if (intervalMs < 1000) return t("every_ms", { ms: number(intervalMs) });
  return t("every_s", { s: number(intervalMs / 1000) });
}
