// Where the client library did not load: which file, and why, as far as the page's first script (guard.js) has found out.

import { t } from "./strings.js";

/** @param {string} path of the library */
export const noClient = (path) =>
  t("no_client", { url: path, why: globalThis.window?.loadFailures?.[path] ?? "" }).trim();

/** Calls back whenever more is known. @param {() => void} then */
export const whenExplained = (then) => globalThis.document?.addEventListener("explained", then);
