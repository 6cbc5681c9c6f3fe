// Following the stream: the newest stanza stays at mid-height until its reader scrolls up or holds the page.

import { number } from "../format.js";
import { t } from "../strings.js";
import { $, perFrame } from "./dom.js";

/** How long a smooth scroll of ours may take; what scrolls meanwhile is not the reader. */
const OWN_SCROLL_MS = 900;
/** Faster than this, stanzas would come while the page still moves. */
const FAST_MS = 900;
/** So long after a hand has touched something, what scrolls is that hand's doing. */
const HAND_MS = 2000;
/** Where the next stanza's lines end, as a part of the window's height. */
const HEIGHT = 0.75;
/** How much of a sentence in the next stanza's place is kept in sight. */
const SENTENCE_PX = 140;

export class Follow {
  /** Until then, what scrolls smoothly is this page itself. */
  own = 0;
  /** When a hand last touched wheel, keys, screen or mouse. */
  hand = -Infinity;
  /** Where this page has scrolled itself to. */
  target = 0;
  last = 0;

  /** @param {() => void} moved the page was scrolled, or follows again */
  constructor(moved) {
    this.following = true;
    this.pinned = false;
    this.missed = 0;
    this.jump = true;
    this.over = false;
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.liveEdge = $("live-edge");
    this.back = $("back");
    this.hold = $("hold");
    this.scrollToLiveEdge = perFrame(() => this.#scroll());
    this.#listen(perFrame(moved));
  }

  /** @param {number} intervalMs */
  beat(intervalMs) {
    this.jump = intervalMs < FAST_MS;
  }

  /** A stanza has come. */
  received() {
    this.hold.hidden = false;
    if (this.following) {
      this.scrollToLiveEdge();
    } else {
      this.missed += 1;
      $("new").textContent = t("new_stanzas", { n: number(this.missed) });
    }
  }

  /** Nothing more will come. @param {boolean} over */
  end(over) {
    this.over = over;
    this.hold.hidden = over;
    if (over) this.back.hidden = true;
  }

  /** @param {boolean} on */
  follow(on) {
    this.following = on;
    document.body.classList.toggle("following", on);
    this.back.hidden = on || this.over;
    this.hold.textContent = t(on ? "hold" : "follow");
    this.missed = 0;
    $("new").textContent = "";
    if (on) {
      this.pinned = false;
      // The hand that has asked for this does not scroll.
      this.hand = -Infinity;
      this.scrollToLiveEdge();
    }
  }

  #scroll() {
    if (!this.following) return;
    const { top, height } = this.liveEdge.getBoundingClientRect();
    const y = scrollY + top + Math.min(height, SENTENCE_PX) - innerHeight * HEIGHT;
    if (y <= 0) return;
    const far = Math.abs(y - scrollY) > innerHeight;
    const jump = this.jump || far || this.reduced.matches;
    if (!jump) this.own = performance.now() + OWN_SCROLL_MS;
    this.target = y;
    scrollTo({ top: y, behavior: jump ? "instant" : "smooth" });
    if (jump) this.settle();
  }

  /** The page itself has scrolled, at once. */
  settle() {
    this.target = scrollY;
    this.last = scrollY;
  }

  /** @param {() => void} moved */
  #listen(moved) {
    for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      addEventListener(
        type,
        () => {
          this.own = 0;
          this.hand = performance.now();
        },
        { passive: true },
      );
    }
    addEventListener("resize", () => {
      this.own = performance.now() + OWN_SCROLL_MS;
      this.scrollToLiveEdge();
    });
    addEventListener(
      "scroll",
      () => {
        const [up, down] = [scrollY < this.last - 4, scrollY > this.last];
        this.last = scrollY;
        moved();
        if (performance.now() < this.own) return;
        // Heights of stanzas out of sight are estimates; when they are corrected, the page moves by itself,
        // and at speed it always does.
        if (this.following && this.jump && performance.now() > this.hand + HAND_MS) return;
        // Who has scrolled past the live edge is brought back up to it, which is no wish to leave it.
        if (this.following && up && scrollY < this.target - 4 && !this.over) this.follow(false);
        // Held by hand, only a hand lets go.
        else if (!this.following && !this.pinned && down && this.#liveEdgeInSight()) this.follow(true);
      },
      { passive: true },
    );
    this.back.addEventListener("click", () => {
      // The button goes away, and the focus with it.
      this.hold.focus({ preventScroll: true });
      this.follow(true);
      moved();
    });
    this.hold.addEventListener("click", () => {
      this.pinned = this.following;
      this.follow(!this.following);
      moved();
    });
  }

  #liveEdgeInSight() {
    return this.liveEdge.getBoundingClientRect().top < innerHeight * 0.78;
  }
}
