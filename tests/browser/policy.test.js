// A Content-Security-Policy that something on the way has put in the place of Dante's own: the page names what it forbids.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startMeddler } from "../support/meddler.js";
import { stanzas, useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];
const FOREIGN = "A Content-Security-Policy that is not Dante’s own forbids";

describe("a policy of somebody else", { concurrency: 2 }, () => {
  const open = useBrowser();

  async function visit(page, policy, dante) {
    const { origin } = dante ?? (await startDante(ARGS));
    const meddler = await startMeddler(origin, { policy });
    return open(`${meddler.origin}/${page}`);
  }

  it("script-src lets in nothing but the first script, which says so", async () => {
    const dante = await startDante(ARGS);
    const html = await (await fetch(`${dante.origin}/`)).text();
    const [, guard] = /src="([^"]+guard\.js)"/.exec(html);
    const met = await visit("", (host) => `default-src 'self'; script-src http://${host}/${guard}`, dante);
    const alert = met.page.getByRole("alert");
    await alert.waitFor();
    const said = await alert.innerText();
    assert.ok(said.startsWith("The page could not start."), said);
    assert.ok(said.includes(`/js/read.js did not load. ${FOREIGN} it: script-src http://`), said);
    assert.match(said, /Let it allow 'self'\./);
    assert.ok(await alert.getByRole("link", { name: "Read the poem as plain text" }).isVisible());
  });

  for (const page of ["", "compare/", "hello/"]) {
    it(`/${page}: script-src lets in nothing, and the poem is at hand all the same`, async () => {
      const met = await visit(page, "default-src 'self'; script-src 'none'");
      const link = met.$(".unstarted").getByRole("link", { name: "read the poem as plain text" });
      await link.waitFor();
      assert.equal((await met.page.request.get(await link.evaluate((a) => a.href))).status(), 200);
    });
  }

  it("style-src lets in nothing: the poem is read without, and the page says so quietly", async () => {
    const met = await visit("", "default-src 'self'; style-src 'none'");
    const notice = met.page.locator(".unloaded");
    await notice.waitFor();
    assert.equal(await notice.getAttribute("role"), "status");
    assert.ok((await notice.innerText()).includes(`${FOREIGN} it: style-src 'none'.`));
    await met.stanzas(3);
    assert.deepEqual((await met.parts()).slice(0, 3), stanzas(3));
  });

  for (const [page, policy] of [
    ["", "default-src 'self'; connect-src 'none'"],
    ["websocket/", "default-src 'self'; connect-src 'none'"],
    ["sse/", "default-src 'none'; script-src 'self'; style-src 'self'"],
  ]) {
    it(`/${page}: ${policy}`, async () => {
      const met = await visit(page, policy);
      await met.state("refused");
      const directive = page === "sse/" ? "default-src 'none'" : "connect-src 'none'";
      assert.equal(
        await met.text("#how"),
        `${FOREIGN} the connection: ${directive}: let its connect-src allow 'self', and the ws: and wss: addresses of this host.`,
      );
      assert.match(await met.text("#message"), /refused: a Content-Security-Policy that is not Dante’s own/);
      assert.ok(!(await met.notes()).states.includes("lost"));
    });
  }

  it("connect-src lets no WebSocket through: long polling goes on, and the page accuses no proxy", async () => {
    const policy = (host) => `default-src 'self'; connect-src http://${host}`;
    const dante = await startDante(ARGS);
    const met = await visit("", policy, dante);
    await met.state("polling");
    await met.stanzas(3);
    const how = await met.text("#how");
    assert.ok(how.startsWith(`${FOREIGN} the connection: connect-src http:`), how);
    assert.match(how, /The poem still streams/);
    assert.doesNotMatch(how, /proxy/);
    const plain = await visit("websocket/", policy, dante);
    await plain.state("refused");
    assert.match(await plain.text("#how"), /forbids the connection: connect-src http:/);
  });

  it("hello: names it, too", async () => {
    const met = await visit("hello/", "default-src 'self'; connect-src 'none'");
    await met.$("#status").filter({ hasText: "a Content-Security-Policy that is not Dante’s own" }).waitFor();
  });

  it("one that only reports is no trouble", async () => {
    const { origin } = await startDante(ARGS);
    const visited = await open(`${origin}/`, {
      prepare: (page) =>
        page.route(`${origin}/`, async (route) => {
          const response = await route.fetch();
          const headers = {
            ...response.headers(),
            "content-security-policy-report-only": "default-src 'none'",
          };
          await route.fulfill({ response, headers });
        }),
    });
    await visited.stanzas(3);
    assert.equal(await visited.$(".unloaded").count(), 0);
  });
});
