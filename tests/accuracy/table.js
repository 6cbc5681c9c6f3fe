// `docs/probe-accuracy.md`: every case, what an expert says of it, and what `dante probe` said. With DANTE_WRITE_DOCS=1 the
// tests write it; without, they fail when a case is missing from it, since nothing may be left out to look better.

import path from "node:path";

import { compareOrWrite as compareOrWritePage, countGrades, describeGrade, table } from "../support/table.js";

const FILE = path.resolve(import.meta.dirname, "../../docs/probe-accuracy.md");

const KINDS = {
  "broken hosts": ({ expected }) => expected.causes?.length,
  "healthy hosts": ({ expected }) => !expected.causes?.length,
};

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
      .map((one) => [...fixed(one), one.said, describeGrade(one)]);
    return `## ${kind}\n\n${table(COLUMNS, rows)}\n`;
  });
  return `${HEAD}\n${countGrades(KINDS, results)}\n\n${sections.join("\n")}`;
}

/** Writes the table if that was asked for; otherwise every case must have its row. */
export function compareOrWrite(results) {
  compareOrWritePage(FILE, render(results), results.map(fixed));
}
