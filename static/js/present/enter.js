// The way into the present mode: by its key, by its button, or by the page's address. What it needs is loaded then.

import { $ } from "../view/dom.js";
import { memory } from "../memory.js";
import { actionOf, focusOf } from "./keys.js";

/**
 * @typedef {object} Presented
 * @property {import("../stream/stream.js").Places} places
 * @property {import("../view/verse.js").Verse} verse
 * @property {import("../view/follow.js").Follow} follow
 * @property {() => import("../room/join.js").Baton | null} baton with which the reader conducts a room
 */

/** The sheet with the styles of the present mode, once it is there. */
function styles() {
  const { presentCss = "" } = document.body.dataset;
  if (document.querySelector(`link[href="${presentCss}"]`)) return Promise.resolve();
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = presentCss;
  return new Promise((resolve, reject) => {
    sheet.addEventListener("load", () => resolve(undefined));
    sheet.addEventListener("error", () => {
      sheet.remove();
      reject(new Error(presentCss));
    });
    document.head.append(sheet);
  });
}

/** @param {Presented} presented */
export function listenToPresent(presented) {
  /** @type {import("./present.js").Present | null} */
  let present = null;
  const enter = async () => {
    try {
      const [{ Present }] = await Promise.all([import("./present.js"), styles()]);
      present ??= new Present(presented);
      present.enter();
    } catch {
      // Without its parts the page stays as it is, and the key may be pressed again.
      delete document.body.dataset.present;
    }
  };
  const keys = /** @type {HTMLInputElement} */ ($("keys"));
  keys.checked = memory.get("keys") !== "off";
  keys.addEventListener("change", () => memory.set("keys", keys.checked ? "on" : "off"));
  $("present-on").addEventListener("click", enter);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const presenting = present?.on ?? false;
    const where = { presenting, letters: keys.checked, focus: focusOf(document.activeElement) };
    const action = actionOf(event, where);
    if (!action) return;
    event.preventDefault();
    if (action === "present") enter();
    // A key that is kept down would give order after order.
    else if (!event.repeat) present?.act(action);
  });
  if (document.body.dataset.present === "asked") enter();
}
