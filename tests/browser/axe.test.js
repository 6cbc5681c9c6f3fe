// For everyone: axe-core finds nothing on any page in any state, in both colour schemes, narrow and wide.
// Pictures of each are kept in tests/artifacts, for a designer to look at.

import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const SIZES = [
  [1440, 900],
  [320, 640],
];
const SLOW = ["--interval", "1s"];
const PLAIN = ["--poem", poemFile(8), "--interval", "50ms"];

/** Checks the page as it is now, in every look. `only` are the states it may be in meanwhile. */
async function check(visit, name, states) {
  for (const colorScheme of ["light", "dark"]) {
    await visit.page.emulateMedia({ colorScheme });
    for (const [width, height] of SIZES) {
      await visit.page.setViewportSize({ width, height });
      const look = `${name}-${width}-${colorScheme}`;
      await visit.screenshot(look);
      await visit.assertAccessible(look);
      if (states) await visit.state(states);
    }
  }
  await visit.page.setViewportSize({ width: 768, height: 1024 });
  await visit.screenshot(`${name}-768-dark`);
}

describe("axe-core", { concurrency: 2, timeout: 300_000 }, () => {
  const open = useBrowser();
  // What is half faded in has half its contrast; reduced motion shows what stays.
  const visit = (url, options = {}) => open(url, { reducedMotion: "reduce", ...options });

  const STATES = {
    connecting: async () => {
      const { origin } = await startDante();
      return visit(`${origin}/`, { prepare: (page) => page.routeWebSocket(/socket\.io\/\?/, () => {}) });
    },
    streaming: async () => visit(`${(await startDante(SLOW)).origin}/`),
    polling: async () => visit(await startBehindRelay(SLOW, { blockWebSocket: true })),
    bursts: async () => {
      const args = ["--interval", "300ms"];
      return visit(`${await startBehindRelay(args, { bufferMs: 2500 })}sse/`);
    },
    lost: async () => {
      const dante = await startDante(SLOW);
      const page = await visit(`${dante.origin}/`);
      await page.stanzas(2);
      await dante.end("SIGKILL");
      return page;
    },
    refused: async () => visit(await startBehindRelay([], { refuse: /socket\.io\/\?/ })),
    silent: async () => {
      const { origin } = await startDante(["--interval", "200ms"]);
      return visit(`${origin}/websocket/`, {
        prepare: (page) =>
          page.routeWebSocket(/\/ws/, (socket) => {
            socket.connectToServer().onMessage((message) => {
              if (Number(/"index":(\d+)/.exec(message)?.[1] ?? 0) < 3) socket.send(message);
            });
          }),
      });
    },
    end: async () => visit(`${(await startDante(["--interval", "100ms"])).origin}/?stanza=130`),
  };
  for (const [name, reach] of Object.entries(STATES)) {
    it(`reading, ${name}`, async () => {
      const page = await reach();
      await page.state(name);
      if (["streaming", "polling"].includes(name)) await page.stanzas(3);
      await check(page, `reading-${name}`, name);
    });
  }

  it("reading, held, with the contents and the panel open where they are sheets", async () => {
    const { origin } = await startDante(["--interval", "300ms"]);
    const page = await visit(`${origin}/?lang=it`);
    await page.stanzas(4);
    await page.$("#hold").click();
    await page.$("#back").waitFor();
    await check(page, "reading-held");
    await page.page.setViewportSize({ width: 320, height: 640 });
    for (const sheet of ["contents", "panel"]) {
      await page.$(`.dock .show-${sheet}`).click();
      await page.$(`#${sheet}.open`).waitFor();
      await page.screenshot(`sheet-${sheet}-320`);
      await page.assertAccessible(`sheet-${sheet}`);
      await page.page.keyboard.press("Escape");
    }
  });

  it("reading, resumed after a loss, of another text, one without cantos", async () => {
    const dante = await startDante(PLAIN.with(-1, "200ms"));
    const page = await visit(`${dante.origin}/`);
    await page.stanzas(3);
    await dante.end("SIGKILL");
    await page.state("lost");
    await startDante(["--poem", poemFile(9), "--interval", "50ms"], { port: dante.port });
    await page.state("end");
    await page.$(".changed").waitFor();
    await check(page, "reading-resumed", "end");
  });

  it("compare", async () => {
    const page = await visit(`${await startBehindRelay(SLOW, { blockWebSocket: true })}compare/`);
    await page.state("blocked");
    await check(page, "compare-blocked");
    const good = await visit(`${(await startDante(SLOW)).origin}/compare/`);
    await good.state("streaming");
    await check(good, "compare");
    const refused = await visit(`${await startBehindRelay(SLOW, { refuse: /sse\/stream/ })}compare/`);
    await refused.state("refused");
    await check(refused, "compare-refused");
    const lumps = await startBehindRelay(["--poem", poemFile(100), "--interval", "300ms"], {
      bufferMs: 2500,
    });
    const bursts = await visit(`${lumps}compare/`);
    await bursts.state("bursts");
    await check(bursts, "compare-bursts");
    const dante = await startDante(SLOW);
    const lost = await visit(`${dante.origin}/compare/`);
    await lost.state("streaming");
    await dante.end("SIGKILL");
    await lost.state("lost");
    await check(lost, "compare-lost");
  });

  it("what this is, and what is not there", async () => {
    const { origin } = await startDante();
    await check(await visit(`${origin}/about/`), "about");
    await check(await visit(`${origin}/?canto=inferno/34`), "error-canto");
    await check(await visit(`${origin}/some/where?lang=it`), "error-nothing");
  });

  it("reading, with an offer to continue", async () => {
    const { origin } = await startDante(SLOW);
    const page = await visit(`${origin}/compare/`);
    await page.page.evaluate(() => {
      const place = { index: 21, canticle: "Inferno", canto: 1, line: 64 };
      localStorage.setItem(`dante-place-${document.body.dataset.edition}`, JSON.stringify(place));
    });
    await page.page.goto(`${origin}/`);
    await page.$("#continue-there").waitFor();
    await check(page, "reading-continue");
    // The reader's choice is as well to be read as the system's.
    for (const theme of ["dark", "light"]) {
      await page.page.emulateMedia({ colorScheme: theme === "dark" ? "light" : "dark" });
      await page.page.setViewportSize({ width: 1440, height: 900 });
      await page.$("#theme").selectOption(theme);
      await page.assertAccessible(`chosen: ${theme}`);
    }
  });

  it("hello", async () => {
    const page = await visit(`${(await startDante()).origin}/hello/`);
    await page.state("connected");
    await page.$("#start").click();
    await page.$("#tries").waitFor();
    await check(page, "hello", "connected");
    const dante = await startDante();
    const lost = await visit(`${dante.origin}/hello/`);
    await lost.state("connected");
    await dante.end("SIGKILL");
    await lost.state("lost");
    await check(lost, "hello-lost", "lost");
    const refused = await visit(`${await startBehindRelay([], { refuse: /socket\.io\.js/ })}hello/`);
    await refused.state("refused");
    await check(refused, "hello-refused", "refused");
  });

  it("without JavaScript", async () => {
    const { origin } = await startDante();
    for (const path of ["", "compare/", "hello/", "about/"]) {
      const page = await visit(`${origin}/${path}`, { prepare: withoutScripts });
      await page.screenshot(`noscript-${path.slice(0, -1) || "reading"}`);
      await page.assertAccessible(`no scripts: ${path}`);
    }
  });
});

/** Shows the page as it is where scripts are switched off; axe-core itself is one. */
async function withoutScripts(page) {
  await page.route(/\/$/, async (route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace(/<script.*?<\/script>|<\/?noscript>/gs, "");
    await route.fulfill({ response, body: html });
  });
}
