// The text of Copy report: everything that the panel shows, for a bug report.

import { $, all } from "./dom.js";

/** @param {Element} element */
const textOf = (element) => (element.textContent ?? "").trim().replace(/\s+/g, " ");

/** @param {string} selector */
const texts = (selector) => all(selector).map(textOf).filter(Boolean);

/** @param {string} id */
const at = (id) => textOf($(id));

/**
 * @param {object} details
 * @param {string} details.choice
 * @param {import("../status.js").Status} details.status
 * @param {import("../session.js").Session} details.session
 * @param {any} details.hosting the server's `hosting.json`
 */
export function report({ choice, status, session, hosting }) {
  const hops = all(".hops tr").map((row) => [...row.children].map(textOf).filter(Boolean).join(": "));
  const facts = all(".facts dt").map((term) => `${textOf(term)}: ${textOf(term.nextElementSibling ?? term)}`);
  const losses = status.losses.map(
    ({ date, ms, reason }) => `${date.toISOString()} ${Math.round(ms)} ms: ${reason}`,
  );
  const { reading } = session;
  const { asked } = session.arrivals;
  const again = asked.map(({ date, from, to }) => `${date.toISOString()} asked again for ${from} to ${to}`);
  return [
    document.title,
    location.href,
    new Date().toISOString(),
    navigator.userAgent,
    "",
    `${at("badge")} (${choice})`,
    at("what"),
    at("how"),
    // Verbatim: the words shown on the page may hide what matters.
    status.blocked ? `websocket: ${status.blocked}` : "",
    ["lost", "refused"].includes(status.state) ? `reason: ${status.reason}` : "",
    "",
    `${texts("#clock-h").join(" ")}`,
    `${at("place")} ${all(".counts div")
      .map((pair) => [...pair.children].map(textOf).reverse().join(" "))
      .join(", ")}`,
    ...losses,
    ...again,
    asked.length ? `fetched: ${reading.fetched}` : "",
    `${texts("#ping-h").join(" ")}: ${at("ping")}`,
    "",
    `${at("hops-h")} ${at("hop-total")}`,
    ...hops,
    "",
    ...facts,
    hosting ? JSON.stringify(hosting) : "",
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}
