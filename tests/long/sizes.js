// How large and how long everything is: small in the suite `faults`, which runs with the others, and large in `tests/run long`.

const LONG = process.env.DANTE_LONG === "1";

/** A number that the environment may set, or one of these. */
const number = (name, short, long) => Number(process.env[name] || (LONG ? long : short));

export const SIZES = {
  /** Whether this is `tests/run long`. */
  long: LONG,
  /** Readers of a row, a quarter of them on each transport. */
  readers: number("READERS", 24, 3000),
  /** How many of them come in a second. */
  ramp: number("RAMP", 100, 750),
  /** The time between two stanzas. */
  intervalMs: number("INTERVAL_MS", 200, 1000),
  /** How many stanzas each reader gets between two faults, more or less. */
  calm: number("CALM", 2, 4),
  /** How often a node is killed. */
  kills: number("KILLS", 2, 3),
  /** How long chaos and fuzzing take. */
  lastingSeconds: number("LASTING", 3, 40),
  /** How long a server is stopped by SIGSTOP. */
  stopSeconds: number("STOP_SECONDS", 2, 10),
  /** Readers that don't read, beside those that do. */
  stuck: number("STUCK", 12, 600),
  /** How often readers come and go, … */
  cycles: number("CYCLES", 3, 30),
  /** … and how many of them. */
  cycleReaders: number("CYCLE_READERS", 40, 2000),
  /** Connections that never say anything, and how long they may. */
  silent: number("SILENT", 200, 15_000),
  keepAliveSeconds: number("KEEP_ALIVE", 2, 20),
  /** How many descriptors a server has that runs out of them, beside two for each reader. */
  descriptors: number("DESCRIPTORS", 100, 400),
  /** Processes that fuzz. */
  fuzzers: number("FUZZERS", 1, 4),
};

export const INTERVAL = `${SIZES.intervalMs}ms`;
