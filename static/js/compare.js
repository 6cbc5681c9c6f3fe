// The page that compares the transports: all four read at once, each with a reading and a clock of its own.

import { slept } from "./awake.js";
import { FrameLog } from "./frame-log.js";
import { recorded } from "./recorded.js";
import { TransportRun } from "./transport-run.js";
import { Reading } from "./reading.js";
import { watchRequests } from "./requests.js";
import { open, placesOf } from "./stream/stream.js";
import { t } from "./strings.js";
import { Trials } from "./trials.js";
import { verdict } from "./verdict.js";
import { jsonReport, textReport } from "./view/compare-report.js";
import { ComparisonTable } from "./view/comparison.js";
import { listenToCopy } from "./view/prefs.js";
import { listenToSave } from "./view/save.js";

/** @typedef {import("./view/comparison.js").Row} Row */
/** @typedef {import("./stream/stream.js").TransportChoice} TransportChoice */

/** @type {TransportChoice[]} */
const CHOICES = ["socketio-websocket", "socketio-polling", "websocket", "sse"];
/** How many stanzas are shown. */
const KEEP = 14;
/** How long a first stanza may take before the page says that it is still waiting. */
const PATIENCE_MS = 4000;

const { from, of, edition, language = "" } = document.body.dataset;
const places = placesOf();
const verdictElement = /** @type {HTMLElement} */ (document.getElementById("verdict"));
const hold = /** @type {HTMLButtonElement} */ (document.getElementById("hold"));

/** @type {Map<number, Row>} */
const rows = new Map();
/** @type {string | undefined} the edition that the rows belong to */
let shown = edition;
let held = false;
let patient = true;
let frame = 0;

const runs = CHOICES.map(
  (choice) => new TransportRun(choice, new Reading(Number(from), Number(of), edition ?? ""), changed),
);
const table = new ComparisonTable(
  /** @type {HTMLTableElement} */ (document.querySelector("table.comparison")),
  runs,
  KEEP,
);

/** @param {TransportRun} run @param {string} [text] @param {import("./pace.js").Arrival} [arrival] */
function changed(run, text, arrival) {
  if (arrival && text !== undefined) note(run, text, arrival);
  frame ||= requestAnimationFrame(draw);
}

/** @param {TransportRun} run @param {string} text @param {import("./pace.js").Arrival} arrival */
function note({ choice, reading }, text, arrival) {
  const { index } = arrival;
  // The text has changed, so the rows no longer apply.
  if (reading.edition !== shown) rows.clear();
  shown = reading.edition;
  const row = rows.get(index) ?? {
    index,
    text,
    language: reading.edition === edition ? language : "",
    arrivals: new Map(),
  };
  if (!slept(arrival)) row.arrivals.set(choice, arrival);
  rows.set(index, row);
  while (rows.size > KEEP) rows.delete(Math.min(...rows.keys()));
}

function draw() {
  frame = 0;
  if (!held) table.draw([...rows.values()].sort((one, next) => next.index - one.index));
  const { state, text } = verdict(runs, places.transports, patient);
  document.body.dataset.state = state;
  // Screen readers announce every assignment, even of the same sentence.
  if (verdictElement.textContent !== text) verdictElement.textContent = text;
  hold.hidden = state === "ended";
}

hold.addEventListener("click", () => {
  held = !held;
  hold.textContent = t(held ? "compare_follow" : "compare_hold");
  draw();
});

watchRequests(places, (choice) => {
  const run = runs.find((one) => one.choice === choice);
  if (!run) return;
  run.requests += 1;
  frame ||= requestAnimationFrame(draw);
});

const frames = new FrameLog();
const trials = new Trials(places.transports, slept);
const details = () => ({ runs, said: verdictElement.textContent ?? "", trials, frames });
listenToCopy("copy", () => textReport(details()), "copied");
listenToSave(/** @type {HTMLElement} */ (document.getElementById("save")), () => jsonReport(details()));

for (const run of runs) {
  const transport = run.choice.match(/^socketio-(.+)/)?.[1];
  if (transport && !places.transports.includes(transport)) {
    run.become("disallowed");
    trials.disallowed(/** @type {import("./trials.js").Transport} */ (run.choice));
  } else {
    open(run.choice, run.reading, recorded(run, run.choice, [frames, trials]), places);
  }
}
setTimeout(() => {
  patient = false;
  draw();
}, PATIENCE_MS);
