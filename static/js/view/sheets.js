// Contents and panel, which are sheets over the poem where the window is narrow.

import { $, all } from "./dom.js";

/** The buttons that open each sheet. */
const SHEETS = { contents: ".show-contents", panel: ".show-panel" };

/** @type {HTMLElement | null} the button that opened what is open */
let opener = null;

function close() {
  for (const id of Object.keys(SHEETS)) $(id).classList.remove("open");
  for (const button of all("[aria-expanded]")) button.setAttribute("aria-expanded", "false");
}

export function listenToSheets() {
  for (const [id, selector] of Object.entries(SHEETS)) {
    const sheet = $(id);
    for (const button of all(selector)) {
      button.addEventListener("click", () => {
        const opens = !sheet.classList.contains("open");
        close();
        if (!opens) return;
        opener = button;
        sheet.classList.add("open");
        for (const same of all(selector)) same.setAttribute("aria-expanded", "true");
        sheet.focus();
      });
    }
  }
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !document.querySelector(".open")) return;
    close();
    opener?.focus();
  });
}
