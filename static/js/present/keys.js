// What a key means, on a reading page and while it is presented. Independent of the page.

/** @typedef {"present" | "leave" | "full" | "hold" | "back" | "forward"} Action */

/** The keys while a page is presented; clickers for slides send PageUp and PageDown. @type {Record<string, Action>} */
const PRESENTING = {
  " ": "hold",
  ArrowLeft: "back",
  ArrowRight: "forward",
  PageUp: "back",
  PageDown: "forward",
  Escape: "leave",
};

/** Single letters, which a reader may switch off (WCAG 2.1.4). @type {Record<string, Action>} */
const LETTERS = { p: "leave", f: "full" };

/**
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, shiftKey: boolean}} event
 * @param {object} where
 * @param {boolean} where.presenting
 * @param {boolean} where.letters whether single letters are keys
 * @param {"field" | "button" | null} where.focus what has the focus: a field takes all keys, a button the space
 * @returns {Action | null}
 */
export function actionOf({ key, ctrlKey, altKey, metaKey, shiftKey }, { presenting, letters, focus }) {
  if (ctrlKey || altKey || metaKey || shiftKey || focus === "field") return null;
  if (key === " " && focus === "button") return null;
  const letter = letters ? LETTERS[key.toLowerCase()] : undefined;
  if (!presenting) return letter === "leave" ? "present" : null;
  return letter ?? PRESENTING[key] ?? null;
}

/** What has the focus. @param {Element | null} element @returns {"field" | "button" | null} */
export function focusOf(element) {
  if (!element) return null;
  if (element.matches("input, textarea, select, [contenteditable]")) return "field";
  return element.matches("button, a, summary") ? "button" : null;
}
