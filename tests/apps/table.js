// `docs/applications.md`: every triple, what a client sees of it, what an expert says, and what `dante probe` said.

import path from "node:path";

import { compareOrWrite as compareOrWritePage, countGrades, describeGrade, table } from "../support/table.js";

const FILE = path.resolve(import.meta.dirname, "../../docs/applications.md");

const HEAD = `# \`dante probe\` before applications that are not Dante

The tests write this file: \`DANTE_WRITE_DOCS=1 tests/run apps\`. Each row is an application in a framework that people use
([tests/apps/applications](../tests/apps/applications)), behind a real proxy on loopback that is set up right, or wrong in a way
that people meet.

- **lines**: those of the proxy's configuration that matter. What no configuration makes a proxy do is done by a stand-in behind
  it, and the row says so, or there is no row: Apache's mod_proxy, for one, sends on at each pause, whatever buffers it has.
- **client**: what an ordinary client (\`ws\`, \`socket.io-client\`, \`fetch\`) saw of it in the same run.
- **probe**: what \`dante probe\` said: the outcome, then its verdicts in their order ([verdicts.md](verdicts.md)). *URL alone*: it was
  not told what the application is.
- **grade**: as in [probe-accuracy.md](probe-accuracy.md). What is not right is tried a second time, which counts, and is said.
`;

const COLUMNS = ["application", "host", "lines", "client", "probe", "grade"];

const KINDS = {
  "with a fault": ({ fault }) => fault.expected.causes,
  healthy: ({ fault }) => !fault.expected.causes,
};

/** What of a row does not depend on the run; a problem that was reported stands with its place. */
const fixed = ({ application, host, setup, source }) => [
  application.name,
  host,
  [setup.lines || "–", source && `(${source})`].filter(Boolean).join(" "),
];

function render(results) {
  const titles = [...new Set(results.map(({ fault }) => fault.title))];
  const sections = titles.map((title) => {
    const of = results.filter(({ fault }) => fault.title === title);
    const rows = of.map((one) => [
      ...fixed(one),
      one.truth,
      one.isTold ? one.said : `${one.said} (URL alone)`,
      describeGrade(one),
    ]);
    const experts = [...new Set(of.map(({ fault }) => fault.expert))];
    const expert = experts.length === 1 ? `An expert would say: ${experts[0]}.\n\n` : "";
    return `## ${title}\n\n${expert}${table(COLUMNS, rows)}\n`;
  });
  return `${HEAD}\n${countGrades(KINDS, results)}\n\n${sections.join("\n")}`;
}

/** Writes the table if that was asked for; otherwise every triple must have its row. */
export function compareOrWrite(results) {
  compareOrWritePage(FILE, render(results), results.map(fixed));
}
