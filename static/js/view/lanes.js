// The table of the comparison: a row for each stanza, newest first, a column for each transport.

import { deviation, number, seconds } from "../format.js";
import { grade, lateness } from "../pace.js";
import { t } from "../strings.js";

/** @typedef {import("../lane.js").Lane} Lane */
/** @typedef {import("../pace.js").Arrival} Arrival */
/** @typedef {{index: number, text: string, language: string, arrivals: Map<string, Arrival>}} Row */
/** @typedef {{td: HTMLElement, thread: HTMLElement, figure: HTMLElement, shown: string}} Cell */

/** Lanes in which nothing is to be expected. */
const STILL = ["blocked", "lost", "refused", "disallowed"];
/** A lane that is no further behind than this is level with the others. */
const LEVEL = 1;

/** @param {number} ms */
const duration = (ms) => (ms < 1000 ? `${number(Math.round(ms))} ms` : `${seconds(ms)} s`);

/**
 * Small jitter and a ten-second stall on one scale: 0, 10, 100, 1000, 10000 ms are 0, 0.3, 1, 2, 3.
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

export class LanesTable {
  /** @param {HTMLTableElement} table @param {Lane[]} lanes */
  constructor(table, lanes) {
    this.lanes = lanes;
    this.body = /** @type {HTMLElement} */ (table.querySelector(".rows"));
    this.figures = /** @type {HTMLElement} */ (table.querySelector(".sum"));
    /** @type {Map<Row, {tr: HTMLElement, cells: Cell[]}>} those that are drawn */
    this.rows = new Map();
  }

  /** @param {Row[]} rows the newest first */
  draw(rows) {
    const newest = rows[0]?.index ?? 0;
    for (const lane of this.lanes) this.drawFigures(lane, newest);
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
      this.lanes.forEach((lane, at) => this.drawCell(drawn.cells[at], lane, row.arrivals.get(lane.way)));
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
    const cells = this.lanes.map(({ way }) => {
      const td = element("td", "cell");
      td.dataset.way = way;
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

  /** @param {Cell} cell @param {Lane} lane @param {Arrival | undefined} arrival */
  drawCell(cell, lane, arrival) {
    const ms = arrival ? lateness(arrival) : 0;
    const kind = arrival ? grade(ms) : STILL.includes(lane.state) ? "none" : "due";
    cell.td.className = arrival && arrival === lane.newest ? "now" : "";
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

  /** @param {Lane} lane @param {number} newest */
  drawFigures(lane, newest) {
    const { first, median, worst, state, reason } = lane;
    const behind = lane.newest ? newest - lane.newest.index : 0;
    const status = reason.match(/^\d{3}\b/)?.[0] ?? "";
    const axis = state === "streaming" && behind > LEVEL ? "behind" : state;
    const sockets = lane.way === "socketio-polling" ? 0 : lane.opened;
    const requests = lane.requests + sockets;
    this.put(lane, "first", first === null ? "–" : duration(first));
    this.put(lane, "median", median === null ? "–" : deviation(median));
    this.put(lane, "worst", worst === null ? "–" : deviation(worst));
    this.put(lane, "requests", requests ? number(requests) : "–");
    this.put(lane, "axis", t(`compare_axis_${axis}`, { status, n: number(behind) }).trim());
  }

  /** @param {Lane} lane @param {string} figure @param {string} text */
  put({ way, state }, figure, text) {
    const cell = this.figures.querySelector(`[data-figure="${figure}"] [data-way="${way}"]`);
    if (!(cell instanceof HTMLElement)) return;
    put(cell, text);
    cell.dataset.state = state;
  }
}
