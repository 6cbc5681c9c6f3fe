// The proof that `dante probe` says what browsers do: hosts over HTTP/2, each opened in Chromium and Firefox, and probed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { TRUSTING } from "../accuracy/hosts/tls.js";
import { PACE, probe } from "../probe/support.js";
import { startDante } from "../support/dante.js";
import { compare } from "./agree.js";
import { useBrowsers } from "./browsers.js";
import { HOSTS } from "./hosts.js";
import { compareOrWrite } from "./table.js";

/** So many pages at once: two browsers on two cores make stanzas late with more. */
const PAGES = 2;
/** Hosts at once: while the pages of one are open, the others are probed. */
const AT_ONCE = 3;
const PATIENCE_MS = 180_000;

/** Lets so many of those that wait do something at once. */
class Turns {
  #free = PAGES;
  #waiting = [];

  async take(what) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    try {
      return await what();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

const [first, second] = await Promise.all([
  startDante([...PACE, "--prefix", "/dante"]),
  startDante([...PACE, "--prefix", "/dante"]),
]);
const dantes = { prefixed: first.port, another: second.port };
const open = useBrowsers();
const pages = new Turns();
const results = new Map();

/** Opens a host's page in both browsers, and probes it without a browser and with one. */
async function look(host) {
  const started = await host.start(dantes);
  const url = typeof started === "string" ? `${started}/dante/` : started.url;
  const [chromium, firefox, probed, browsed] = await Promise.all([
    pages.take(() => open.chromium(`${url}compare/`)),
    pages.take(() => open.firefox(`${url}compare/`)),
    probe(url, [], { env: TRUSTING }),
    // The browser trusts authorities of its own.
    pages.take(() => probe(url, ["--browser", "--insecure"], { env: TRUSTING })),
  ]);
  return { ...host, chromium, firefox, probed, browsed };
}

describe("browsers and verdicts agree", { concurrency: AT_ONCE }, () => {
  for (const host of HOSTS) {
    test(`${host.id}: ${host.host}: ${host.what}`, { timeout: PATIENCE_MS }, async (context) => {
      let result = await look(host);
      // A busy machine may spoil a try. The table says that there were two.
      if (compare(result).length > 0) {
        context.diagnostic(`first try: ${compare(result).join("; ")}`);
        result = { ...(await look(host)), second: true };
      }
      results.set(host.id, result);
      assert.deepEqual(compare(result), []);
    });
  }
});

test("docs/browsers.md has every host", () => {
  compareOrWrite(HOSTS.filter(({ id }) => results.has(id)).map(({ id }) => results.get(id)));
});
