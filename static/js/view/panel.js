// The panel beside the poem: the state of the stream, its counts, and what the server reports.

import { secondsOf } from "../findings.js";
import { clock, number } from "../format.js";
import { within } from "../reasons.js";
import { t } from "../strings.js";
import { $, put } from "./dom.js";

const EVERY_MS = 15_000;

/**
 * @param {string} state
 * @param {{badge: string, what: string, how: string}} words
 */
export function showState(state, { badge, what, how }) {
  const { dataset } = document.body;
  const bad = ["lost", "refused", "blocked"].includes(state);
  const retry = ["lost", "blocked", "offline"].includes(state);
  const idle = bad || ["end", "connecting", "held"].includes(state);
  const shown = {
    tone: bad ? "bad" : "good",
    flow: retry ? "retry" : idle ? "off" : "on",
    state,
  };
  for (const [name, value] of Object.entries(shown)) {
    // Setting an attribute, even to the same value, makes the browser recalculate styles.
    if (dataset[name] !== value) dataset[name] = value;
  }
  put("badge", badge);
  put("word", badge);
  // Compared with the panel, not the live region, which may have announced something else since.
  if ($("what").textContent !== what) put("live", what);
  put("what", what);
  put("how", how);
}

/** @param {{stanzas: number, gaps: number, repeats: number, reconnects: number}} counts */
export function showCounts({ stanzas, gaps, repeats, reconnects }) {
  for (const [name, count] of Object.entries({ stanzas, gaps, repeats, reconnects })) {
    put(`c-${name}`, number(count));
    $(`c-${name}`).classList.toggle("some", name !== "stanzas" && count > 0);
  }
}

/** One outage, also while it lasts. @param {import("../outage.js").Loss} loss */
export function showLoss({ date, ms, attempts, last }) {
  $("last-loss").hidden = false;
  const values = { time: clock(date), s: secondsOf(ms), n: number(attempts), reason: within(last) };
  put("last-loss", t(attempts > 1 ? "last_loss_many" : "last_loss", values));
}

/**
 * What the server reports about itself and this request; refreshed while the page is visible. While the server is away, the last
 * answer stays, and says from when it is.
 */
export class Facts {
  /** When the server was found to be away, by the clock of `performance.now()`; null while it answers. @type {number | null} */
  #awaySince = null;
  /** When the last answer came. */
  #asOf = new Date();

  /** @param {URL} root */
  constructor(root) {
    this.url = new URL("hosting.json", root);
    /** @type {any} the last answer */
    this.hosting = null;
    setInterval(() => this.refresh(), EVERY_MS);
  }

  /** When the facts are from, if they are old. */
  get asOf() {
    return this.hosting && this.#awaySince !== null ? this.#asOf : null;
  }

  async refresh() {
    if (document.hidden) return;
    const askedAt = performance.now();
    try {
      const answer = await fetch(this.url, { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      this.hosting = await answer.json();
    } catch {
      this.away();
      return;
    }
    this.#asOf = new Date();
    // What was asked before the stream was lost says nothing of the time after.
    if (this.#awaySince !== null && askedAt >= this.#awaySince) this.#awaySince = null;
    this.#show();
  }

  /** The server does not answer, or the stream is gone: what is shown is old from now on. */
  away() {
    this.#awaySince ??= performance.now();
    this.#showAge();
  }

  /** How many read now; the stream says so sooner than `hosting.json`. @param {import("../stream/notices.js").Readers} readers */
  readers({ here, all, nodes }) {
    const values = { n: number(all), nodes: number(nodes), here: number(here) };
    put("f-readers", t(nodes > 1 ? "readers_nodes" : "readers", values));
  }

  #show() {
    const { host, request, readers, version } = this.hosting;
    put("f-host", hostName(host.value, request.forwarded));
    $("f-host").title = host.reason;
    put("f-prefix", request.prefix);
    const { fleet } = this.hosting;
    this.readers({ here: readers, all: fleet?.readers ?? readers, nodes: fleet?.nodes ?? 1 });
    put("f-server", `dante ${version}`);
    this.#showAge();
  }

  #showAge() {
    const { asOf } = this;
    $("facts").classList.toggle("old", asOf !== null);
    put("f-age", asOf ? t("as_of", { time: clock(asOf) }) : "");
  }
}

/** @param {string} host @param {[string, string][]} forwarded the headers that proxies add */
function hostName(host, forwarded) {
  if (host === "self" && forwarded.length) {
    return t("host_proxy", { headers: forwarded.map(([name]) => name).join(", ") });
  }
  return t(`host_${host}`);
}
