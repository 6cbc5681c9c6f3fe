// A reporter for node's test runner that says only what has failed, and why. tests/run repeats it at the very end, where it is found at once.

import path from "node:path";
import { inspect } from "node:util";

/** How much is said of one failure, and how much a test file has said of itself; all of it is in the other reporter's output. */
const LINES = 60;
const LAST_LINES = 20;

/** Where in the runner something was called. */
const INNER = /^\s+(at .*\bnode:internal\/|\.\.\. \d+ lines matching)/;

const root = path.resolve(import.meta.dirname, "../..");

/** The lines of a text that tell something; if they are too many, the first third of what fits, and the last two. */
function shorten(text, most) {
  const lines = text.split("\n").filter((line) => !INNER.test(line));
  if (lines.length <= most) return lines;
  const first = most / 3;
  return [...lines.slice(0, first), `… ${lines.length - most} lines …`, ...lines.slice(first - most)];
}

/** The reason, without the runner's wrapping. */
function reason({ error }) {
  const cause = error?.cause ?? error;
  return typeof cause === "string" ? cause : inspect(cause);
}

export default async function* failures(source) {
  const said = new Map();
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") {
      said.set(
        data.file,
        `${said.get(data.file) ?? ""}${data.message}`.split("\n").slice(-LAST_LINES).join("\n"),
      );
    }
    // A suite fails with its tests.
    if (type !== "test:fail" || data.details.error?.failureType === "subtestsFailed") continue;
    const { name, file, line, details } = data;
    const lines = shorten(reason(details), LINES);
    // A file that ended without a word of the runner's.
    if (name === file || path.resolve(name) === file) lines.push(...(said.get(file) ?? "").split("\n"));
    yield `\n✖ ${name} (${path.relative(root, file ?? "")}:${line})\n${lines.map((one) => `  ${one}\n`).join("")}`;
  }
}
