// The table of the comparison: a row for each stanza, newest first, a column for each transport.

import { secondsOf } from "../findings.js";
import { deviation, number, seconds } from "../format.js";
import { grade, lateness } from "../pace.js";
import { UNANSWERED } from "../stream/causes.js";
import { t } from "../strings.js";

/** @typedef {import("../transport-run.js").TransportRun} TransportRun */
/** @typedef {import("../pace.js").Arrival} Arrival */
/** @typedef {{index: number, text: string, language: string, arrivals: Map<string, Arrival>}} Row */
/** @typedef {{td: HTMLElement, thread: HTMLElement, figure: HTMLElement, shown: string}} Cell */

/** States in which no stanza is expected. */
const STILL = ["unanswered", "blocked", "lost", "offline", "refused", "disallowed"];
/** How many lifetimes are shown: two that are alike tell something. */
const LIVES = 2;
/** A transport that is no more stanzas behind than this counts as level with the others. */
const LEVEL = 1;

/** @param {number} ms */
const duration = (ms) => (ms < 1000 ? `${number(Math.round(ms))} ms` : `${seconds(ms)} s`);

/**
 * One scale for small jitter and ten-second stalls: 0, 10, 100, 1000, 10000 ms are 0, 0.3, 1, 2, 3.
 * @param {number} ms
 */
const scale = (ms) => Math.sign(ms) * Math.log10(1 + Math.abs(ms) / 10);

/** @param {string} tag @param {string} role */
function element(tag, role) {
  const made = document.createElement(tag);
  made.setAttribute("role", role);
  return made;
}

/** @param {Element} parent @param {string} text */
function put(parent, text) {
  if (parent.textContent !== text) parent.textContent = text;
}

export class ComparisonTable {
  /** @param {HTMLTableElement} table @param {TransportRun[]} runs */
  constructor(table, runs) {
    this.runs = runs;
    this.body = /** @type {HTMLElement} */ (table.querySelector(".rows"));
    this.figures = /** @type {HTMLElement} */ (table.querySelector(".sum"));
    /** @type {Map<Row, {tr: HTMLElement, cells: Cell[]}>} those that are drawn */
    this.rows = new Map();
  }

  /** @param {Row[]} rows the newest first */
  draw(rows) {
    const newest = rows[0]?.index ?? 0;
    for (const run of this.runs) this.drawFigures(run, newest);
    for (const [row, { tr }] of this.rows) {
      if (rows.includes(row)) continue;
      tr.remove();
      this.rows.delete(row);
    }
    let place = this.body.firstElementChild;
    for (const row of rows) {
      const drawn = this.rows.get(row) ?? this.add(row);
      if (drawn.tr === place) place = place.nextElementSibling;
      else this.body.insertBefore(drawn.tr, place);
      drawn.tr.className = row.index === newest ? "newest" : "";
      this.runs.forEach((run, at) => this.drawCell(drawn.cells[at], run, row.arrivals.get(run.choice)));
    }
  }

  /** @param {Row} row */
  add(row) {
    const { index, text, language } = row;
    const tr = element("tr", "row");
    tr.dataset.index = String(index);
    const head = element("th", "rowheader");
    head.setAttribute("scope", "row");
    const line = document.createElement("span");
    line.className = "line";
    line.lang = language;
    line.textContent = text
      .split("\n")[0]
      .trim()
      .replace(/[,;:]$/, "");
    head.append(line);
    tr.append(head);
    const cells = this.runs.map(({ choice }) => {
      const td = element("td", "cell");
      td.dataset.choice = choice;
      const [thread, figure] = [document.createElement("span"), document.createElement("b")];
      thread.append(figure);
      td.append(thread);
      tr.append(td);
      return { td, thread, figure, shown: "?" };
    });
    const drawn = { tr, cells };
    this.rows.set(row, drawn);
    return drawn;
  }

  /** @param {Cell} cell @param {TransportRun} run @param {Arrival | undefined} arrival */
  drawCell(cell, run, arrival) {
    const ms = arrival ? lateness(arrival) : 0;
    const kind = arrival ? grade(ms) : STILL.includes(run.state) ? "none" : "due";
    cell.td.className = arrival && arrival === run.newest ? "now" : "";
    const shown = `${kind} ${arrival ? deviation(ms) : ""}`;
    if (shown === cell.shown) return;
    cell.shown = shown;
    cell.thread.className = `thread ${kind}`;
    cell.thread.style.setProperty("--x", scale(ms).toFixed(2));
    cell.figure.replaceChildren();
    if (!arrival) return;
    const [value, unit] = deviation(ms).split(" ");
    const mark = document.createElement("i");
    mark.className = unit;
    mark.textContent = ` ${unit}`;
    cell.figure.append(value, mark);
  }

  /** @param {TransportRun} run @param {number} newest */
  drawFigures(run, newest) {
    const { first, median, worst, state, reason } = run;
    const behind = run.newest ? newest - run.newest.index : 0;
    const status = reason.match(/^\d{3}\b/)?.[0] ?? "";
    const axis =
      reason === UNANSWERED ? "upgrade" : state === "streaming" && behind > LEVEL ? "behind" : state;
    const lives = run.lifetimes.list.slice(-LIVES).map(({ ms }) => secondsOf(ms));
    const sockets = run.choice === "socketio-polling" ? 0 : run.opened;
    const requests = run.requests + sockets;
    this.put(run, "first", first === null ? "–" : duration(first));
    this.put(run, "median", median === null ? "–" : deviation(median));
    this.put(run, "worst", worst === null ? "–" : deviation(worst));
    this.put(run, "requests", requests ? number(requests) : "–");
    this.put(run, "reconnects", run.stood ? number(run.losses.length) : "–");
    this.put(run, "lives", lives.length ? t("compare_lives_of", { list: lives.join(" · ") }) : "–");
    this.put(run, "axis", t(`compare_axis_${axis}`, { status, n: number(behind) }).trim());
  }

  /** @param {TransportRun} run @param {string} figure @param {string} text */
  put({ choice, state }, figure, text) {
    const cell = this.figures.querySelector(`[data-figure="${figure}"] [data-choice="${choice}"]`);
    if (!(cell instanceof HTMLElement)) return;
    put(cell, text);
    cell.dataset.state = state;
  }
}
