// Whether what the probe says agrees with what browsers do. Pure.

import { TRANSPORTS } from "./browsers.js";

/** Notes that say nothing of the host: what was not tested, and what a busy machine adds. */
const ASIDES = ["limit-not-tested", "line-stalled", "slow-line", "tls-expires-soon"];
const CONTRADICTIONS = ["browser-fails", "browser-works"];

/** The transports over which a browser got something; none if the page did not open. */
export const got = (seen) => TRANSPORTS.filter((name) => (seen?.[name]?.stanzas ?? 0) > 0);

/** What the probe says of a host, without asides. */
export const said = ({ verdicts }) => verdicts.filter(({ id }) => !ASIDES.includes(id));

/**
 * What does not agree, in words; empty where all does.
 * @param {{causes?: string[], chromium: object | null, firefox: object | null, probed: object, browsed: object}} result
 */
export function compare({ causes, chromium, firefox, probed, browsed }) {
  const wrong = [];
  const missing = TRANSPORTS.filter((name) => ![chromium, firefox].every((seen) => got(seen).includes(name)));
  const [first] = said(probed);
  if (causes === undefined) {
    if (missing.length > 0) wrong.push(`browsers do not get ${missing.join(", ")}`);
    if (probed.outcome !== "good" || first) wrong.push(`probe: ${probed.outcome} ${first?.id ?? ""}`.trim());
  } else if (!causes.includes(first?.id)) {
    wrong.push(`probe: ${first?.id ?? "nothing"} comes first, not ${causes.join(" or ")}`);
  }
  // Where a browser gets nothing, something must have been said; and what is broken cannot work in both.
  if (missing.length > 0 && probed.outcome === "good") {
    wrong.push(`called good, but browsers do not get ${missing.join(", ")}`);
  }
  if (missing.length === TRANSPORTS.length && probed.outcome !== "broken") {
    wrong.push(`called ${probed.outcome}, but a browser gets nothing`);
  }
  if (missing.length < TRANSPORTS.length && probed.outcome === "broken") {
    wrong.push("called broken, but browsers get something");
  }
  const contradictions = browsed.verdicts.filter(({ id }) => CONTRADICTIONS.includes(id));
  wrong.push(...contradictions.map(({ id, evidence }) => `with --browser: ${id}: ${evidence}`));
  const ids = (document) => said(document).map(({ id }) => id);
  if (ids(browsed)[0] !== ids(probed)[0] && contradictions.length === 0) {
    wrong.push(`with --browser: ${ids(browsed)[0] ?? "nothing"} comes first`);
  }
  return wrong;
}
