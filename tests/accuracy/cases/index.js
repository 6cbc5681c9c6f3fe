// All cases, in the order of the table.

import paths from "./paths.js";
import streams from "./streams.js";
import backends from "./backends.js";
import caches from "./caches.js";
import limits from "./limits.js";
import redirects from "./redirects.js";
import refused from "./refused.js";

export const CASES = [...limits, ...refused, ...redirects, ...caches, ...backends, ...paths, ...streams];
