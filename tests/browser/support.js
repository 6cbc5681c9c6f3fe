// A real browser and what it saw: what a page shows, what it loaded, what the console said. What was shown
// when is noted down in the page itself, by the browser's own clock, so that nothing passes unseen.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { takeNotes } from "./notes.js";

export { stanzas } from "./notes.js";

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
const PATIENCE_MS = 40_000;

/** What axe-core checks. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

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

  /** The elements that a selector names. */
  $(selector) {
    return this.page.locator(selector);
  }

  text(selector) {
    return this.$(selector).innerText();
  }

  /** Waits until the page is in a state. */
  async state(name) {
    await this.$(`body[data-state="${name}"]`).waitFor();
  }

  /** Waits until so many stanzas have come. */
  async stanzas(count) {
    await this.until((wanted) => Object.keys(window.notes.arrivals).length >= wanted, count);
  }

  /** Waits until something is true in the page. */
  async until(condition, argument) {
    await this.page.waitForFunction(condition, argument, { polling: 50 });
  }

  /** @returns {Promise<{parts: string[], arrivals: Record<string, number>, states: string[], said: object}>} */
  async notes() {
    return await this.page.evaluate(() => window.notes);
  }

  /** The parts of the poem in the order in which they came, as `stanza 0`, `break: text`, `fault: text`. */
  async parts() {
    return (await this.notes()).parts;
  }

  /** Everything that was loaded, without the icon, which browsers load when, and if, they like. */
  loaded() {
    const paths = [...this.requests, ...this.sockets].map((url) => new URL(url).pathname);
    return paths.filter((at) => !at.endsWith("/icon.svg"));
  }

  /** Fails when anything went to another host, failed, or was complained about. */
  assertQuiet() {
    const { host } = new URL(this.page.url());
    const elsewhere = [...this.requests, ...this.sockets].filter((url) => new URL(url).host !== host);
    assert.deepEqual([elsewhere, this.failed, this.complaints], [[], [], []]);
  }

  /** Asserts that axe-core finds nothing, as the page is now. */
  async assertAccessible(name, rules = {}) {
    // What is fading in has not its own colour yet.
    await this.page.emulateMedia({ reducedMotion: "reduce" });
    await this.page.evaluate(axe.source);
    const violations = await this.page.evaluate(
      async (options) => {
        const found = await window.axe.run(document, options);
        return found.violations.map(({ id, nodes }) => [
          id,
          nodes.map(({ html, any }) => [html, any[0]?.message]),
        ]);
      },
      { runOnly: { type: "tag", values: RULES }, rules },
    );
    assert.deepEqual(violations, [], name);
  }

  /** Saves what is seen, for a person to look at. */
  async screenshot(name) {
    mkdirSync(ARTIFACTS, { recursive: true });
    await this.page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
  }
}

/** Dante behind the relay, as behind IIS; its page is at `/dante/`. */
export async function startBehindRelay(args = [], options = {}) {
  const { socketPath } = startUnderIisnode({ args });
  const { origin } = await startRelay(socketPath, options);
  return `${origin}/dante/`;
}

/**
 * Gives the suite that calls it a browser, and returns the function that opens a page in it.
 * @returns {(url: string, options?: import("playwright-core").BrowserContextOptions & {prepare?: (page:
 *   import("playwright-core").Page) => Promise<void>, notes?: boolean, wait?: "load" | "commit"}) => Promise<Visit>} `wait` is what of the page is waited for
 */
export function useBrowser() {
  let browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  after(() => browser?.close());
  return async (url, { prepare = async () => {}, notes = true, wait = "load", ...options } = {}) => {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    after(() => context.close());
    context.setDefaultTimeout(PATIENCE_MS);
    if (notes) await context.addInitScript(takeNotes);
    const visit = new Visit(await context.newPage());
    await prepare(visit.page);
    try {
      visit.response = await visit.page.goto(url, { waitUntil: wait });
    } catch (error) {
      await context.close();
      throw error;
    }
    return visit;
  };
}
