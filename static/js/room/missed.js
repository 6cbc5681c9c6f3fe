// What a reader missed in a room: a note in its place, and a button that shows the stanzas there. They are asked for alone, so the room
// does not notice.

import { t } from "../strings.js";
import { el } from "../view/dom.js";

/** @typedef {import("../reading.js").Place} Place */
/** @typedef {Place & {text: string}} Stanza */

export class Missed {
  /**
   * @param {URL} root
   * @param {() => string | undefined} edition
   * @param {import("../view/verse.js").Verse} verse
   * @param {() => void} stay the reader looks at what was missed, so the page does not scroll on
   */
  constructor(root, edition, verse, stay) {
    this.root = root;
    this.edition = edition;
    this.verse = verse;
    this.stay = stay;
  }

  /**
   * @param {string} range how the stanzas are called
   * @param {Place} before the last one that was heard
   * @param {number} to the index of the first one that was not missed
   */
  note(range, before, to) {
    const text = el("span", "", t("room_missed", { range }));
    const button = /** @type {HTMLButtonElement} */ (el("button", "btn", t("room_missed_read")));
    button.type = "button";
    const note = this.verse.missed(text, " ", button);
    let [place, from] = [before, before.index + 1];
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      this.stay();
      try {
        const stanzas = await this.#fetch(from, to);
        const first = this.verse.recall(note, place, stanzas);
        [place, from] = [stanzas[stanzas.length - 1], from + stanzas.length];
        if (from >= to) {
          text.textContent = t("room_again", { range });
          button.remove();
        }
        first?.focus({ preventScroll: true });
      } catch {
        text.textContent = `${t("room_missed", { range })} ${t("room_missed_failed")}`;
      }
      button.removeAttribute("aria-disabled");
    });
  }

  /** @param {number} from @param {number} to @returns {Promise<Stanza[]>} */
  async #fetch(from, to) {
    const url = new URL("stanzas.json", this.root);
    url.search = String(new URLSearchParams({ from: String(from), to: String(to) }));
    const edition = this.edition();
    if (edition) url.searchParams.set("edition", edition);
    const answer = await fetch(url);
    const { stanzas } = answer.ok ? await answer.json() : { stanzas: [] };
    if (!stanzas.length) throw new Error(`no stanzas: ${answer.status}`);
    return stanzas;
  }
}
