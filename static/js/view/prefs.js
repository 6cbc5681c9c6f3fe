// The reader's preferences, and the buttons that copy.

import { t } from "../strings.js";
import { $, put } from "./dom.js";

const SIZES = [0.85, 1, 1.15, 1.3, 1.5];
const NORMAL = 1;
const FLASH_MS = 1800;

/** The browser may forbid a page to store anything. */
export const memory = {
  /** @param {string} name */
  get(name) {
    try {
      return localStorage.getItem(`dante-${name}`);
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {string} value */
  set(name, value) {
    try {
      localStorage.setItem(`dante-${name}`, value);
    } catch {
      // Then the choice lasts until the page is closed.
    }
  },
};

/** @param {() => void} resized the verses have another size */
export function listenToPrefs(resized) {
  const marks = /** @type {HTMLInputElement} */ ($("marks"));
  marks.checked = memory.get("marks") !== "off";
  const showMarks = () => document.body.classList.toggle("no-marks", !marks.checked);
  marks.addEventListener("change", () => {
    memory.set("marks", marks.checked ? "on" : "off");
    showMarks();
  });
  showMarks();

  const announce = /** @type {HTMLInputElement} */ ($("announce"));
  // Browsers keep what was checked over a reload.
  const apply = () => $("poem").setAttribute("aria-live", announce.checked ? "polite" : "off");
  announce.addEventListener("change", apply);
  apply();

  let size = SIZES.indexOf(Number(memory.get("size") ?? 1));
  if (size < 0) size = NORMAL;
  const resize = () => {
    document.documentElement.style.setProperty("--size", String(SIZES[size]));
    // Not disabled, which would take the focus away.
    $("smaller").setAttribute("aria-disabled", String(size === 0));
    $("larger").setAttribute("aria-disabled", String(size === SIZES.length - 1));
  };
  for (const [id, step] of /** @type {[string, number][]} */ ([
    ["smaller", -1],
    ["larger", 1],
  ])) {
    $(id).addEventListener("click", () => {
      size = Math.min(SIZES.length - 1, Math.max(0, size + step));
      memory.set("size", String(SIZES[size]));
      resize();
      resized();
    });
  }
  resize();
}

/**
 * A button that copies a text, and confirms it for a moment.
 * @param {string} id
 * @param {() => string} text
 * @param {string} done
 */
export function listenToCopy(id, text, done) {
  const button = $(id);
  const label = button.textContent ?? "";
  let timer = 0;
  button.addEventListener("click", async () => {
    let message = t(done);
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      message = t("copy_failed");
    }
    button.textContent = message;
    put("live", message);
    clearTimeout(timer);
    timer = window.setTimeout(() => (button.textContent = label), FLASH_MS);
  });
}
