// The reading page's report: as text, with everything that the panel shows, for a bug report; and as JSON.

import { findings } from "../findings.js";
import { frameLines, pageReport, transportLines } from "../report.js";
import { $, all } from "./dom.js";

/** @param {Element} element */
const textOf = (element) => (element.textContent ?? "").trim().replace(/\s+/g, " ");

/** @param {string} selector */
const texts = (selector) => all(selector).map(textOf).filter(Boolean);

/** @param {string} id */
const at = (id) => textOf($(id));

/**
 * @typedef {object} Details
 * @property {string} choice
 * @property {import("../status.js").Status} status
 * @property {import("../session.js").Session} session
 * @property {import("./panel.js").Facts} facts
 * @property {import("./pings.js").Pings} pings
 * @property {import("./hops.js").Hops} hops
 * @property {import("../trials.js").Trials} trials
 * @property {import("../frame-log.js").FrameLog} frames
 */

/** The report as JSON takes it. @param {Details} details */
export function jsonReport({ choice, status, session, facts, pings, hops, trials, frames }) {
  const { reading, arrivals, connection } = session;
  const { stanzas, gaps, repeats, fetched } = reading;
  const { asOf, hosting } = facts;
  // The page itself waits for an upgrade, and no longer than it says.
  if (status.blocked && choice === "socketio") trials.heard(choice, "blocked", [status.blocked]);
  return pageReport({
    page: "read",
    url: location.href,
    root: session.places.root,
    agent: navigator.userAgent,
    trials,
    frames,
    conclude: (trial) => {
      const inUse = trial.transport === trials.using(session.choice);
      return findings(inUse ? { ...trial.seen, cuts: status.cuts } : trial.seen);
    },
    outages: status.losses,
    lifetimes: status.lifetimes.list,
    more: {
      choice,
      state: status.state,
      said: [at("what"), at("how")].join(" "),
      counts: { stanzas, gaps, repeats, fetched, reconnects: connection.reconnects },
      asked: arrivals.asked.map(({ date, from, to }) => ({ at: date.toISOString(), from, to })),
      hops: hops.measured(),
      roundTrip: pings.figures(),
      hosting,
      hostingAsOf: asOf?.toISOString() ?? null,
    },
    now: performance.now(),
    date: new Date(),
  });
}

/** @param {Details} details */
export function textReport(details) {
  const { choice, status, session, facts: known } = details;
  const { hosting } = known;
  const json = jsonReport(details);
  const hops = all(".hops tr").map((row) => [...row.children].map(textOf).filter(Boolean).join(": "));
  const facts = all(".facts dt").map((term) => `${textOf(term)}: ${textOf(term.nextElementSibling ?? term)}`);
  const losses = status.losses.map(
    ({ date, ms, reason, attempts, last }) =>
      `${date.toISOString()} ${Math.round(ms)} ms, ${attempts} attempts: ${last === reason ? reason : `${reason}; last: ${last}`}`,
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
    ["lost", "blocked", "refused"].includes(status.state) ? `reason: ${status.reason}` : "",
    "",
    ...transportLines(json),
    "",
    `${texts("#clock-h").join(" ")}`,
    all(".figures div")
      .map((pair) => [...pair.children].map(textOf).join(" "))
      .join(", "),
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
    known.asOf ? at("f-age") : "",
    hosting ? JSON.stringify(hosting) : "",
    "",
    ...frameLines(json),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}
