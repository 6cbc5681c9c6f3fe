// The reader's place in the poem: the contents, which double as a progress bar, and the running head.

import { number, span } from "../format.js";
import { t } from "../strings.js";
import { all, put } from "./dom.js";
import { nameOf, slug } from "./verse.js";
import { workOf } from "../work.js";

/** @typedef {import("../reading.js").Place} Place */

/**
 * A line that an address names, 0 for a whole stanza; the first and the last stanza where it may be, and where it is
 * expected.
 * @typedef {{line: number, from: number, last: number, index: number}} Wanted
 */

export class Contents {
  /** @param {(place: Place) => void} [looking] the reader looks at another stanza */
  constructor(looking = () => {}) {
    this.looking = looking;
    /** The cantos' links, each with the index of its canto's first stanza. */
    this.cantos = all(".cantos a").map((link) => ({ link, from: Number(link.dataset.from) }));
    this.segments = all(".through span").map((segment) => {
      const cantos = Number(segment.dataset.cantos);
      segment.style.flexGrow = String(cantos);
      return { bar: /** @type {HTMLElement} */ (segment.firstElementChild), cantos };
    });
    this.current = -1;
  }

  /** The number, among all cantos, of the one that holds a stanza. @param {number} index */
  at(index) {
    return this.cantos.findLastIndex(({ from }) => from <= index);
  }

  /**
   * The canto's name as its link is grouped and numbered; null where there are no cantos.
   * @param {number} index of a stanza
   */
  canto(index) {
    const found = this.cantos[this.at(index)];
    const canticle = found?.link.closest("section")?.querySelector("h3")?.textContent;
    return canticle ? { canticle, canto: Number(found.link.textContent) } : null;
  }

  /**
   * Resolves the fragment of an address to its line, the stanzas of its canto, and the index of the stanza that holds
   * it. The index is exact where all stanzas are as long as the first.
   * @param {string} fragment such as `inferno-1-4` or `stanza-12`
   * @param {number} of how many stanzas there are
   * @param {number} length of the first, in lines
   * @returns {Wanted | null}
   */
  find(fragment, of, length) {
    const [, name, canto, digits] = /^(.+)-(\d+)-(\d+)$/.exec(fragment) ?? [];
    const cantos = this.cantos.map(({ from }) => ({ from, ...this.canto(from) }));
    const at = cantos.findIndex(
      (known) => slug(known.canticle ?? "") === name && known.canto === Number(canto),
    );
    if (at >= 0) {
      const { from } = cantos[at];
      const last = (cantos[at + 1]?.from ?? of) - 1;
      const line = Math.max(1, Number(digits));
      return { line, from, last, index: Math.min(last, from + Math.floor((line - 1) / length)) };
    }
    const index = Number(/^stanza-(\d+)$/.exec(fragment)?.[1]) - 1;
    return index >= 0 && index < of ? { line: 0, from: index, last: index, index } : null;
  }

  /**
   * The newest stanza is this one.
   * @param {Place} place
   * @param {number} intervalMs
   */
  received(place, intervalMs) {
    const left = place.of - place.index - 1;
    const values = { i: number(place.index + 1), of: number(place.of) };
    put(
      "place",
      left
        ? t("place", { ...values, t: span(left * intervalMs).replaceAll(" ", "\u00a0") })
        : t("place_last", values),
    );
    this.#progress(place);
    const at = this.at(place.index);
    if (at === this.current) return;
    this.current = at;
    this.cantos.forEach(({ link }, other) => {
      link.classList.toggle("read", other < at);
      if (other === at) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }

  /**
   * What is streamed, by its name.
   * @param {string | undefined} edition that was read; of any other than the page's own nothing is known here
   */
  work(edition) {
    if (edition !== document.body.dataset.edition) return t("work_other");
    return workOf(this.cantos.flatMap(({ from }) => this.canto(from) ?? []));
  }

  /** The running head before the first stanza. @param {{canticle: string, canto: number}} canto */
  open(canto) {
    put("where", nameOf(canto));
  }

  /**
   * Shows this stanza in the running head.
   * @param {Place} place
   * @param {number} lines how many it has
   */
  show(place, lines) {
    this.looking(place);
    if (place.canticle === null) {
      put("where", t("where_stanza", { i: number(place.index + 1), of: number(place.of) }));
      return;
    }
    put("where", nameOf(place));
    const [a, b] = [number(place.line), number(place.line + lines - 1)];
    put("lines", lines > 1 ? t("lines", { a, b }) : t("line", { a }));
  }

  /** @param {Place} place */
  #progress({ index, of }) {
    const at = this.at(index);
    const from = this.cantos[at]?.from ?? 0;
    const next = this.cantos[at + 1]?.from ?? of;
    let before = at + (index + 1 - from) / (next - from);
    if (at < 0) before = (index + 1) / of;
    for (const { bar, cantos } of this.segments) {
      const done = Math.min(1, Math.max(0, before / cantos));
      bar.style.setProperty("--p", done.toFixed(4));
      bar.classList.toggle("at", before > 0 && before <= cantos);
      before -= cantos;
    }
  }
}
