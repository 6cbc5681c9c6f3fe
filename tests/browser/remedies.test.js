// Remedies that fit what was answered, an outage that is counted whole, and a device without a network.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startHost } from "../support/host.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];

/** Dante behind a host that answers a page's stream with a status. */
async function behind(treat) {
  const { origin } = await startDante(ARGS);
  return startHost(origin, treat);
}

describe("remedies", { concurrency: 3 }, () => {
  const open = useBrowser();

  for (const [status, state, remedy] of [
    [401, "refused", /answered 401 Unauthorized: sign in again, or exempt this path/],
    [
      403,
      "refused",
      /answered 403 Forbidden: look for a firewall’s or a policy’s rule that forbids this path\.$/,
    ],
    [404, "refused", /answered 404 Not Found: check the prefix and the proxy’s route/],
    [413, "refused", /answered 413 Content Too Large: raise the proxy’s limit on the size of requests\.$/],
    [
      429,
      "lost",
      /^The answer was 429 Too Many Requests: raise the limit on requests.*The page keeps trying, from stanza 1\.$/,
    ],
    [
      502,
      "lost",
      /^The answer was 502 Bad Gateway: check that the server behind the proxy runs, and the address/,
    ],
    [
      503,
      "lost",
      /^The answer was 503 Service Unavailable: .*a maintenance page answers this, too\. The page/,
    ],
    [504, "lost", /^The answer was 504 Gateway Timeout: look in the server’s log/],
  ]) {
    it(`${status} at server-sent events`, async () => {
      const host = await behind((request) =>
        /sse\/stream/.test(request.url ?? "") ? { status } : undefined,
      );
      const visit = await open(`${host.origin}/sse/`);
      await visit.state(state);
      const how = await visit.text("#how");
      assert.match(how, remedy);
      if (status !== 404) assert.doesNotMatch(how, /prefix/);
    });
  }

  it("a WebSocket that is forbidden is blocked: a firewall's or a policy's rule, or the headers", async () => {
    const host = await behind((request) =>
      /websocket\/ws/.test(request.url ?? "") ? { status: 403 } : undefined,
    );
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("blocked");
    assert.equal(await visit.text("#badge"), "Blocked");
    assert.match(
      await visit.text("#how"),
      /403 Forbidden: look for a firewall’s or a policy’s rule.*Upgrade and Connection/,
    );
    await visit.$("#message").getByRole("button", { name: "Try again" }).waitFor();
    await visit.$("#message").getByRole("button", { name: "Use long polling" }).click();
    await visit.stanzas(2);
    await visit.state("polling");
  });

  it("an upgrade that is refused, with a status that browsers hide, is blocked", async () => {
    const host = await behind((_request, upgrade) => (upgrade ? { status: 403 } : undefined));
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("blocked");
    assert.match(
      await visit.text("#how"),
      /^The WebSocket could not be opened, although the server answers: .*Upgrade and Connection headers; a firewall/,
    );
    // Where the host lets it through again, it works without a word from the reader.
    host.treat = () => undefined;
    await visit.state("streaming");
  });

  it("Socket.IO asks how its upgrade was refused", async () => {
    const host = await behind((request) =>
      /transport=websocket/.test(request.url ?? "") ? { status: 403 } : undefined,
    );
    const visit = await open(`${host.origin}/`);
    await visit.state("polling");
    await visit.$("#how").filter({ hasText: "403 Forbidden" }).waitFor();
    assert.match(await visit.text("#how"), /look for a firewall’s or a policy’s rule against WebSocket/);
  });

  it("an outage is counted whole", async () => {
    const dante = await startDante(ARGS);
    const visit = await open(`${dante.origin}/sse/`, {
      prepare: (page) => page.addInitScript(() => (Math.random = () => 0)),
    });
    await visit.stanzas(3);
    await dante.end("SIGKILL");
    const lasts = visit
      .$("#last-loss")
      .filter({ hasText: /for [\d.]+ s, 3 attempts, last: there was no answer$/ });
    await lasts.waitFor();
    await startDante(ARGS, { port: dante.port });
    await visit.state("streaming");
    assert.match(
      await visit.text("#last-loss"),
      /^Lost at .* for [\d.]+ s, \d+ attempts, last: there was no answer$/,
    );
    assert.equal(await visit.text("#c-reconnects"), "1");
  });

  it("a device that is offline says so, and comes back as soon as it is online", async () => {
    const { origin } = await startDante(ARGS);
    const host = await startHost(origin, () => undefined);
    const visit = await open(`${host.origin}/sse/`);
    await visit.stanzas(3);
    const context = visit.page.context();
    await context.setOffline(true);
    host.cut();
    await visit.state("offline");
    assert.equal(await visit.text("#badge"), "Offline");
    assert.equal(await visit.text("#what"), "This device is offline.");
    await visit.assertAccessible("offline");
    const asked = host.asked.length;
    await context.setOffline(false);
    await visit.state("streaming");
    assert.ok(host.asked.length > asked);
    assert.match(await visit.text("#last-loss"), /this device is offline$/);
    const { states } = await visit.notes();
    assert.ok(!states.includes("cuts"), states.join());
  });

  it("says of a host only what is known", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/`);
    await visit.$("#f-host").filter({ hasText: "no proxy headers seen" }).waitFor();
  });
});
