// The place of the next stanza: three ruled lines that fill until it is due, a message when there is trouble, and
// the mark at the end.

import { $, el } from "./dom.js";

/** A stanza is late when this much of the interval has passed beyond its time. */
const PATIENCE = 1 / 8;
const LEAST_PATIENCE_MS = 250;
/** When silence lasts longer, the page says so. */
const SILENCE_MS = 3000;

/** At shorter intervals, animations would never come to rest. */
const FAST_MS = 300;

const RULES = 3;

export class Next {
  /**
   * @param {{silent: () => void, retry: () => void, poll: () => void}} callbacks when the stream is silent for long, and
   *   when the reader asks to try again now, or by long polling
   */
  constructor({ silent, retry, poll }) {
    this.rules = $("rules");
    this.message = $("message");
    this.silent = silent;
    this.acts = [retry, poll];
    this.intervalMs = 0;
    this.waiting = 0;
    this.silence = 0;
    this.ticking = 0;
  }

  /** @param {number} intervalMs */
  beat(intervalMs) {
    this.intervalMs = intervalMs;
    document.documentElement.style.setProperty("--beat", `${intervalMs}ms`);
    document.documentElement.classList.toggle("fast", intervalMs < FAST_MS);
  }

  /** A stanza has come: the lines start anew. */
  restart() {
    const odd = this.rules.classList.contains("odd");
    this.rules.className = `rules ${odd ? "even" : "odd"}`;
    this.stop();
    const patience = Math.max(LEAST_PATIENCE_MS, this.intervalMs * PATIENCE);
    this.waiting = window.setTimeout(() => this.rules.classList.add("waiting"), this.intervalMs + patience);
    this.silence = window.setTimeout(this.silent, this.intervalMs + SILENCE_MS);
  }

  /** No stanza is expected. */
  stop() {
    clearTimeout(this.waiting);
    clearTimeout(this.silence);
  }

  /** All is well: shows only the lines. */
  clearMessage() {
    clearInterval(this.ticking);
    this.rules.hidden = $("end").hidden === false;
    this.message.hidden = true;
    this.message.replaceChildren();
    this.#spend(RULES);
  }

  /**
   * Shows a message in the place of the stanza that does not arrive.
   * @param {string} sentence
   * @param {string} [more]
   * @param {string[]} [actions] the names of the buttons that try again, and by long polling
   */
  showMessage(sentence, more, actions = []) {
    this.clearMessage();
    this.message.hidden = false;
    this.message.append(el("strong", "", sentence));
    if (more) this.message.append(more);
    const buttons = actions.map((action, at) => {
      const button = el("button", "btn", action);
      button.setAttribute("type", "button");
      button.addEventListener("click", this.acts[at]);
      return button;
    });
    if (buttons.length) this.message.append(el("span", "acts", ...buttons));
  }

  /**
   * Counts down to the next attempt; one line is struck in each of the last three seconds.
   * @param {number} until by the clock of `performance.now()`
   * @param {(seconds: number) => void} each
   */
  countdown(until, each) {
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      this.#spend(seconds);
      each(seconds);
      if (seconds === 0) clearInterval(this.ticking);
    };
    clearInterval(this.ticking);
    this.ticking = window.setInterval(tick, 1000);
    tick();
  }

  /** Changes the sentence only, because the button may have the focus. @param {string} sentence */
  updateMessage(sentence) {
    const strong = this.message.querySelector("strong");
    if (strong && strong.textContent !== sentence) strong.textContent = sentence;
  }

  /** The three stars. @param {string} after */
  end(after) {
    this.stop();
    $("end").hidden = false;
    $("end-after").textContent = after;
    this.clearMessage();
  }

  /** @param {number} left */
  #spend(left) {
    [...this.rules.children].forEach((rule, at) => rule.classList.toggle("spent", at >= left));
  }
}
