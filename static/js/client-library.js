// Where the client library did not load: which file, and why, as far as the page's first script (guard.js) has found out; when it
// knows more, it dispatches `explained`.

import { t } from "./strings.js";

/** @param {string} path of the library */
export const noClient = (path) =>
  t("no_client", { url: path, why: globalThis.window?.loadFailures?.[path] ?? "" }).trim();
