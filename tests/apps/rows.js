// Which application is tried behind which host with which fault: healthy ones all, faults of each kind of stream on each host
// that can have them.

import { APPLICATIONS } from "./applications.js";
import { FAULTS } from "./faults.js";
import { HOSTS } from "./hosts.js";
import { REPORTED } from "./reported.js";

const ALL = APPLICATIONS.map(({ id }) => id);
const EVERYWHERE = Object.keys(HOSTS);

/** Each of these behind each of these. */
const each = (fault, applications, hosts) =>
  applications.flatMap((application) => hosts.map((host) => ({ fault, application, host })));
/** These hosts, with one after the other of these applications. */
const inTurn = (fault, applications, hosts) =>
  hosts.map((host, at) => ({ fault, application: applications[at % applications.length], host }));

const SOCKETIO = ["python-socketio", "flask", "socketio"];
const EVENTS = ["aiohttp", "express"];
const POSTS = ["fastapi-events", "fastapi-lines"];

const PAIRS = [
  ...each("healthy", ALL, EVERYWHERE),
  ...inTurn("withheld", EVENTS, ["nginx", "Caddy", "HAProxy", "Envoy", "Traefik"]),
  ...inTurn("buffered", POSTS, ["nginx", "Caddy", "HAProxy", "Envoy", "Traefik"]),
  ...inTurn("compressed", EVENTS, EVERYWHERE),
  ...inTurn("compressed", POSTS, ["nginx", "HAProxy", "Envoy"]),
  ...inTurn("heldCompressed", ["express", "fastapi-events"], ["nginx"]),
  ...each("stripped", ["ws"], EVERYWHERE),
  ...inTurn("stripped", SOCKETIO, EVERYWHERE),
  ...inTurn("idle", EVENTS, ["nginx", "Apache", "Caddy", "HAProxy", "Envoy"]),
  ...each("idle", ["ws"], ["nginx", "Caddy", "HAProxy", "Envoy"]),
  ...each("age", ["ws"], ["nginx", "Caddy", "HAProxy", "Envoy", "Traefik"]),
  ...inTurn("ageOfAnswers", EVENTS, ["Caddy", "Envoy", "Traefik"]),
  ...inTurn("ageOfAnswers", POSTS, ["Caddy", "Envoy", "Traefik"]),
  ...each("deflate", ["ws"], EVERYWHERE),
  ...inTurn("deflate", SOCKETIO, ["nginx", "HAProxy", "Envoy"]),
];

/** Hosts before which the probe is told nothing: it has to find out what the application is. */
const UNTOLD = ["Caddy", "Envoy"];

/**
 * A triple.
 * @typedef {{id: string, application: import("./applications.js").Application, host: string, fault: import("./faults.js").Fault,
 *   setup: import("./hosts.js").Setup, isTold: boolean}} Row
 */

/** @type {Row[]} */
const TRIPLES = PAIRS.map(({ fault, application: id, host }) => {
  const application = APPLICATIONS.find((one) => one.id === id);
  return {
    id: `${id}-${host.toLowerCase()}-${fault}`,
    application,
    host,
    fault: FAULTS[fault],
    setup: HOSTS[host][FAULTS[fault].setup ?? fault],
    isTold: application.kind === "post" || fault !== "healthy" || !UNTOLD.includes(host),
  };
});

export const ROWS = [
  ...TRIPLES,
  ...REPORTED.map(({ expert, truth, expected, source, ...row }) => ({
    ...row,
    fault: { title: "Reported by others", expert, truth, expected },
    source,
    isTold: true,
  })),
];
