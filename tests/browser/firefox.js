// Firefox as Debian has it, driven over WebDriver BiDi, the W3C's protocol that it speaks itself: JSON over a
// WebSocket. The libraries that speak it want a newer Node.js than these tests do, and many packages.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { WebSocket } from "ws";
import { takeNotes } from "./notes.js";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** How long a page may take to show what is waited for. */
const PATIENCE_MS = 40_000;

/** The browser itself asks nobody for anything. Whoever drives it has switched most of this off already. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "intl.accept_languages": "en-GB",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#none",
};

/** A connection over which commands go and events come. */
class Bidi extends EventEmitter {
  #asked = new Map();
  #last = 0;

  constructor(socket) {
    super();
    // Each page listens for itself.
    this.setMaxListeners(0);
    this.socket = socket;
    socket.on("message", (data) => {
      const { type, id, method, params, result, error, message } = JSON.parse(data);
      if (type === "event") {
        this.emit(method, params);
        return;
      }
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (type === "success") resolve(result);
      else reject(new Error(`${error}: ${message}`));
    });
    socket.on("close", () => {
      for (const { reject } of this.#asked.values()) reject(new Error("Firefox is gone"));
    });
  }

  send(method, params = {}) {
    this.#last += 1;
    const id = this.#last;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }
}

/** One page, in a window of its own: a tab in the background would be put to sleep. */
class Visit {
  constructor(bidi, context) {
    this.bidi = bidi;
    this.context = context;
    /** Errors and warnings of the console, and exceptions. */
    this.complaints = [];
    this.failed = [];
    /** URLs, in the order of the requests. */
    this.requests = [];
    bidi.on("log.entryAdded", ({ level, text, source }) => {
      if (source.context === context && ["error", "warn"].includes(level)) this.complaints.push(text);
    });
    bidi.on("network.beforeRequestSent", ({ context: of, request }) => {
      if (of === context) this.requests.push(request.url);
    });
    bidi.on("network.fetchError", ({ context: of, request, errorText }) => {
      // At the end the page itself closes an event stream, if the server was not faster.
      const closed = errorText === "NS_BINDING_ABORTED" && request.url.includes("/sse/stream");
      if (of === context && !closed) this.failed.push(`${request.url}: ${errorText}`);
    });
  }

  /** Calls a function in the page, and returns what it, or its promise, returns. */
  async evaluate(script, ...values) {
    const { result, exceptionDetails } = await this.bidi.send("script.callFunction", {
      // What is returned goes as JSON: the protocol's own notation has a type with each value.
      functionDeclaration: `async (given) => JSON.stringify(await (${script})(...JSON.parse(given)))`,
      arguments: [{ type: "string", value: JSON.stringify(values) }],
      target: { context: this.context },
      awaitPromise: true,
    });
    assert.equal(exceptionDetails?.text, undefined);
    return result.type === "undefined" ? undefined : JSON.parse(result.value);
  }

  /** Waits until something is true in the page; it may change whenever the document does. */
  async until(condition, ...values) {
    const wait = (met, patience, given) =>
      new Promise((resolve, reject) => {
        const observer = new MutationObserver(look);
        const failure = () => reject(new Error(`in vain; the page says: ${document.body.innerText}`));
        const timer = setTimeout(failure, patience);
        function look() {
          if (!met(...given)) return;
          observer.disconnect();
          clearTimeout(timer);
          resolve();
        }
        observer.observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
        look();
      });
    await this.evaluate(
      `(patience, ...given) => (${wait})(${condition}, patience, given)`,
      PATIENCE_MS,
      ...values,
    );
  }

  /** Waits until the page is in a state. */
  async state(name) {
    await this.until((wanted) => document.body.dataset.state === wanted, name);
  }

  /** Waits until so many stanzas have come. */
  async stanzas(count) {
    await this.until((wanted) => Object.keys(window.notes.arrivals).length >= wanted, count);
  }

  async notes() {
    return await this.evaluate(() => window.notes);
  }

  /** Closes its window. */
  async close() {
    await this.bidi.send("browsingContext.close", { context: this.context });
  }

  /** The texts of all elements that a selector names. */
  async texts(selector) {
    return await this.evaluate(
      (all) => [...document.querySelectorAll(all)].map((element) => element.innerText),
      selector,
    );
  }

  async text(selector) {
    return (await this.texts(selector))[0];
  }

  /** Fails when anything went to another host, failed, or was complained about. */
  async assertQuiet() {
    const { host } = new URL(this.url);
    // Firefox has the font of its own list marks as data: nothing is asked for.
    const asked = this.requests.filter((url) => !url.startsWith("data:"));
    const elsewhere = asked.filter((url) => new URL(url).host !== host);
    const { violations } = await this.notes();
    assert.ok(this.requests.includes(this.url), this.requests.join("\n"));
    assert.deepEqual([elsewhere, this.failed, this.complaints, violations], [[], [], [], []]);
  }
}

/** Starts Firefox with a profile of its own, without a window on any screen. */
async function launch() {
  const profile = mkdtempSync(path.join(tmpdir(), "dante-firefox-"));
  const preferences = Object.entries(PREFERENCES);
  const lines = preferences.map(
    (both) => `user_pref(${both.map((one) => JSON.stringify(one)).join(", ")});\n`,
  );
  writeFileSync(path.join(profile, "user.js"), lines.join(""));
  const child = spawn(
    FIREFOX,
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"],
    {
      // Whoever runs the tests may have no home, or that of somebody else, which Firefox does not want.
      env: { ...process.env, HOME: profile },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  // One that could not be started at all has an error for its end.
  const ended = once(child, "exit").catch(() => {});
  const quit = async (ask) => {
    await ask().catch(() => child.kill("SIGKILL"));
    await ended;
    rmSync(profile, { recursive: true, force: true });
  };
  let said = "";
  let url;
  for await (const line of createInterface(child.stderr)) {
    said += `${line}\n`;
    url = /^WebDriver BiDi listening on (\S+)$/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) {
    await quit(() => Promise.reject());
    throw new Error(`Firefox ended before it listened:\n${said}`);
  }
  // What it says from now on is nobody's, but a full pipe would stop it.
  child.stderr.resume();
  const socket = new WebSocket(`${url}/session`);
  await once(socket, "open");
  return { bidi: new Bidi(socket), quit };
}

/**
 * Gives the suite that calls it Firefox, and returns the function that opens a page in it.
 * @param {object} capabilities of WebDriver, such as `acceptInsecureCerts`
 * @returns {(url: string, patience?: number, wait?: "complete" | "none") => Promise<Visit>} fails when the page does not open in so many
 *   milliseconds; `wait` is what of it is waited for
 */
export function useFirefox(capabilities = {}) {
  let browser;
  before(async () => {
    browser = await launch();
    await browser.bidi.send("session.new", { capabilities: { alwaysMatch: capabilities } });
    const events = ["log.entryAdded", "network.beforeRequestSent", "network.fetchError"];
    await browser.bidi.send("session.subscribe", { events });
  });
  after(() => browser?.quit(() => browser.bidi.send("browser.close")));
  return async (url, patience = PATIENCE_MS, wait = "complete") => {
    const { bidi } = browser;
    const { context } = await bidi.send("browsingContext.create", { type: "window" });
    const visit = new Visit(bidi, context);
    await bidi.send("script.addPreloadScript", {
      functionDeclaration: String(takeNotes),
      contexts: [context],
    });
    visit.url = url;
    const opened = bidi.send("browsingContext.navigate", { context, url, wait });
    const late = AbortSignal.timeout(patience);
    const waited = once(late, "abort").then(() => Promise.reject(new Error(`${url} does not open`)));
    try {
      await Promise.race([opened, waited]);
    } catch (error) {
      opened.catch(() => {});
      await visit.close();
      throw error;
    }
    waited.catch(() => {});
    return visit;
  };
}
