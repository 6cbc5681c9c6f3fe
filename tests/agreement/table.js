// `docs/browsers.md`: what browsers get behind each host, and what `dante probe` says of it. With DANTE_WRITE_DOCS=1 the tests write it;
// without, they fail when a row is not as it was, unless chance decides it.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { TRANSPORTS } from "./browsers.js";
import { got, said } from "./agree.js";

const FILE = path.resolve(import.meta.dirname, "../../docs/browsers.md");

const line = (cells) => `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;

/** What a browser got, in a few words. */
function describeSeen(seen) {
  if (seen === null) return "the page does not open";
  const came = got(seen);
  if (came.length === TRANSPORTS.length) return "all four";
  return came.length === 0 ? "nothing" : came.join(", ");
}

function describeSaid(document) {
  const ids = said(document).map(({ id, severity }) => (severity === "note" ? `${id} (note)` : id));
  return [document.outcome, ids.join(", ")].filter(Boolean).join(": ");
}

/** What \`--browser\` adds: where the browser shows the same. */
function describeBrowsed({ hops, verdicts }) {
  const { outcome } = hops.find(({ hop }) => hop === "browser");
  const shows = verdicts.filter(({ also }) => also.some(({ hop }) => hop === "browser")).map(({ id }) => id);
  return [outcome, shows.join(", ")].filter(Boolean).join(": ");
}

const row = ({ host, what, chromium, firefox, probed, browsed }) =>
  line([
    host,
    what,
    describeSeen(chromium),
    describeSeen(firefox),
    describeSaid(probed),
    describeBrowsed(browsed),
  ]);

const COLUMNS = [
  "host",
  "configuration or fault",
  "Chromium gets",
  "Firefox gets",
  "dante probe",
  "its hop browser",
];

const HEAD = `# Browsers and verdicts

The tests write this file: \`DANTE_WRITE_DOCS=1 tests/run agreement\`. Each row is a host with TLS and HTTP/2 that the suite starts on loopback before
a Dante. Chromium and Firefox, as Debian has them, open the page that compares the transports; \`dante probe\` probes the same
host, without a browser and with \`--browser\`. The suite fails where they do not agree.

- **gets**: the transports over which stanzas come to the page.
- **dante probe**: the outcome, then its verdicts in their order ([verdicts.md](verdicts.md)).
- **its hop browser**: with \`--browser\`: how the hop went, and the verdicts that it supports.
`;

/** Writes the table if that was asked for; otherwise every row must be in it as it is. */
export function compareOrWrite(results) {
  const rows = results.map(row);
  if (process.env.DANTE_WRITE_DOCS === "1") {
    const table = [line(COLUMNS), line(COLUMNS.map(() => "---")), ...rows];
    writeFileSync(FILE, `${HEAD}\n${table.join("\n")}\n`);
    return;
  }
  const known = existsSync(FILE) ? readFileSync(FILE, "utf8").split("\n") : [];
  const news = rows.filter((one, at) => !results[at].chance && !known.includes(one));
  assert.deepEqual(news, [], "docs/browsers.md is stale; its first lines say how it is written");
}
