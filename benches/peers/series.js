// The series: every server with every number of readers, several times, in turn.

import { execFileSync } from "node:child_process";

import { machine, versions } from "./machine.js";
import { countCalls, measure } from "./measure.js";
import { missing, takes } from "./servers.js";

/**
 * Measures everything in turn, so that what disturbs the machine for a while disturbs all servers alike.
 * @param {object} options what was typed, or its defaults
 * @param {object} context where the programs and the stanzas are
 * @param {(results: object) => void} save gets what there is after each repetition but the last, so that whoever breaks off keeps it
 */
export async function measureAll(options, context, save) {
  const started = new Date();
  const lacking = [];
  const lack = (what) => {
    lacking.push(what);
    console.error(`NOT MEASURED: ${what}`);
  };
  const servers = options.servers.filter((server) => {
    const why = missing(server, context);
    if (why) lack(`${server.name}: ${why}`);
    return !why;
  });
  const runs = [];
  const results = (repetitions, calls) => ({
    date: started.toISOString().slice(0, 10),
    minutes: Math.round((Date.now() - started) / 60_000),
    machine: machine(),
    versions: versions(context),
    options: Object.fromEntries(
      Object.entries({ ...options, repetitions }).filter(([, value]) => typeof value === "number"),
    ),
    missing: lacking,
    runs,
    calls,
  });
  const plan = plannedRuns(options, servers);
  for (const [index, { server, readers, repetition }] of plan.entries()) {
    const long = isLong(options, readers, repetition);
    const seconds = long ? options["long-seconds"] : options.seconds;
    const result = await measure(server, context, { readers, seconds, ramp: options.ramp }).catch(failed);
    runs.push({ server: server.name, readers, repetition, ...(long && { long }), ...result });
    console.error(`${index + 1} of ${plan.length}: ${server.name} with ${readers}: ${tell(result)}`);
    if (plan[index + 1]?.repetition > repetition) save(results(repetition, []));
  }
  const calls = canTrace() ? await countAll(options, servers, context, lack) : [];
  if (options["calls-seconds"] > 0 && !canTrace()) lack("system calls: strace is missing, or may not trace");
  return results(options.repetitions, calls);
}

/** All runs in order; the first server of a repetition comes last in the next. */
export function plannedRuns({ repetitions, sizes }, servers) {
  return [...Array(repetitions).keys()].flatMap((before) => {
    const first = before % (servers.length || 1);
    const order = [...servers.slice(first), ...servers.slice(0, first)];
    return sizes.flatMap((readers) =>
      order
        .filter((server) => takes(server, readers))
        .map((server) => ({ server, readers, repetition: before + 1 })),
    );
  });
}

/** The last repetition with so many readers is the long one. */
const isLong = (options, readers, repetition) =>
  options["long-seconds"] > 0 && readers === options["long-size"] && repetition === options.repetitions;

/** The system calls of each server with the fewest readers; in a smoke run of two, which shows that they can be counted. */
async function countAll(options, servers, context, lack) {
  // A whole number of intervals, in which each reader gets the same number of stanzas.
  const pace = options.interval / 1000;
  const seconds = Math.ceil(options["calls-seconds"] / pace) * pace;
  const readers = Math.min(...options.sizes);
  const all = [];
  const counted = servers.slice(0, options.smoke ? 2 : undefined);
  for (const server of seconds > 0 ? counted : []) {
    const calls = await countCalls(server, context, { readers, seconds, ramp: options.ramp }).catch(failed);
    if (calls.error) lack(`system calls of ${server.name}: ${calls.error}`);
    else all.push({ server: server.name, readers, ...calls });
  }
  return all;
}

function canTrace() {
  try {
    execFileSync("strace", ["-c", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const failed = (error) => ({ error: error.message });

const tell = ({ error, cpu, kib, latenessP99 }) =>
  error ??
  `${cpu.toFixed(1)} µs for each stanza, ${kib.toFixed(1)} KiB for each reader, p99 ${latenessP99} ms`;
