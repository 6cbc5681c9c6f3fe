// A host that grants the WebSocket and then breaks it: the page goes on by long polling within seconds, misses nothing, and says what it met.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startBreaker } from "../support/breaker.js";
import { poemFile, startDante } from "../support/dante.js";
import { onlyStanzas, stanzas } from "./notes.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];
/** Long after every patience of the page, and before that of Socket.IO's client, 20 s, or of its pings, 45 s. */
const SOON_MS = 18_000;

describe("a WebSocket that is granted and then broken", { concurrency: 2 }, () => {
  const open = useBrowser();

  for (const [breakage, why] of Object.entries({
    reset: /^The WebSocket was accepted, then closed at once: /,
    end: /^The WebSocket was accepted, then closed at once: /,
    "reset-frames": /^The WebSocket was accepted, then closed at once: /,
    "end-later": /^The WebSocket was accepted, then broke off within seconds, twice: /,
    "client-swallowed": /^The WebSocket was accepted, but what this page says on it gets no answer: /,
    "server-swallowed": /^The WebSocket was accepted, but stays silent: /,
    swallowed: /^The WebSocket was accepted, but stays silent: /,
  })) {
    it(`${breakage}: goes on by long polling, and says why`, async () => {
      const { origin } = await startDante(ARGS);
      const relay = await startBreaker(origin, breakage);
      const visit = await open(`${relay.origin}/`);
      await visit.state("polling");
      await visit.stanzas(10);
      const { arrivals, parts } = await visit.notes();
      const heard = onlyStanzas(parts);
      assert.deepEqual(heard, stanzas(heard.length));
      assert.ok(arrivals[2] < SOON_MS, JSON.stringify(arrivals));
      assert.match(await visit.text("#how"), why);
      assert.equal(await visit.text("#f-transport"), "websocket ✕ → polling");
      assert.equal(await visit.text("#badge"), "Long polling");
      assert.equal(relay.granted, breakage === "end-later" ? 2 : 1);
    });
  }

  it("a server that starts anew is not called a broken WebSocket, and the page comes back to it over one", async () => {
    const dante = await startDante(ARGS);
    const relay = await startBreaker(dante.origin, "none");
    const visit = await open(`${relay.origin}/`);
    await visit.stanzas(3);
    await dante.end("SIGKILL");
    await visit.state("lost");
    await startDante(ARGS, { port: dante.port });
    const { arrivals } = await visit.notes();
    await visit.stanzas(Object.keys(arrivals).length + 3);
    await visit.state("streaming");
    assert.equal(await visit.text("#badge"), "WebSocket");
    const { parts, states } = await visit.notes();
    const heard = onlyStanzas(parts);
    assert.deepEqual(heard, stanzas(heard.length));
    assert.ok(!states.includes("polling"), states.join());
  });
});
