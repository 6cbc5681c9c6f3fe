// A real browser and what it saw: what a page shows, what it loaded, what the console said. When a stanza
// came, and which states there were, is noted down in the page itself, by the browser's own clock.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARTIFACTS = path.resolve(import.meta.dirname, "../artifacts");

/** For a machine without graphics; the browser itself asks nobody for anything. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long a page may take to show what is waited for. */
const PATIENCE_MS = 20_000;

/** Runs in the page before its own scripts: notes each stanza's arrival, each state, each answer. */
function takeNotes() {
  const notes = { arrivals: {}, states: [], answers: [] };
  window.notes = notes;
  const look = (records) => {
    for (const { target, type, addedNodes } of records) {
      if (type === "attributes" && target === document.body) {
        if (notes.states.at(-1) !== target.dataset.state) notes.states.push(target.dataset.state);
      } else if (target.id === "answer") {
        notes.answers.push(target.textContent);
      }
      for (const node of addedNodes) {
        if (node.className === "stanza") notes.arrivals[node.dataset.index] ??= performance.now();
      }
    }
  };
  const what = { attributeFilter: ["data-state"], childList: true, subtree: true };
  new MutationObserver(look).observe(document, what);
}

/** One page, in a context of its own. */
class Visit {
  constructor(page) {
    this.page = page;
    /** Errors and warnings of the console (a CSP violation is one), and exceptions. */
    this.complaints = [];
    this.failed = [];
    /** URLs, in the order of the requests. */
    this.requests = [];
    this.sockets = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText;
      // At the end the page itself closes an event stream, if the server was not faster.
      const closed = request.resourceType() === "eventsource" && why === "net::ERR_ABORTED";
      if (!closed) this.failed.push(`${request.url()}: ${why}`);
    });
    page.on("request", (request) => this.requests.push(request.url()));
    page.on("websocket", (socket) => this.sockets.push(socket.url()));
  }

  /** Waits until the page is in a state whose name starts like this. */
  async state(name) {
    await this.page.locator(`body[data-state^="${name}"]`).waitFor();
  }

  /** Waits until so many stanzas are shown. */
  async stanzas(count) {
    await this.page.locator(".stanza").nth(count - 1).waitFor();
  }

  /** The parts of the poem's element, as `stanza 0`, `note: text`, `fault: text`, `canto: text`. */
  async shown() {
    return await this.page.locator("#poem > *").evaluateAll((elements) =>
      elements.map(({ className, dataset, textContent }) =>
        className === "stanza" ? `stanza ${dataset.index}` : `${className}: ${textContent}`,
      ),
    );
  }

  /** @returns {Promise<{arrivals: Record<string, number>, states: string[], answers: string[]}>} */
  async notes() {
    return await this.page.evaluate(() => window.notes);
  }

  /**
   * Everything that was loaded, each request and each socket: paths without queries. The icon is left out,
   * which browsers load when, and if, they like.
   */
  loaded() {
    const paths = [...this.requests, ...this.sockets].map((url) => new URL(url).pathname);
    return paths.filter((at) => !at.endsWith("/icon.svg"));
  }

  /** Fails when anything went to another host, failed, or was complained about. */
  assertQuiet() {
    const { host } = new URL(this.page.url());
    assert.deepEqual([...this.requests, ...this.sockets].filter((url) => new URL(url).host !== host), []);
    assert.deepEqual(this.failed, []);
    assert.deepEqual(this.complaints, []);
  }

  /** Saves what is seen, for a person to look at. */
  async screenshot(name, [width, height]) {
    mkdirSync(ARTIFACTS, { recursive: true });
    await this.page.setViewportSize({ width, height });
    await this.page.screenshot({ path: path.join(ARTIFACTS, `${name}-${width}x${height}.png`) });
  }
}

/** `stanza 0` to `stanza count-1`. */
export const stanzas = (count) => Array.from({ length: count }, (_, index) => `stanza ${index}`);

/**
 * Gives the suite that calls it a browser, and returns the function that opens a page in it.
 * @returns {(url: string, prepare?: (page: import("playwright-core").Page) => Promise<void>) => Promise<Visit>}
 */
export function useBrowser() {
  let browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  after(() => browser?.close());
  return async (url, prepare = async () => {}) => {
    const context = await browser.newContext();
    after(() => context.close());
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(takeNotes);
    const visit = new Visit(await context.newPage());
    await prepare(visit.page);
    visit.response = await visit.page.goto(url);
    return visit;
  };
}
