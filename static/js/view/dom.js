// What all views use of the document.

/** @param {string} id @returns {HTMLElement} */
export const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} selector @returns {HTMLElement[]} */
export const all = (selector) =>
  [...document.querySelectorAll(selector)].map((found) => /** @type {HTMLElement} */ (found));

/**
 * Sets a text only if it changed, so that it is not announced again.
 * @param {string} id
 * @param {string} text
 */
export function put(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} tag
 * @param {string} [className]
 * @param {...(string | Node)} content
 */
export function el(tag, className = "", ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * Defers drawing to the next frame, once for however many requests.
 * @param {() => void} draw
 */
export function perFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/**
 * Deviations on one scale for small jitter and long stalls: 0, 10, 100, 1000, 10000 ms are 0, 0.3, 1.04, 2, 3.
 * @param {number} ms
 */
export const scaled = (ms) => Math.sign(ms) * Math.log10(1 + Math.abs(ms) / 10);
