// docs/faults-survived.md, which the run writes.

import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";

import { compareOrWrite, table } from "../support/table.js";
import { SIZES } from "./sizes.js";

const FILE = path.resolve(import.meta.dirname, "../../docs/faults-survived.md");

const COLUMNS = ["fault", "readers", "stanzas", "lost", "repeated", "wrong", "cuts", "came back"];
const MORE = ["witness late, ms: p50", "max", "MiB before", "with readers, at the end", "panics", "also"];

const grouped = (number) => Math.round(number).toLocaleString("en");

function cells({ fault, figures, note }) {
  if (!figures) return [fault, ...Array(COLUMNS.length + MORE.length - 2).fill("–"), note];
  const { readers, stanzas, lost, repeated, wrong, cuts, back, latenessMs, memory, panics } = figures;
  const numbers = [readers, stanzas, lost, repeated, wrong, cuts, back, ...latenessMs];
  const sizes = [memory.before, memory.after].map((mib) => mib.toFixed(1));
  return [fault, ...numbers.map(grouped), ...sizes, `${panics}`, note];
}

function page(results) {
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  return `# Faults survived

Written by \`tests/run long\`; each row is a file in \`tests/long/rows/\`. What readers may rely on is in [clients.md](clients.md#what-is-promised).

In each row readers on all transports (a quarter each over Socket.IO on WebSocket, Socket.IO on long polling, plain WebSocket and server-sent events:
\`dante load --transport mix\`) check index and text of every stanza, and come back as the page does when they are cut. A witness, with the official
client in a process of its own, does the same, and its lateness is told. "Lost", "repeated" and "wrong" (another text than the poem's) are of
all of them, across all cuts. The run fails if one of these, or the number of panics in the log, is not 0, or if a reader who was cut did not come back. Lateness is told and not
judged: readers, relays and Dante share one machine.

Taken on ${new Date().toISOString().slice(0, 10)} with Dante ${commit}: ${os.cpus().length} processors (${os.cpus()[0].model}), Linux ${os.release()}, a stanza every ${SIZES.intervalMs} ms,
${grouped(SIZES.readers)} readers where a row needs no other number.

${table([...COLUMNS, ...MORE], results.map(cells))}
`;
}

/** Writes the page, or holds that it has a row of each fault. */
export function writePage(results) {
  compareOrWrite(
    FILE,
    page(results),
    results.map(({ fault }) => [fault]),
  );
}
