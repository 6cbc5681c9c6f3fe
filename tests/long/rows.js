// The faults, in the order of docs/faults-survived.md: of each what is done, whether no reader may be cut by it, and a function that does it
// and returns what else there is to tell.

import { chaos } from "./rows/chaos.js";
import { clock } from "./rows/clock.js";
import { coming } from "./rows/coming.js";
import { descriptors } from "./rows/descriptors.js";
import { fleet } from "./rows/fleet.js";
import { floods } from "./rows/floods.js";
import { fuzz } from "./rows/fuzz.js";
import { killed } from "./rows/killed.js";
import { redis } from "./rows/redis.js";
import { silent } from "./rows/silent.js";
import { stopped } from "./rows/stopped.js";
import { stuck } from "./rows/stuck.js";
import { vanished } from "./rows/vanished.js";

/** @type {{fault: string, uncut?: boolean, run: (trial: import("./trial.js").Trial) => Promise<string>}[]} */
export const ROWS = [
  chaos,
  killed,
  fleet,
  redis,
  stuck,
  vanished,
  descriptors,
  clock,
  stopped,
  floods,
  fuzz,
  coming,
  silent,
];
