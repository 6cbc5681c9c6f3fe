// Light, dark, or as the system: the reader's choice. A plain script before the styles, so that no page is drawn in the
// wrong colours first; the switch is there when the document is.

(() => {
  const KEY = "dante-theme";
  const root = document.documentElement;

  /** The browser may forbid a page to store anything. */
  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  /** @param {string} theme */
  function store(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Then the choice lasts until the page is closed.
    }
  }

  /** @param {string | null} theme `light` or `dark`; else as the system */
  function apply(theme) {
    const chosen = theme === "light" || theme === "dark" ? theme : null;
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    // What the browser draws before and around the styles: the canvas, scroll bars.
    document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", chosen ?? "light dark");
    const select = document.getElementById("theme");
    if (select instanceof HTMLSelectElement) select.value = chosen ?? "system";
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    apply(root.dataset.theme ?? null);
    const select = document.getElementById("theme");
    select?.addEventListener("change", () => {
      const { value } = /** @type {HTMLSelectElement} */ (select);
      store(value);
      apply(value);
    });
  });
  // Browsers keep what was selected over a reload.
  addEventListener("pageshow", () => apply(root.dataset.theme ?? null));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY) apply(newValue);
  });
})();
