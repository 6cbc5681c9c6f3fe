// Following the stream: the newest stanza stays at mid-height until its reader scrolls up or holds the page.

import { number } from "../format.js";
import { t } from "../strings.js";
import { $, perFrame } from "./dom.js";

/** How long a smooth scroll by this page may take; scroll events meanwhile are not the reader's. */
const OWN_SCROLL_MS = 900;
/** At shorter intervals, the next stanza would arrive while the page still scrolls. */
const FAST_MS = 900;
/** So long after an input event, scrolling is the reader's doing. */
const HAND_MS = 2000;
/** Where the next stanza ends, as a fraction of the window's height. */
const HEIGHT = 0.75;
/** How much of a message in the next stanza's place is kept in view. */
const SENTENCE_PX = 140;

export class Follow {
  /** Until then, scroll events come from this page's own smooth scroll. */
  own = 0;
  /** When the reader last used wheel, keys, screen or mouse. */
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
      // The click that asked for this is not scrolling.
      this.hand = -Infinity;
      this.scrollToLiveEdge();
    }
  }

  /** The reader looks at something else, until Follow or Jump to live. */
  pause() {
    if (this.following) this.hold.click();
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
        // The browser only estimates the heights of stanzas out of view, and moves the page when it corrects
        // them. At short intervals it does so all the time.
        if (this.following && this.jump && performance.now() > this.hand + HAND_MS) return;
        // A reader who scrolled past the live edge is brought back up to it, and still follows.
        if (this.following && up && scrollY < this.target - 4 && !this.over) this.follow(false);
        // After Hold, only Follow or Jump to live resumes.
        else if (!this.following && !this.pinned && down && this.#liveEdgeInSight()) this.follow(true);
      },
      { passive: true },
    );
    this.back.addEventListener("click", () => {
      // The button disappears, and would take the focus with it.
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
