// `docs/probe-accuracy.md`: every case, what an expert says of it, and what `dante probe` said. With DANTE_WRITE_DOCS=1 the
// tests write it; without, they fail when a case is missing from it, since nothing may be left out to look better.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { GRADES } from "./grade.js";

const FILE = path.resolve(import.meta.dirname, "../../docs/probe-accuracy.md");

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");
const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;

/** How many of the cases have which grade. */
function count(results) {
  const kinds = {
    hosts: ({ expected }) => expected.causes?.length,
    healthy: ({ expected }) => !expected.causes?.length,
  };
  const counted = [...GRADES, "not run"];
  return [
    line(["", "cases", ...counted]),
    line(Array(counted.length + 2).fill("---")),
    ...Object.entries({ "broken hosts": kinds.hosts, "healthy hosts": kinds.healthy }).map(([name, is]) => {
      const of = results.filter(is);
      return line([
        name,
        `${of.length}`,
        ...counted.map((one) => `${of.filter((it) => it.grade === one).length}`),
      ]);
    }),
  ].join("\n");
}

/** The grade, why it is no better, and that of the first try if there were two. */
const describeGrade = ({ grade, why, first }) =>
  [grade, ...why, ...(first ? [`second try, the first was ${first}`] : [])].join("; ");

/** What of a row does not depend on the run. */
const fixed = ({ id, host, fault, expert }) => [id, host, fault, expert];

const HEAD = `# How often \`dante probe\` is right

The tests write this file: \`DANTE_WRITE_DOCS=1 tests/run accuracy\`. Each row is a host that the suite starts on loopback: a real
proxy or server, set up wrong in a way that people meet, or a stand-in for one that can't be had. Nothing is left out.

- **expert**: what an expert would say of it.
- **probe**: what \`dante probe\` said: the outcome, then its verdicts in their order ([verdicts.md](verdicts.md)).
- **grade**: *right*: the expert's cause comes first, with a remedy that fits and nothing false beside it. *partly*: the cause comes
  first, but a remedy, the outcome or another verdict doesn't fit. *wrong*: another cause comes first. *missed*: a broken host is
  called good. *false alarm*: a healthy host is not called good. *not run*: a program was missing. What is not right is tried a
  second time, which counts, and is said.
`;

const COLUMNS = ["case", "host", "fault", "expert", "probe", "grade"];

/** @param {{id: string, kind: string, host: string, fault: string, expert: string, expected: object, said: string, grade: string, why: string[]}[]} results */
function render(results) {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const sections = kinds.map((kind) => {
    const rows = results
      .filter((one) => one.kind === kind)
      .map((one) => line([...fixed(one), one.said, describeGrade(one)]));
    return `## ${kind}\n\n${[line(COLUMNS), line(COLUMNS.map(() => "---")), ...rows].join("\n")}\n`;
  });
  return `${HEAD}\n${count(results)}\n\n${sections.join("\n")}`;
}

/** Writes the table if that was asked for; otherwise every case must have its row. */
export function compareOrWrite(results) {
  if (process.env.DANTE_WRITE_DOCS === "1") {
    writeFileSync(FILE, render(results));
    return;
  }
  const rows = existsSync(FILE) ? readFileSync(FILE, "utf8").split("\n") : [];
  const missing = results.filter((one) => !rows.some((row) => row.startsWith(line(fixed(one)).slice(0, -1))));
  assert.deepEqual(
    missing.map(({ id }) => id),
    [],
    "docs/probe-accuracy.md is stale; its first lines say how it is written",
  );
}
