// What Chromium and Firefox get of a Dante behind a host: the page that compares the transports says it itself.

import { setTimeout as delay } from "node:timers/promises";

import { useFirefox } from "../browser/firefox.js";
import { useBrowser } from "../browser/support.js";

export const TRANSPORTS = ["socketio-websocket", "socketio-polling", "websocket", "sse"];
/** So many stanzas show that a transport works. */
const ENOUGH = 4;
/** How long the others may take, once one has brought so many; those of which the page says that they fail; all of them; and the page itself. */
const PATIENCE_MS = { others: 4000, failing: 3000, all: 10_000, page: 8000 };
/** States in which the page gets nothing, and says so. */
const FAILING = ["blocked", "lost", "refused"];
const LOOK_MS = 200;

/** What the page shows of each transport: its state, and how many stanzas; null until it is there. Runs in the page. */
function look() {
  const cells = [...document.querySelectorAll('tr[data-figure="state"] td[data-choice]')];
  if (cells.length === 0) return null;
  return Object.fromEntries(
    cells.map(({ dataset: { choice, state = "" } }) => {
      const shown = document.querySelectorAll(
        `.rows td[data-choice="${choice}"] .thread:not(.due):not(.none)`,
      );
      return [choice, { state, stanzas: shown.length }];
    }),
  );
}

/** Watches a page until each transport has brought enough, or the others have had their time. */
async function watch(ask) {
  const start = Date.now();
  let full = Infinity;
  for (;;) {
    const seen = await ask();
    const now = Date.now();
    const isFull = (name) => seen?.[name]?.stanzas >= ENOUGH;
    const fails = (name) => FAILING.includes(seen?.[name]?.state) && now - start > PATIENCE_MS.failing;
    if (TRANSPORTS.some(isFull)) {
      full = Math.min(full, now);
    }
    const late = now - full > PATIENCE_MS.others || now - start > PATIENCE_MS.all;
    if (late || TRANSPORTS.every((name) => isFull(name) || fails(name))) {
      return seen;
    }
    await delay(LOOK_MS);
  }
}

/**
 * Gives the tests that call it both browsers.
 * @returns {Record<"chromium" | "firefox", (url: string) => Promise<object | null>>} each opens a page, and gives what each transport brought; null if the
 *   page could not be opened
 */
export function useBrowsers() {
  const openChromium = useBrowser();
  const openFirefox = useFirefox({ acceptInsecureCerts: true });
  return {
    async chromium(url) {
      const visit = await openChromium(url, {
        ignoreHTTPSErrors: true,
        notes: false,
        prepare: async (page) => page.setDefaultNavigationTimeout(PATIENCE_MS.page),
      }).catch(() => null);
      if (!visit) {
        return null;
      }
      const seen = await watch(() => visit.page.evaluate(look));
      await visit.page.context().close();
      return seen;
    },
    async firefox(url) {
      const visit = await openFirefox(url, PATIENCE_MS.page).catch(() => null);
      if (!visit) {
        return null;
      }
      const seen = await watch(() => visit.evaluate(look));
      await visit.close();
      return seen;
    },
  };
}
