// The hops up to the first stanza: what the browser measured while the page loaded, and what the stream reports
// about its connection.

import { number } from "../format.js";
import { t } from "../strings.js";
import { $, el, perFrame, put, svg } from "./dom.js";

/**
 * Times are those of `performance.now()`; `wait` is the time to the first byte, `failure` the reason of a failure.
 * @typedef {{name: string, start: number, end?: number, wait?: number, failure?: string}} Hop
 */

/** @param {PerformanceResourceTiming} entry @returns {Omit<Hop, "name">} */
function measured({ startTime, responseStart, responseEnd, responseStatus }) {
  const failure = responseStatus >= 400 ? String(responseStatus) : undefined;
  return { start: startTime, wait: Math.max(0, responseStart - startTime), end: responseEnd, failure };
}

/** @param {(url: URL) => boolean} fits @param {number} [since] */
function resources(fits, since = 0) {
  const entries = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  return entries.filter(({ name, startTime }) => startTime >= since && fits(new URL(name)));
}

/** From the first of this page's own scripts to the last. @returns {Hop[]} */
function scripts() {
  const found = resources(({ pathname }) => /\/static\/[^/]+\/js\//.test(pathname));
  if (!found.length) return [];
  const start = Math.min(...found.map(({ startTime }) => startTime));
  const wait = Math.min(...found.map(({ responseStart }) => responseStart)) - start;
  return [
    {
      name: "scripts",
      start,
      wait: Math.max(0, wait),
      end: Math.max(...found.map(({ responseEnd }) => responseEnd)),
    },
  ];
}

/** @param {URL} url */
const isLibrary = ({ pathname }) => pathname.endsWith("/socket.io.js");
/** @param {URL} url */
const isHandshake = ({ searchParams }) =>
  searchParams.get("transport") === "polling" && !searchParams.has("sid");

/** The status in a reason such as `xhr poll error (404)`. @param {string} reason */
export const statusIn = (reason) => /\b[45]\d\d\b/.exec(reason)?.[0];

export class Hops {
  draw = perFrame(() => this.#draw());
  socketio = false;
  /** Whether these are the hops of the page's load, or those of a later connection. */
  withPage = true;
  origin = 0;
  /** @type {Hop[]} what the stream has reported */
  reported = [];
  /** @type {number | null} when the first of them succeeded, after which a stanza may arrive */
  stood = null;
  /** @type {Hop | null} */
  first = null;
  frozen = false;

  /**
   * A stream is opened: the page's first, or, when another transport was chosen, one whose hops start now.
   * @param {string} choice
   * @param {boolean} withPage
   */
  begin(choice, withPage) {
    this.socketio = choice.startsWith("socketio");
    this.withPage = withPage;
    this.origin = withPage ? 0 : performance.now();
    this.#clear();
  }

  /** An attempt failed before any stanza came, and another one is made. */
  again() {
    if (this.first || !this.reported.some(({ failure }) => failure)) return;
    this.withPage = false;
    this.origin = performance.now();
    this.#clear();
  }

  /** The connection whose hops these are is gone. */
  freeze() {
    this.frozen = this.first !== null;
  }

  /** @param {Hop} hop */
  add(hop) {
    if (this.frozen) return;
    this.reported = [...this.reported.filter(({ name }) => name !== hop.name), hop];
    if (!hop.failure) this.stood ??= hop.end ?? null;
    this.draw();
  }

  /** @param {number} at */
  stanza(at) {
    if (this.first) return;
    this.first = { name: "first", start: this.stood ?? at, end: at };
    this.draw();
  }

  #clear() {
    [this.reported, this.stood, this.first, this.frozen] = [[], null, null, false];
    this.draw();
  }

  #collect() {
    /** @type {Hop[]} */
    const rows = [];
    const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    const [library] = resources(isLibrary);
    if (this.withPage && page) rows.push({ name: "page", ...measured(page) }, ...scripts());
    if (this.withPage && this.socketio && library) rows.push({ name: "library", ...measured(library) });
    const handshake = this.socketio && resources(isHandshake, this.origin)[0];
    for (const hop of this.reported) {
      // A WebSocket that was tried first took part of what the stream calls its handshake.
      if (hop.name === "handshake" && handshake) rows.push({ ...hop, ...measured(handshake) });
      else if (hop.name === "websocket" && handshake) rows.push({ ...hop, end: handshake.startTime });
      else rows.push(hop);
    }
    if (this.first) rows.push(this.first);
    rows.sort((one, other) => one.start - other.start);
    if (!this.reported.some(({ name }) => name === "handshake" || name === "upgrade")) {
      rows.push({ name: "handshake", start: 0 });
    }
    if (!this.first) rows.push({ name: "first", start: 0 });
    return rows;
  }

  /** Those that were measured, for a report. */
  measured() {
    const ended = this.#collect().filter(({ end }) => end !== undefined);
    return ended.map(({ name, start, end = start, failure }) => ({
      name,
      startMs: Math.round(start - this.origin),
      ms: Math.round(end - start),
      failure: failure ?? null,
    }));
  }

  #draw() {
    const rows = this.#collect();
    const last = Math.max(...rows.map(({ end }) => end ?? 0), this.origin + 1);
    const x = (/** @type {number} */ time) => (100 * (time - this.origin)) / (last - this.origin);
    $("hops").replaceChildren(...rows.map((hop) => row(hop, x)));
    put("hops-h", t(this.withPage ? "hops_load" : "hops_connection"));
    const first = this.first?.end;
    put("hop-total", first ? t("first_after", { ms: number(Math.round(first - this.origin)) }) : "");
  }
}

/** @param {Hop} hop @param {(time: number) => number} x */
function row({ name, start, end, wait = 0, failure }, x) {
  const bar = el("td");
  if (end !== undefined) {
    const drawing = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
    const middle = start + wait;
    if (failure) {
      drawing.append(svg("rect", { x: x(start), y: 1, width: Math.max(0.8, x(end) - x(start)), height: 8 }));
    } else {
      const width = Math.max(0.8, x(end) - x(middle));
      drawing.append(
        svg("rect", { x: x(start), y: 4.5, width: x(middle) - x(start), height: 1 }),
        svg("rect", {
          x: Math.min(x(middle), 99.2),
          y: 1,
          width,
          height: 8,
          class: name === "upgrade" ? "key" : "",
        }),
      );
    }
    bar.append(drawing);
  }
  const head = el("th", "", t(`hop_${name}`));
  head.setAttribute("scope", "row");
  const took = end === undefined ? "–" : `${number(Math.round(end - start))} ms`;
  return el(
    "tr",
    failure ? "fail" : "",
    head,
    bar,
    el("td", "", failure ? (statusIn(failure) ?? t("failed")) : took),
  );
}
