// Trouble in Firefox: what never answers, what is cut regularly, and the remedy that fits.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startHost } from "../support/host.js";
import { useFirefox } from "./firefox.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "250ms"];

async function behind(treat) {
  const { origin } = await startDante(ARGS);
  return startHost(origin, treat);
}

/** Waits until the page says something of its stream, and returns it. */
async function said(visit, pattern) {
  await visit.until((wanted) => new RegExp(wanted).test(document.getElementById("how").textContent), pattern);
  return visit.text("#how");
}

describe("trouble in Firefox", { concurrency: 2 }, () => {
  const open = useFirefox();

  it("an upgrade that is never answered is blocked, and long polling is a click away", async () => {
    const host = await behind((_request, upgrade) => ({ hang: upgrade }));
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("blocked");
    assert.match(await visit.text("#how"), /^No answer to the upgrade within 8 s, although/);
    const buttons = await visit.texts("#message button");
    assert.deepEqual(buttons, ["Try now", "Use long polling"]);
    await visit.evaluate(() => document.querySelectorAll("#message button")[1].click());
    await visit.state("polling");
    await visit.stanzas(2);
  });

  it("an event stream whose head does not come is lost, and comes back", async () => {
    const host = await behind((request) => ({ hang: /sse\/stream/.test(request.url ?? "") }));
    const visit = await open(`${host.origin}/sse/`);
    await visit.state("lost");
    assert.match(await visit.text("#how"), /^No answer within 8 s/);
    host.treat = () => undefined;
    await visit.state("streaming");
  });

  for (const page of ["websocket/", "sse/"]) {
    it(`/${page} that is cut at an age says so`, async () => {
      const host = await behind((request) =>
        /websocket\/ws|sse\/stream/.test(request.url ?? "") ? { cutMs: 3000 } : undefined,
      );
      const visit = await open(`${host.origin}/${page}`);
      const how = await said(visit, "Cut every");
      assert.match(how, /Cut every [\d.]+ s: raise the proxy’s time-out for whole requests\.$/);
    });
  }

  it("a forbidden WebSocket has its remedy", async () => {
    const host = await behind((request) =>
      /websocket\/ws/.test(request.url ?? "") ? { status: 403 } : undefined,
    );
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("blocked");
    assert.match(await visit.text("#how"), /403 Forbidden: look for a firewall’s or a policy’s rule/);
  });
});
