// What the page shows of a fleet: how many read on all nodes, and what the host announces to them, over every transport.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { announce, Redis, startNodes } from "../fleet/support.js";
import { readWebSocket } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { onlyStanzas, others, stanzas } from "./notes.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];
const WORDS = "The theatre closes at ten; <b>no bold</b> & {n}";
const PAGES = { "Socket.IO": "", "plain WebSocket": "websocket/", "server-sent events": "sse/" };

describe("readers and announcements", () => {
  const open = useBrowser();
  const shows = (visit, text) => visit.$("#f-readers").filter({ hasText: text }).waitFor();

  for (const [transport, place] of Object.entries(PAGES)) {
    it(`${transport}: the page counts the readers of all nodes, and shows what is announced`, async () => {
      const redis = await new Redis().start();
      const [node, other] = await startNodes(2, redis, ARGS);
      const visit = await open(`${node.origin}/${place}`);
      await visit.stanzas(2);
      await shows(visit, /^1 online on 2 nodes, 1 on this one$/);
      const more = readWebSocket(other.origin, {});
      await more.more(1);
      await shows(visit, /^2 online on 2 nodes, 1 on this one$/);

      const { code } = await announce(WORDS, redis);
      assert.equal(code, 0);
      await visit.$(".announced").waitFor();
      const { parts, said } = await visit.notes();
      assert.equal(others(parts).length, 1, parts.join("\n"));
      assert.match(others(parts)[0], /^announced: Announcement at \d+:\d\d:\d\d( [AP]M)?: /);
      assert.ok(others(parts)[0].endsWith(WORDS), "as text, and whole");
      assert.ok(
        said.live.some((text) => text.endsWith(WORDS)),
        "screen readers hear it, too",
      );
      const heard = onlyStanzas(parts);
      assert.deepEqual(heard, stanzas(heard.length));
      if (!place) {
        await visit.assertAccessible("announcement");
        await visit.screenshot("announcement");
      }
      visit.assertQuiet();
    });
  }

  it("a node by itself says how many it has, as soon as that changes", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/`);
    await shows(visit, /^1 online$/);
    const other = await open(`${origin}/sse/`);
    await other.stanzas(1);
    // Long before hosting.json is asked again.
    await shows(visit, /^2 online$/);
    visit.assertQuiet();
  });
});
