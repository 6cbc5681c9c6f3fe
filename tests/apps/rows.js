// Which application is tried behind which host with which fault: healthy ones all, faults of each kind of stream on each host
// that can have them.

import { APPLICATIONS } from "./applications.js";
import { FAULTS } from "./faults.js";
import { HOSTS } from "./hosts.js";

const EVERYWHERE = Object.keys(HOSTS);

/** Each of these behind each of these. */
const each = (fault, applications, hosts) =>
  applications.flatMap((application) => hosts.map((host) => ({ fault, application, host })));
/** These hosts, with one after the other of these applications. */
const inTurn = (fault, applications, hosts) =>
  hosts.map((host, at) => ({ fault, application: applications[at % applications.length], host }));

const SOCKETIO = ["python-socketio", "flask", "socketio"];
const PAIRS = [...each("healthy", SOCKETIO, EVERYWHERE), ...inTurn("stripped", SOCKETIO, EVERYWHERE)];

/**
 * A triple.
 * @typedef {{id: string, application: import("./applications.js").Application, host: string, fault: import("./faults.js").Fault,
 *   setup: import("./hosts.js").Setup, isTold: boolean}} Row
 */

/** @type {Row[]} */
export const ROWS = PAIRS.map(({ fault, application: id, host }) => {
  const application = APPLICATIONS.find((one) => one.id === id);
  return {
    id: `${id}-${host.toLowerCase()}-${fault}`,
    application,
    host,
    fault: FAULTS[fault],
    setup: HOSTS[host][fault],
    isTold: true,
  };
});
