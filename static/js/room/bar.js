// The bar of a room: who is there, whether it is held, and the orders of whoever conducts it.

import { number } from "../format.js";
import { t } from "../strings.js";
import { $, put } from "../view/dom.js";
import { inWords } from "./orders.js";

/** @typedef {import("./orders.js").RoomNews} RoomNews */
/** @typedef {import("./orders.js").Order} Order */

export class RoomBar {
  /** @type {RoomNews | null} */
  news = null;

  /** @param {RoomNews} news */
  show(news) {
    this.news = news;
    const { readers, held, place } = news;
    put("room-readers", readers === 1 ? t("room_readers_one") : t("room_readers", { n: number(readers) }));
    $("room-held").hidden = !held;
    put("order-go-on", t(held && place === 0 ? "room_start" : "room_go_on"));
    // Not disabled, which would take the focus away.
    $("order-go-on").setAttribute("aria-disabled", String(!held));
    $("order-hold").setAttribute("aria-disabled", String(held));
  }

  /** What came of an order. @param {string} sentence */
  say(sentence) {
    put("room-said", sentence);
  }

  /** @param {import("./orders.js").Outcome} outcome */
  showOutcome(outcome) {
    if ("room" in outcome) {
      this.show(outcome.room);
      this.say("");
    } else {
      this.say(inWords("room", outcome, t));
    }
  }

  /**
   * The reader conducts the room.
   * @param {(order: Order) => void} order
   */
  conduct(order) {
    $("orders").hidden = false;
    /** @type {[string, Order][]} */
    const buttons = [
      ["order-go-on", { do: "go-on" }],
      ["order-hold", { do: "hold" }],
    ];
    for (const [id, what] of buttons) {
      $(id).addEventListener("click", () => {
        if ($(id).getAttribute("aria-disabled") !== "true") order(what);
      });
    }
    const choice = /** @type {HTMLSelectElement | null} */ (document.getElementById("order-canto"));
    if (!choice) return;
    $("order-jump").addEventListener("click", () => order({ do: "jump", to: Number(choice.value) }));
    // While one conducts, the contents lead everybody there.
    $("contents").addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest(".cantos a") : null;
      if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      order({ do: "jump", to: Number(link.dataset.from) });
    });
  }
}
