// The poem on its sheet: headings, stanzas with their timing marks, and notes on interruptions.

import { deviation, number, roman } from "../format.js";
import { grade, lateness } from "../pace.js";
import { typographic } from "../quotes.js";
import { language, t } from "../strings.js";
import { $, el, scaled } from "./dom.js";

/** @typedef {import("../reading.js").Place} Place */
/** @typedef {import("../pace.js").Arrival} Arrival */

/** How many stanzas stay on the page; older ones are removed in batches, since each removal costs a layout. */
const KEPT = 400;
const BATCH = 50;
/** So many of the newest are always laid out: a browser that only begins to do so moves what stands below them. More than fit into a window. */
const NEAR = 24;

/** @type {WeakMap<Element, Place>} */
const places = new WeakMap();

/** @type {WeakMap<Element, Arrival>} what a mark beside a stanza shows */
const arrivals = new WeakMap();

/** Where a stanza on the page stands. @param {Element} stanza */
export const placeOf = (stanza) => places.get(stanza);

/** @param {string} canticle */
export const slug = (canticle) => canticle.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");

/** The fragment of the address that names a stanza. @param {Place} place */
export const anchor = ({ canticle, canto, line, index }) =>
  canticle === null ? `stanza-${index + 1}` : `${slug(canticle)}-${canto}-${line}`;

/** How a canto is called in running text. @param {Pick<Place, "canticle" | "canto">} place */
export const nameOf = ({ canticle, canto }) =>
  t("where", { canticle: canticle ?? "", canto: roman(canto ?? 0) });

export class Verse {
  /**
   * @param {(index: number) => string} address of a page that starts at a stanza
   * @param {string} lang the poem's language; empty when it is not known
   */
  constructor(address, lang) {
    this.poem = $("poem");
    /** Where the next stanza will stand. */
    this.liveEdge = $("live-edge");
    this.address = address;
    this.lang = lang;
    /** @type {HTMLElement | null} the newest stanza */
    this.now = null;
    /** The heading that stands over what comes. */
    this.heading = "";
    /** @type {number | null} the index of the first stanza that is no longer on the page */
    this.dropped = null;
    this.count = 0;
    /** @type {HTMLElement[]} the newest stanzas, oldest first */
    this.near = [];
  }

  /**
   * @param {string} canticle
   * @param {number} canto
   */
  head(canticle, canto) {
    const heading = `${canticle} ${canto}`;
    if (this.heading === heading) return;
    this.heading = heading;
    this.#add(this.#heading(canticle, canto));
  }

  /** @param {string} canticle @param {number} canto */
  #heading(canticle, canto) {
    const name = el("p", "canticle", canticle);
    name.lang = this.lang;
    const heading = el("header", "canto", name, el("h2", "", t("canto", { canto: roman(canto) })));
    heading.dataset.canto = `${canticle} ${canto}`;
    return heading;
  }

  /** A stanza for the sheet. @param {string} text @param {Place} place */
  #made(text, place) {
    const stanza = el("p", "stanza", ...lines(typographic(text, this.lang), place));
    // In a room a stanza may come more than once; its address leads to the newest.
    document.getElementById(anchor(place))?.removeAttribute("id");
    stanza.id = anchor(place);
    stanza.lang = this.lang;
    stanza.dataset.index = String(place.index);
    places.set(stanza, place);
    return stanza;
  }

  /**
   * @param {string} text
   * @param {Place} place
   * @param {Arrival | null} arrival when that was measured
   */
  stanza(text, place, arrival) {
    if (place.canticle !== null && place.canto !== null) this.head(place.canticle, place.canto);
    const stanza = this.#made(text, place);
    stanza.classList.add("now");
    if (arrival) stanza.append(thread(arrival));
    this.now?.classList.remove("now");
    this.now = stanza;
    this.count += 1;
    this.#add(stanza);
    this.near.push(stanza);
    const past = this.near.length > NEAR && this.near.shift();
    if (past) pass(past);
  }

  /** A clock was set back: its stanzas were later than it seemed. @param {Arrival["pace"]} pace */
  later(pace) {
    for (let part = this.liveEdge.previousElementSibling; part; part = part.previousElementSibling) {
      const mark = part.querySelector(".thread");
      const arrival = mark && arrivals.get(mark);
      if (!arrival) continue;
      if (arrival.pace !== pace) return;
      mark.replaceWith(thread(arrival));
    }
  }

  /** @param {string} sentence */
  interrupted(sentence) {
    this.#add(el("p", "break", sentence));
  }

  /** A note on stanzas that were missed. @param {(string | Node)[]} content */
  missed(...content) {
    const note = el("p", "break missed", ...content);
    this.#add(note);
    return note;
  }

  /**
   * Puts stanzas that were missed in their place, behind what is there of them already. Returns the first one.
   * @param {HTMLElement} note where they were missed
   * @param {Place} before the stanza before them
   * @param {(Place & {text: string})[]} stanzas
   */
  recall(note, before, stanzas) {
    const parts = [];
    let { canticle, canto } = before;
    for (const { text, ...place } of stanzas) {
      if (
        place.canticle !== null &&
        place.canto !== null &&
        `${place.canticle} ${place.canto}` !== `${canticle} ${canto}`
      ) {
        parts.push(this.#heading(place.canticle, place.canto));
      }
      ({ canticle, canto } = place);
      parts.push(this.#made(text, place));
    }
    this.count += stanzas.length;
    let last = note;
    for (let next = note.nextElementSibling; next instanceof HTMLElement && next.dataset.recalled;) {
      [last, next] = [next, next.nextElementSibling];
    }
    for (const part of parts) part.dataset.recalled = "true";
    last.after(...parts);
    // The heading of the stanza that was heard again now stands in the midst of its canto.
    const heading = parts[parts.length - 1].nextElementSibling;
    if (heading instanceof HTMLElement && heading.dataset.canto === `${canticle} ${canto}`) heading.remove();
    const first = parts.find((part) => part.matches(".stanza"));
    if (first) first.tabIndex = -1;
    return first;
  }

  /** The host says something to all readers. @param {string} sentence */
  announced(sentence) {
    this.#add(el("p", "announced", sentence));
  }

  /** The text has changed: headings are shown again, and its language is not known. @param {string} sentence */
  changed(sentence) {
    [this.heading, this.lang] = ["", ""];
    this.#add(el("p", "changed", sentence));
  }

  /** @param {string} sentence */
  fault(sentence) {
    this.#add(el("p", "fault", sentence));
  }

  /**
   * Removes the oldest stanzas when there are too many, and scrolls the page so that what the reader sees stays in
   * place. Returns whether it did.
   * @param {boolean} following a reader who does not follow keeps everything from the screen on
   */
  prune(following) {
    if (this.count < KEPT + BATCH) return false;
    const stanzas = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.poem.getElementsByClassName("stanza"));
    const kept = stanzas[this.count - KEPT];
    if (!following && kept.getBoundingClientRect().top > -innerHeight) return false;
    this.dropped ??= placeOf(stanzas[0])?.index ?? 0;
    const before = kept.getBoundingClientRect().top;
    // The browser's scroll anchoring would make the same correction again.
    document.documentElement.classList.add("pruning");
    this.poem.querySelector(".earlier")?.remove();
    while (this.poem.firstElementChild !== kept) this.poem.firstElementChild?.remove();
    this.count = KEPT;
    const link = /** @type {HTMLAnchorElement} */ (
      el("a", "", t("earlier_link", { stanza: number(this.dropped + 1) }))
    );
    link.href = this.address(this.dropped);
    this.poem.prepend(el("p", "earlier", `${t("earlier")} `, link));
    scrollBy({ top: kept.getBoundingClientRect().top - before, behavior: "instant" });
    document.documentElement.classList.remove("pruning");
    return true;
  }

  /** @param {HTMLElement} part */
  #add(part) {
    this.liveEdge.before(part);
    // To a browser that counts shifts of layout, what is put in anew has not moved. A button in it would lose the focus.
    if (!this.liveEdge.contains(document.activeElement)) this.poem.append(this.liveEdge);
  }
}

/**
 * One element a line; every third line has its number, which is the link to its stanza.
 * @param {string} text
 * @param {Place} place
 */
function lines(text, place) {
  const verse = place.canticle !== null;
  return text.split("\n").flatMap((line, at) => {
    const indented = verse ? at > 0 : /^\s/.test(line);
    const element = el("span", indented ? "l in" : verse ? "l" : "l flat", line);
    const count = place.line + at;
    if (verse && count % 3 === 0) {
      const link = el("a", "n");
      link.setAttribute("href", `#${anchor(place)}`);
      link.setAttribute("aria-label", t("line", { a: number(count) }));
      link.lang = language;
      link.dataset.n = String(count);
      link.tabIndex = -1;
      element.append(link);
    }
    return at === 0 ? [element] : ["\n", element];
  });
}

/** From now on a stanza is laid out only in sight, and keeps the height that it has. @param {HTMLElement} stanza */
function pass(stanza) {
  // The height of what it contains, which is that of its box without the space below.
  const height = stanza.getBoundingClientRect().height - parseFloat(getComputedStyle(stanza).paddingBottom);
  stanza.style.setProperty("contain-intrinsic-block-size", `auto ${height}px`);
  stanza.classList.add("past");
}

/** The timing mark of a stanza. @param {Arrival} arrival */
function thread(arrival) {
  const late = lateness(arrival);
  const mark = el("span", `thread ${grade(late)}`.trim(), el("b", "", deviation(late)));
  mark.setAttribute("aria-hidden", "true");
  mark.style.setProperty("--x", scaled(late).toFixed(2));
  arrivals.set(mark, arrival);
  return mark;
}
