// All cases, in the order of the table.

import access from "./access.js";
import answers from "./answers.js";
import backends from "./backends.js";
import behind from "./behind.js";
import browserRules from "./browser-rules.js";
import buffering from "./buffering.js";
import caches from "./caches.js";
import chains from "./chains.js";
import connections from "./connections.js";
import engines from "./engines.js";
import frames from "./frames.js";
import healthyHosts from "./healthy-hosts.js";
import healthyLimits from "./healthy-limits.js";
import http2 from "./http2.js";
import limits from "./limits.js";
import methods from "./methods.js";
import origins from "./origins.js";
import paths from "./paths.js";
import redirects from "./redirects.js";
import time from "./time.js";
import tls from "./tls.js";
import upgrades from "./upgrades.js";

export const CASES = [
  ...[
    limits,
    methods,
    access,
    redirects,
    caches,
    backends,
    behind,
    paths,
    buffering,
    upgrades,
    time,
    frames,
    answers,
    browserRules,
  ],
  ...[tls, http2, connections, engines, origins, chains, healthyHosts, healthyLimits],
].flat();
