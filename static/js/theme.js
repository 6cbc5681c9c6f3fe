// Light, dark, or as the system: the reader's choice. It runs before the styles, as a part of the page's first script (guard.js), so that no
// page is drawn in the wrong colours first; the switch is there when the document is. For browsers of every age, as that script is.

var KEY = "dante-theme";
var root = document.documentElement;

/** The browser may forbid a page to store anything. */
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    return null;
  }
}

/** @param {string} theme */
function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch (error) {
    // Then the choice lasts until the page is closed.
  }
}

/** @param {string | null} theme `light` or `dark`; else as the system */
function apply(theme) {
  var chosen = theme === "light" || theme === "dark" ? theme : null;
  if (chosen) root.setAttribute("data-theme", chosen);
  else root.removeAttribute("data-theme");
  // What the browser draws before and around the styles: the canvas, scroll bars.
  var scheme = document.querySelector('meta[name="color-scheme"]');
  if (scheme) scheme.setAttribute("content", chosen || "light dark");
  var select = /** @type {HTMLSelectElement | null} */ (document.getElementById("theme"));
  if (select) select.value = chosen || "system";
}

function again() {
  apply(root.getAttribute("data-theme"));
}

apply(stored());
document.addEventListener("DOMContentLoaded", () => {
  again();
  var select = /** @type {HTMLSelectElement | null} */ (document.getElementById("theme"));
  if (!select) return;
  select.addEventListener("change", (event) => {
    var value = /** @type {HTMLSelectElement} */ (event.target).value;
    store(value);
    apply(value);
  });
});
// Browsers keep what was selected over a reload.
window.addEventListener("pageshow", again);
window.addEventListener("storage", (event) => {
  if (event.key === KEY) apply(event.newValue);
});
