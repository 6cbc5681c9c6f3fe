// What can be typed after benches/peers/run.

import { parseArgs } from "node:util";

import { SERVERS } from "./servers.js";

export const HELP = `Measures Dante beside its peers, and writes docs/performance.md, .json and .svg.

  benches/peers/run [OPTIONS]

  --servers NAMES      which of ${SERVERS.map(({ name }) => name).join(", ")} [default: all]
  --sizes NUMBERS      readers at once; those that poll come to 5000 at most [default: 1000,5000,10000,19900]
  --repetitions N      how often all of it is done, the servers in turn [default: 3]
  --seconds N          how long stanzas are counted, once all readers have joined [default: 16]
  --long-seconds N     how long in the last repetition at the size below: memory grows for a minute [default: 90]
  --long-size N        [default: 10000]
  --ramp N             how many readers join in a second [default: 1000]
  --interval MS        the time between two stanzas [default: 2000]
  --calls-seconds N    how long system calls are counted, in a run of its own with strace; 0 for none [default: 8]
  --out FOLDER         where the page and its results go [default: docs]
  --render             only writes the page and the plot again, from the results that are there
  --smoke              a short run of a debug build with 20 readers, to see that everything works; its results go nowhere

It builds what it needs (cargo, npm). Nothing else should run on the machine meanwhile.
`;

/** The options that have a number, and what they are where nothing is said. */
const NUMBERS = {
  repetitions: 3,
  seconds: 16,
  "long-seconds": 90,
  "long-size": 10_000,
  ramp: 1000,
  interval: 2000,
  "calls-seconds": 8,
};

/** What --smoke asks for instead. */
const SMOKE = {
  sizes: [20],
  repetitions: 1,
  seconds: 1,
  "long-seconds": 1,
  "long-size": 20,
  ramp: 200,
  interval: 500,
  "calls-seconds": 1,
};

/**
 * Reads the arguments.
 * @throws {Error} with value, reason and remedy
 */
export function readOptions(args) {
  const text = { type: "string" };
  const flag = { type: "boolean" };
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, text])),
      ...{ servers: text, sizes: text, out: text, render: flag, smoke: flag, help: { ...flag, short: "h" } },
    },
  });
  const options = {
    help: values.help ?? false,
    smoke: values.smoke ?? false,
    render: values.render ?? false,
    out: values.out ?? "docs",
    servers: named(values.servers),
    sizes: (values.sizes ?? "1000,5000,10000,19900").split(",").map((size) => number("--sizes", size, 1)),
  };
  for (const [name, usual] of Object.entries(NUMBERS)) {
    const least = ["calls-seconds", "long-seconds"].includes(name) ? 0 : 1;
    options[name] = number(`--${name}`, values[name] ?? String(usual), least);
  }
  return options.smoke ? { ...options, ...SMOKE } : options;
}

function number(name, text, least) {
  if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`${name} "${text}": not a whole number from ${least}`);
}

function named(text) {
  const names = text?.split(",") ?? SERVERS.map(({ name }) => name);
  return names.map((name) => {
    const server = SERVERS.find((one) => one.name === name);
    if (server) return server;
    throw new Error(`--servers "${name}": unknown; use ${SERVERS.map((one) => one.name).join(", ")}`);
  });
}
