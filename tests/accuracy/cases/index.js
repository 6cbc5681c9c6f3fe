// All cases, in the order of the table.

import limits from "./limits.js";
import refused from "./refused.js";

export const CASES = [...limits, ...refused];
