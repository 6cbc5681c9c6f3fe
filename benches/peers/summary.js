// From runs to medians, ratios and goals. Pure.

import { SERVERS } from "./servers.js";

/** The middle of some numbers; of an even count, the mean of the two in the middle. Undefined if there are none. */
export function median(numbers) {
  const sorted = numbers.filter(Number.isFinite).toSorted((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}

/** Whether every reader of a run got every stanza. */
export const isWhole = (run) =>
  !run.error &&
  run.joined === run.readers &&
  run.failed + run.lost + run.repeated + run.silent + run.cuts === 0;

/**
 * The medians of what was measured.
 * @param {{runs: object[], calls: object[]}} results
 */
export function summarize({ runs, calls }) {
  const sizes = [...new Set(runs.map(({ readers }) => readers))].toSorted((a, b) => a - b);
  const of = (server, readers) => runs.filter((run) => run.server === server && run.readers === readers);
  const value = (server, readers, field) => median(of(server, readers).map((run) => run[field]));
  return {
    sizes,
    servers: SERVERS.filter(({ name }) => runs.some((run) => run.server === name)),
    value,
    /** KiB for each reader after the long time, if there was one with so many readers. */
    memory: (server, readers) => {
      const long = of(server, readers).filter((run) => run.long);
      return median(long.map((run) => run.kib));
    },
    /** One server's figure as a multiple of another's. */
    ratio: (server, other, readers, field = "cpu") =>
      divide(value(server, readers, field), value(other, readers, field)),
    /** Readers that a server did not serve whole, in all runs of this size; undefined if there is none. */
    unserved: (server, readers) => {
      const all = of(server, readers);
      if (all.length === 0) return undefined;
      return all
        .map((run) =>
          run.error ? readers : run.readers - run.joined + run.lost + run.repeated + run.silent + run.cuts,
        )
        .reduce((sum, count) => sum + count, 0);
    },
    calls: (server) => calls.find((one) => one.server === server),
    failures: runs.filter((run) => !isWhole(run)),
  };
}

const divide = (a, b) => (a === undefined || b === undefined ? undefined : a / b);

/** Who speaks the same, of each make; the floor speaks only WebSocket, and stands for itself elsewhere. */
export function peersOf({ transport }) {
  const like = (label) =>
    SERVERS.find((one) => one.label.startsWith(label) && one.transport === transport)?.name;
  return { floor: like("the floor") ?? "floor", node: like("Node.js"), bun: like("Bun") };
}

/** What is wanted: a figure that is at most the limit. */
export const GOALS = [
  goal("CPU for each stanza, Socket.IO at 10,000", "× Bun's", 0.55, (it) => it.ratio("dante", "bun", 10_000)),
  goal("CPU for each stanza, Socket.IO at 10,000", "× Node.js's", 0.35, (it) =>
    it.ratio("dante", "node", 10_000),
  ),
  goal("CPU for each stanza, Socket.IO at 10,000", "× the floor's", 1.5, (it) =>
    it.ratio("dante", "floor", 10_000),
  ),
  goal("CPU for each stanza, Socket.IO at 1,000", "× the floor's", 1, (it) =>
    it.ratio("dante", "floor", 1000),
  ),
  goal("CPU for each stanza, WebSocket at 10,000", "× the floor's", 1, (it) =>
    it.ratio("dante-websocket", "floor-websocket", 10_000),
  ),
  goal("CPU for each stanza, SSE at 10,000", "× the floor's", 1.3, (it) =>
    it.ratio("dante-sse", "floor", 10_000),
  ),
  goal("CPU for each stanza, long polling at 5,000", "× Node.js's", 1, (it) =>
    it.ratio("dante-polling", "node-polling", 5000),
  ),
  goal("memory, Socket.IO at 10,000", "× Bun's", 1, (it) =>
    divide(it.memory("dante", 10_000), it.memory("bun", 10_000)),
  ),
  goal("memory, WebSocket at 10,000", "KiB a reader", 3, (it) => it.memory("dante-websocket", 10_000)),
  goal("memory, SSE at 10,000", "KiB a reader", 8, (it) => it.memory("dante-sse", 10_000)),
  goal("memory, long polling at 5,000", "× Node.js's", 1, (it) =>
    it.ratio("dante-polling", "node-polling", 5000, "kib"),
  ),
  goal("lateness p99, Socket.IO at 10,000", "ms", 30, (it) => it.value("dante", 10_000, "latenessP99")),
  goal("first stanza p50, Socket.IO at 10,000", "ms", 2, (it) => it.value("dante", 10_000, "firstP50")),
  goal("CPU of dante load, Socket.IO at 10,000", "× Dante's", 0.6, (it) =>
    divide(it.value("dante", 10_000, "generatorCpu"), it.value("dante", 10_000, "cpu")),
  ),
  goal("19,900 readers in one process", "not served whole", 0, (it) => it.unserved("dante", 19_900)),
];

function goal(what, unit, limit, figure) {
  return { what, unit, limit, figure };
}

/** How near a goal is: `met`, `missed by 20 %`, or `not measured`. */
export function nearness(figure, limit) {
  if (figure === undefined) return "not measured";
  if (figure <= limit) return "met";
  return limit === 0 ? "missed" : `missed by ${Math.ceil((figure / limit - 1) * 100)} %`;
}
