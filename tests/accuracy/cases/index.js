// All cases, in the order of the table.

import backends from "./backends.js";
import caches from "./caches.js";
import chains from "./chains.js";
import connections from "./connections.js";
import engines from "./engines.js";
import frames from "./frames.js";
import healthy from "./healthy.js";
import limits from "./limits.js";
import paths from "./paths.js";
import redirects from "./redirects.js";
import refused from "./refused.js";
import streams from "./streams.js";
import time from "./time.js";

export const CASES = [
  ...[limits, refused, redirects, caches, backends, paths, streams],
  ...[time, frames, connections, engines, chains, healthy],
].flat();
