// The stanza that is presented: the newest, or one before it that the reader holds or went back to.

import { placeOf } from "../view/verse.js";

export class Stage {
  /** @type {HTMLElement | null} the one that is held; none while the newest is shown */
  #held = null;

  /** @param {HTMLElement} poem */
  constructor(poem) {
    this.stanzas = /** @type {HTMLCollectionOf<HTMLElement>} */ (poem.getElementsByClassName("stanza"));
  }

  get held() {
    return this.#held !== null;
  }

  get newest() {
    return this.stanzas[this.stanzas.length - 1] ?? null;
  }

  get shown() {
    // Old stanzas are taken from the page.
    if (this.#held && !this.#held.isConnected) this.#held = this.stanzas[0] ?? null;
    return this.#held ?? this.newest;
  }

  /** How many stanzas came after the one that is shown. */
  get behind() {
    return this.#held ? this.stanzas.length - 1 - this.#at() : 0;
  }

  hold() {
    this.#held = this.#held ? null : this.newest;
  }

  back() {
    this.#held = this.stanzas[Math.max(0, this.#at() - 1)] ?? null;
  }

  /** One further; at the newest the reader follows again. */
  forward() {
    const next = this.stanzas[this.#at() + 1] ?? null;
    this.#held = next === this.newest ? null : next;
  }

  /** The newest again. */
  follow() {
    this.#held = null;
  }

  /** The index in the poem of the newest stanza. */
  get index() {
    return (this.newest && placeOf(this.newest)?.index) ?? 0;
  }

  #at() {
    const { shown } = this;
    return shown ? Array.prototype.indexOf.call(this.stanzas, shown) : -1;
  }
}
