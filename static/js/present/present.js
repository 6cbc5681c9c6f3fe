// The present mode: nothing but the verses, their canto, a thin clock, and the way in for those who sit in the room. It shows what the
// reading page behind it has, and measures nothing itself.

import { number, roman } from "../format.js";
import { t } from "../strings.js";
import { $, el, perFrame } from "../view/dom.js";
import { placeOf } from "../view/verse.js";
import { INDENT, steady, verseSize } from "./size.js";
import { Stage } from "./stage.js";
import { maySleep, stayAwake } from "./wake.js";

/** @typedef {import("./enter.js").Presented} Presented */

/** After so long without a hand on keys or mouse, the buttons are gone. */
const IDLE_MS = 4000;
/** Verses are measured at this size. */
const RULER_PX = 100;
/** States of which those in the room should know. */
const TOLD = ["connecting", "held", "silent", "lost", "refused", "end"];

/** The address for those in the room: of this page, as an ordinary one. */
function address() {
  const url = new URL(location.href);
  url.searchParams.delete("present");
  url.hash = "";
  return url.href;
}

/** @param {string} label @param {() => void} act */
function button(label, act) {
  const made = /** @type {HTMLButtonElement} */ (el("button", "btn", label));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export class Present {
  on = false;
  #size = 0;
  #idle = 0;
  /** @type {Element | null} what had the focus before */
  #before = null;
  #ruler = document.createElement("canvas").getContext("2d");

  /** @param {Presented} presented */
  constructor({ places, verse, follow, baton }) {
    this.poem = verse.poem;
    this.follow = follow;
    this.baton = baton;
    this.stage = new Stage(verse.poem);
    this.canto = el("h1", "present-canto", t("present_label"));
    this.verse = el("div", "present-verse");
    this.verse.tabIndex = -1;
    this.clock = el("div", "present-clock", el("i"), el("i"), el("i"));
    this.clock.setAttribute("aria-hidden", "true");
    const link = address();
    const code = /** @type {HTMLImageElement} */ (el("img", "present-code"));
    code.alt = link;
    code.src = `${new URL("qr.svg", places.root)}?${new URLSearchParams({ of: link })}`;
    // Where the server can't tell that this is its own address, the text remains.
    code.addEventListener("error", () => (code.hidden = true));
    this.readers = el("p", "present-readers");
    this.said = el("p", "present-said");
    this.said.setAttribute("role", "status");
    this.keys = el("p", "present-keys");
    this.full = button(t("present_full"), () => this.act("full"));
    const leave = button(t("present_leave"), () => this.act("leave"));
    const where = el("div", "present-where", el("p", "present-address", link), this.readers, this.said);
    const acts = el("div", "present-acts", this.keys, this.full, leave);
    this.main = el(
      "main",
      "present",
      this.canto,
      this.verse,
      this.clock,
      el("div", "present-foot", code, where, acts),
    );
    this.main.tabIndex = -1;
    this.main.lang = document.documentElement.lang;
    this.full.hidden = !document.fullscreenEnabled;
    const show = perFrame(() => this.show());
    const looks = new MutationObserver(show);
    looks.observe(verse.poem, { childList: true });
    looks.observe($("rules"), { attributeFilter: ["class"] });
    looks.observe(document.body, { attributeFilter: ["data-state"] });
    for (const id of ["what", "room-readers", "room-said"]) {
      const told = document.getElementById(id);
      if (told) looks.observe(told, { childList: true });
    }
    addEventListener("resize", () => {
      this.#size = 0;
      show();
    });
    document.addEventListener("fullscreenchange", () => {
      this.full.textContent = t(document.fullscreenElement ? "present_full_off" : "present_full");
    });
    for (const type of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      this.main.addEventListener(type, () => this.#stir());
    }
  }

  enter() {
    if (this.on) return;
    this.on = true;
    this.#before = document.activeElement;
    document.body.append(this.main);
    document.body.dataset.present = "on";
    this.#keepInAddress(true);
    this.main.focus();
    this.#stir();
    stayAwake();
    this.show();
  }

  #leave() {
    this.on = false;
    this.stage.follow();
    clearTimeout(this.#idle);
    maySleep();
    if (document.fullscreenElement) document.exitFullscreen();
    this.main.remove();
    delete document.body.dataset.present;
    this.#keepInAddress(false);
    if (this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
    this.follow.scrollToLiveEdge();
  }

  /** @param {import("./keys.js").Action} action */
  act(action) {
    const baton = this.baton();
    const { stage } = this;
    if (action === "leave") {
      this.#leave();
      return;
    }
    if (action === "full") {
      if (document.fullscreenElement) document.exitFullscreen();
      // A browser may refuse; the page fills its window all the same.
      else document.documentElement.requestFullscreen().catch(() => {});
    } else if (baton && action === "hold") {
      baton.order({ do: baton.held() ? "go-on" : "hold" });
    } else if (baton) {
      baton.order({ do: "jump", to: Math.max(0, stage.index + (action === "back" ? -1 : 1)) });
    } else if (action === "hold" || action === "back" || action === "forward") {
      stage[action]();
    }
    this.show();
  }

  show() {
    if (!this.on) return;
    const { stage } = this;
    this.#showStanza(stage.shown);
    const { className } = $("rules");
    this.clock.className = `present-clock ${stage.held ? "rules" : className}`;
    put(this.readers, document.getElementById("room-readers")?.textContent ?? "");
    put(this.said, this.#sentence());
    put(this.keys, t(this.baton() ? "present_keys_conduct" : "present_keys"));
  }

  #sentence() {
    const { state = "" } = document.body.dataset;
    const refusal = document.getElementById("room-said")?.textContent;
    if (refusal) return refusal;
    if (TOLD.includes(state)) return $("what").textContent ?? "";
    if (!this.stage.held) return "";
    const { behind } = this.stage;
    return behind ? t("present_back", { n: number(behind) }) : t("present_held");
  }

  /** @param {HTMLElement | null} stanza */
  #showStanza(stanza) {
    const place = stanza && placeOf(stanza);
    const heading = place?.canticle
      ? t("present_canto", { canticle: place.canticle, canto: roman(place.canto ?? 0) })
      : t("present_label");
    put(this.canto, heading);
    this.canto.classList.toggle("sr", !place?.canticle);
    const shown = stanza ? [...stanza.querySelectorAll(".l")] : [];
    const lines = shown.map((line) => ({ text: line.textContent ?? "", name: line.className }));
    const text = lines.map((line) => line.text).join("\n");
    if (this.verse.dataset.text !== text || !this.#size) {
      this.#fit(lines);
      // As the page itself announces stanzas, or not.
      this.verse.setAttribute("aria-live", this.poem.getAttribute("aria-live") ?? "off");
    }
    if (this.verse.dataset.text === text) return;
    this.verse.dataset.text = text;
    this.verse.lang = stanza?.lang ?? "";
    const parts = lines.flatMap((line, at) => [...(at ? ["\n"] : []), el("span", line.name, line.text)]);
    this.verse.replaceChildren(el("p", "present-stanza", ...parts));
  }

  /** @param {{text: string, name: string}[]} lines */
  #fit(lines) {
    if (!this.#ruler || !lines.length) return;
    const { width, height } = this.verse.getBoundingClientRect();
    this.#ruler.font = `${RULER_PX}px ${getComputedStyle(this.verse).fontFamily}`;
    const widths = lines.map(({ text, name }) => {
      const indent = name.includes("in") ? INDENT : 0;
      return (this.#ruler?.measureText(text).width ?? 0) / RULER_PX + indent;
    });
    const best = verseSize(innerWidth, { width, height }, widths);
    this.#size = this.#size ? steady(this.#size, best) : best;
    this.verse.style.setProperty("--present-size", `${this.#size}px`);
  }

  /** Somebody has a hand on it: the buttons are there for a while. */
  #stir() {
    clearTimeout(this.#idle);
    delete this.main.dataset.idle;
    this.#idle = window.setTimeout(() => (this.main.dataset.idle = ""), IDLE_MS);
  }

  /** A reload comes back here. @param {boolean} on */
  #keepInAddress(on) {
    const url = new URL(location.href);
    if (url.searchParams.has("present") === on) return;
    if (on) url.searchParams.set("present", "");
    else url.searchParams.delete("present");
    history.replaceState(history.state, "", url);
  }
}

/** Sets a text only if it changed. @param {Element} element @param {string} text */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
