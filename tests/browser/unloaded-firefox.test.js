// The same as unloaded.test.js and policy.test.js in Firefox, in short: what browsers tell of such failures, and when, differs most.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startMeddler } from "../support/meddler.js";
import { useFirefox } from "./firefox.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];
const FOREIGN = "A Content-Security-Policy that is not Dante’s own forbids";

/** Whether an element says something. */
const says = (selector, text) => document.querySelector(selector)?.innerText.includes(text);

describe("a page that does not all come, in Firefox", { concurrency: 2 }, () => {
  const open = useFirefox();

  async function visit(page, options, wait) {
    const { origin } = options.dante ?? (await startDante(ARGS));
    const meddler = await startMeddler(origin, options);
    return { ...meddler, met: await open(`${meddler.origin}/${page}`, undefined, wait) };
  }

  const instead = (pattern, answer) => ({ answer: (url) => (pattern.test(url) ? answer : undefined) });

  it("its script is refused by a rate limit", async () => {
    const { met } = await visit("", instead(/js\/read\.js/, { status: 429 }));
    await met.until(
      says,
      "main [role=alert]",
      "js/read.js did not load. The answer was 429 Too Many Requests",
    );
    await met.until(says, "#badge", "Not started");
  });

  it("its script cannot be read", async () => {
    const broken = { status: 200, type: "text/javascript", body: "let x = ;" };
    const { met } = await visit("", instead(/js\/read\.js/, broken));
    await met.until(says, "main [role=alert]", "The page’s script broke off: SyntaxError");
  });

  it("the client library is refused by a rate limit", async () => {
    const { met } = await visit("", instead(/socket\.io\.js/, { status: 429 }));
    await met.until(says, "#how", "/socket.io/socket.io.js. The answer was 429 Too Many Requests");
  });

  it("its style hangs", async () => {
    const { met, release } = await visit("", instead(/\.css/, "hang"), "none");
    // Its scripts wait for the style, whatever becomes of it.
    await met.until(says, "main [role=alert]", "After ten seconds, this has not come: /static/");
    release();
    await met.stanzas(2);
    await met.until(() => !document.querySelector(".unloaded"));
  });

  it("script-src lets in nothing but the first script", async () => {
    const dante = await startDante(ARGS);
    const html = await (await fetch(`${dante.origin}/`)).text();
    const [, guard] = /src="([^"]+guard\.js)"/.exec(html);
    const policy = (host) => `default-src 'self'; script-src http://${host}/${guard}`;
    const { met } = await visit("", { dante, policy });
    await met.until(says, "main [role=alert]", `js/read.js did not load. ${FOREIGN} it: script-src http://`);
  });

  it("style-src lets in nothing", async () => {
    const { met } = await visit("", { policy: "default-src 'self'; style-src 'none'" });
    await met.until(says, "main [role=status]", `${FOREIGN} it: style-src 'none'.`);
    await met.stanzas(2);
  });

  for (const page of ["", "websocket/", "sse/"]) {
    it(`/${page}: connect-src lets in nothing`, async () => {
      const { met } = await visit(page, { policy: "default-src 'self'; connect-src 'none'" });
      await met.state("refused");
      await met.until(says, "#how", `${FOREIGN} the connection: connect-src 'none'`);
      assert.ok(!(await met.notes()).states.includes("lost"));
    });
  }

  it("connect-src lets no WebSocket through", async () => {
    const policy = (host) => `default-src 'self'; connect-src http://${host}`;
    const { met } = await visit("", { policy });
    await met.state("polling");
    await met.until(says, "#how", `${FOREIGN} the connection: connect-src http:`);
  });
});
