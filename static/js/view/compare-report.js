// The report of the page that compares the transports, as JSON and as text.

import { findings } from "../findings.js";
import { placesOf } from "../stream/stream.js";
import { frameLines, pageReport, transportLines } from "../report.js";

/**
 * @typedef {object} Details
 * @property {import("../transport-run.js").TransportRun[]} runs
 * @property {string} said the verdict on all, as the page words it
 * @property {import("../trials.js").Trials} trials
 * @property {import("../frame-log.js").FrameLog} frames
 */

/** The report as JSON takes it. @param {Details} details */
export function jsonReport({ runs, said, trials, frames }) {
  const counts = runs.map(({ choice, reading, requests, opened }) => {
    const { stanzas, gaps, repeats } = reading;
    return [
      choice,
      { stanzas, gaps, repeats, requests: requests + (choice === "socketio-polling" ? 0 : opened) },
    ];
  });
  return pageReport({
    page: "compare",
    url: location.href,
    root: placesOf().root,
    agent: navigator.userAgent,
    trials,
    frames,
    conclude: ({ transport }) =>
      runs.filter(({ choice }) => choice === transport).flatMap((run) => findings(run.seen())),
    outages: runs.flatMap(({ choice, losses }) => losses.map((loss) => ({ ...loss, transport: choice }))),
    lifetimes: runs.flatMap(({ lifetimes }) => lifetimes.list),
    more: { state: document.body.dataset.state, said, counts: Object.fromEntries(counts) },
    now: performance.now(),
    date: new Date(),
  });
}

/** @param {Details} details */
export function textReport(details) {
  const json = jsonReport(details);
  const counts = details.runs.map(
    ({ choice, reading: { gaps, repeats } }) => `${choice}: ${gaps} gaps, ${repeats} repeats`,
  );
  const head = [document.title, location.href, json.time, json.agent];
  return [...head, "", details.said, "", ...transportLines(json), ...counts, "", ...frameLines(json)].join(
    "\n",
  );
}
