// The table of the comparison: a row for each stanza, newest first, a column for each transport.

import { secondsOf } from "../findings.js";
import { deviation, number, seconds } from "../format.js";
import { grade, lateness } from "../pace.js";
import { UNANSWERED } from "../stream/causes.js";
import { typographic } from "../quotes.js";
import { t } from "../strings.js";

/** @typedef {import("../transport-run.js").TransportRun} TransportRun */
/** @typedef {import("../pace.js").Arrival} Arrival */
/** @typedef {{index: number, text: string, language: string, arrivals: Map<string, Arrival>}} Row */
/** @typedef {{td: HTMLElement, shown: string}} Cell */
/** @typedef {{tr: HTMLElement, line: HTMLElement, cells: Cell[]}} Slot */

/** States in which no stanza is expected. */
const STILL = ["unanswered", "blocked", "lost", "offline", "refused", "disallowed"];
/** How many lifetimes are shown: two that are alike tell something. */
const LIVES = 2;
/** A transport that is no more stanzas behind than this counts as level with the others. */
const LEVEL = 1;

/**
 * How a transport's stream is, in a word: what comes late does not simply stream.
 * @param {TransportRun} run @param {number} behind by how many stanzas
 */
function flow({ state, reason, newest }, behind) {
  if (reason === UNANSWERED) return "upgrade";
  if (state !== "streaming") return state;
  if (behind > LEVEL) return "behind";
  return newest && grade(lateness(newest)) === "stalled" ? "late" : state;
}

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
  /**
   * @param {HTMLTableElement} table
   * @param {TransportRun[]} runs
   * @param {number} most how many stanzas it shows; each has its row from the start, so that nothing moves when one comes
   */
  constructor(table, runs, most) {
    this.runs = runs;
    this.figures = /** @type {HTMLElement} */ (table.querySelector(".sum"));
    this.slots = Array.from({ length: most }, () => this.#slot());
    table.querySelector(".rows")?.append(...this.slots.map(({ tr }) => tr));
  }

  /** @param {Row[]} rows the newest first */
  draw(rows) {
    const newest = rows[0]?.index ?? 0;
    for (const run of this.runs) this.drawFigures(run, newest);
    this.slots.forEach((slot, at) => this.#drawRow(slot, rows[at]));
  }

  #slot() {
    const tr = element("tr", "row");
    tr.className = "empty";
    const head = element("th", "rowheader");
    head.setAttribute("scope", "row");
    const line = document.createElement("span");
    line.className = "line";
    head.append(line);
    tr.append(head);
    const cells = this.runs.map(({ choice }) => {
      const td = element("td", "cell");
      td.dataset.choice = choice;
      tr.append(td);
      return { td, shown: "?" };
    });
    return { tr, line, cells };
  }

  /** @param {Slot} slot @param {Row | undefined} row */
  #drawRow({ tr, line, cells }, row) {
    tr.classList.toggle("empty", !row);
    tr.classList.toggle("newest", row !== undefined && tr === this.slots[0].tr);
    if (!row) {
      delete tr.dataset.index;
      for (const cell of cells) {
        cell.td.replaceChildren();
        cell.shown = "?";
      }
      return;
    }
    const { index, text, language, arrivals } = row;
    if (tr.dataset.index !== String(index)) {
      tr.dataset.index = String(index);
      line.lang = language;
      line.textContent = typographic(text, language)
        .split("\n")[0]
        .trim()
        .replace(/[,;:]$/, "");
    }
    this.runs.forEach((run, at) => this.#drawCell(cells[at], run, arrivals.get(run.choice)));
  }

  /** @param {Cell} cell @param {TransportRun} run @param {Arrival | undefined} arrival */
  #drawCell(cell, run, arrival) {
    const ms = arrival ? lateness(arrival) : 0;
    const kind = arrival ? grade(ms) : STILL.includes(run.state) ? "none" : "due";
    cell.td.className = arrival && arrival === run.newest ? "now" : "";
    const shown = `${kind} ${arrival ? deviation(ms) : ""}`;
    if (shown === cell.shown) return;
    cell.shown = shown;
    const [thread, figure] = [document.createElement("span"), document.createElement("b")];
    thread.className = `thread ${kind}`;
    thread.style.setProperty("--x", scale(ms).toFixed(2));
    thread.append(figure);
    // A new mark, and not the old one at another place: nothing has moved.
    cell.td.replaceChildren(thread);
    if (!arrival) return;
    const [value, unit] = deviation(ms).split(" ");
    const mark = document.createElement("i");
    mark.className = unit;
    mark.textContent = ` ${unit}`;
    figure.append(value, mark);
  }

  /** @param {TransportRun} run @param {number} newest */
  drawFigures(run, newest) {
    const { first, median, worst, reason } = run;
    const behind = run.newest ? newest - run.newest.index : 0;
    const status = reason.match(/^\d{3}\b/)?.[0] ?? "";
    const lives = run.lifetimes.list.slice(-LIVES).map(({ ms }) => secondsOf(ms));
    const sockets = run.choice === "socketio-polling" ? 0 : run.opened;
    const requests = run.requests + sockets;
    this.put(run, "first", first === null ? "–" : duration(first));
    this.put(run, "median", median === null ? "–" : deviation(median));
    this.put(run, "worst", worst === null ? "–" : deviation(worst));
    this.put(run, "requests", requests ? number(requests) : "–");
    this.put(run, "reconnects", run.stood ? number(run.losses.length) : "–");
    this.put(run, "lives", lives.length ? t("compare_lives_of", { list: lives.join(" · ") }) : "–");
    this.put(run, "state", t(`compare_state_${flow(run, behind)}`, { status, n: number(behind) }).trim());
  }

  /** @param {TransportRun} run @param {string} figure @param {string} text */
  put({ choice, state }, figure, text) {
    const cell = this.figures.querySelector(`[data-figure="${figure}"] [data-choice="${choice}"]`);
    if (!(cell instanceof HTMLElement)) return;
    put(cell, text);
    cell.dataset.state = state;
  }
}
