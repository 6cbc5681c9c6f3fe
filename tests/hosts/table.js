// `docs/hosts.md`: what works behind which proxy. With DANTE_WRITE_DOCS=1 the tests write it; without, they fail when it
// differs from their results. Only versions may differ.

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

The tests write this file: \`DANTE_WRITE_DOCS=1 node --test --test-concurrency=1 tests/hosts/*.test.js\`. For each row they start
a proxy with exactly what \`dante hosting nginx|apache|caddy|haproxy\` prints, and Dante with the command in its first lines.
\`tests/run\` repeats this, and fails when the result differs from this table. Your version may differ from the one given here.

- **pages**: every page and everything on it loads, and nothing links outside the prefix.
- **WebSocket**, **polling**, **upgrade**: Socket.IO over WebSocket only, over long polling only, and upgraded from polling to
  WebSocket, the last with clients of Socket.IO 2, 3 and 4. For these, **plain WebSocket** and **server-sent events**, every
  stanza arrives once, in order and on time, not in bursts.
- **redirects**: a path without its final slash redirects to the one with it, and keeps scheme, host, port and query.
- **headers**: the proxy tells Dante the host, scheme, client address and a stripped prefix, and drops what a client claims of them.
- **prefix only**: only paths below the prefix reach Dante; at the root, all do.
- **two Dantes**: with two upstreams, 20 readers over long polling without cookies each stay with one, and both have readers.
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
