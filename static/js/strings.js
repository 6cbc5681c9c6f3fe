// The interface's sentences, in the language that the page was rendered in.

/** @type {Record<string, string>} */
const sentences = JSON.parse(document.getElementById("strings")?.textContent ?? "{}");

/** The page's language, as `Intl` takes it. */
export const language = document.documentElement.lang;

/**
 * A sentence with its placeholders filled in. A name without a sentence is shown as it is.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const sentence = sentences[name] ?? name;
  return sentence.replace(/\{(\w+)\}/g, (gap, /** @type {string} */ key) => String(values[key] ?? gap));
}
