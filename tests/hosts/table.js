// `docs/hosts.md`: what was seen to work behind which proxy. Tests write it with DANTE_WRITE_DOCS=1; without, they
// fail when it says something else than what they saw. Only versions may differ.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const FILE = path.resolve(import.meta.dirname, "../../docs/hosts.md");
const PROXIES = ["nginx", "apache", "caddy", "haproxy"];

/** The columns. */
export const CHECKS = [
  "pages",
  "WebSocket",
  "polling",
  "upgrade",
  "plain WebSocket",
  "server-sent events",
  "redirects",
  "headers",
  "prefix only",
  "two Dantes",
  "leaving",
];

const line = (cells) => `| ${cells.join(" | ")} |`;

const HEAD = `# Dante behind real proxies

Written by the tests: \`DANTE_WRITE_DOCS=1 node --test --test-concurrency=1 tests/hosts/*.test.js\`. Each row is a proxy
that was started with exactly what \`dante hosting nginx|apache|caddy|haproxy\` prints, before Dantes that were started as its
first lines say. \`tests/run\` runs them, and they fail when this table says something else; only the versions may differ
from those that you have.

- **pages**: every page and everything that it loads comes, and nothing leads out of the prefix.
- **WebSocket**, **polling**, **upgrade**: Socket.IO over WebSocket alone, over long polling alone, and, with clients of
  Socket.IO 2, 3 and 4, from polling to WebSocket. Here and with **plain WebSocket** and **server-sent events** every stanza
  comes once, in order, and in its time, not in lumps.
- **redirects**: a path without its slash leads to the one with it, under the scheme, host, port and query that were asked for.
- **headers**: Dante is told host, scheme, address and a stripped prefix; what a client says of them is not passed on.
- **prefix only**: what is not below the prefix does not reach Dante; at the root everything does.
- **two Dantes**: with two upstreams, 20 readers over long polling that keep no cookies stay with one each, and both have
  readers.
- **leaving**: a reading ends when its reader leaves.

${line(["proxy", "prefix", "Dante on", ...CHECKS])}
${line(Array(CHECKS.length + 3).fill("---"))}
`;

/** The table in the file, if it is one of these columns. */
function rows(text) {
  return text.startsWith(HEAD) ? text.slice(HEAD.length).split("\n").filter(Boolean) : [];
}

/** The rows of one proxy. */
export class Table {
  #passed = new Set();

  constructor(proxy) {
    this.proxy = proxy;
  }

  passed(mode, endpoint, check) {
    this.#passed.add([mode, endpoint, check].join());
  }

  #row(version, { mode, endpoint }) {
    const marks = CHECKS.map((check) => (this.#passed.has([mode, endpoint, check].join()) ? "✓" : "✗"));
    return line([`${this.proxy.name} ${version}`, mode.replace("prefix ", ""), endpoint, ...marks]);
  }

  compareOrWrite(cases) {
    const wanted = (version) => cases.map((one) => this.#row(version, one));
    const failed = wanted(this.proxy.version).filter((row) => row.includes("✗"));
    assert.deepEqual(failed, [], "these did not pass everything");
    const there = existsSync(FILE) ? rows(readFileSync(FILE, "utf8")) : [];
    const of = (name) => there.filter((row) => row.startsWith(`| ${name} `));
    if (process.env.DANTE_WRITE_DOCS === "1") {
      const all = PROXIES.flatMap((name) =>
        name === this.proxy.name ? wanted(this.proxy.version) : of(name),
      );
      writeFileSync(FILE, `${HEAD}${all.join("\n")}\n`);
      return;
    }
    const withoutVersion = of(this.proxy.name).map((row) => row.replace(/ \d[\d.]* \|/, " - |"));
    assert.deepEqual(
      withoutVersion,
      wanted("-"),
      "docs/hosts.md is stale; its first lines say how it is written",
    );
  }
}
