// All four transports side by side: each in its column, and a verdict that a person understands.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const CHOICES = ["socketio-websocket", "socketio-polling", "websocket", "sse"];

/** The texts of one row of figures, by transport. */
async function figures(visit, name) {
  const cells = visit.$(`tr[data-figure="${name}"] td[data-choice]`);
  return Object.fromEntries(
    await cells.evaluateAll((all) => all.map((td) => [td.dataset.choice, td.innerText.trim()])),
  );
}

/** Waits until each of these transports has so many stanzas in its column. */
async function arrived(visit, count, choices = CHOICES) {
  await visit.until(
    ([wanted, names]) =>
      names.every(
        (choice) =>
          document.querySelectorAll(`.rows td[data-choice="${choice}"] b:not(:empty)`).length >= wanted,
      ),
    [count, choices],
  );
}

describe("compare", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("streams over all four at once, at their pace, and says who was first", async () => {
    const { origin } = await startDante(["--interval", "400ms"]);
    const visit = await open(`${origin}/compare/`);
    await arrived(visit, 5);
    await visit.$("#verdict").filter({ hasText: "All four transports stream" }).waitFor();
    assert.match(await visit.text("#verdict"), /Fastest: .*, first stanza after \d+ ms\./);
    await visit.state("streaming");
    const [first, median, requests] = await Promise.all(
      ["first", "median", "requests"].map((name) => figures(visit, name)),
    );
    for (const choice of CHOICES) {
      assert.match(first[choice], /^(\d+ ms|\d+\.\d s)$/, choice);
      assert.match(median[choice], /^[+−]?\d+ ms$/, choice);
    }
    // A poll for each stanza, one stream for all of them elsewhere.
    assert.ok(Number(requests["socketio-polling"]) > 5, JSON.stringify(requests));
    assert.deepEqual([requests.websocket, requests.sse], ["1", "1"]);
    visit.assertQuiet();
  });

  it("holds the rows on request, and follows again", async () => {
    // Fourteen rows are shown. At a shorter interval a busy machine shows long polling further behind than that, in none of them.
    const { origin } = await startDante(["--poem", poemFile(1000), "--interval", "200ms"]);
    const visit = await open(`${origin}/compare/`);
    await arrived(visit, 3);
    const newest = () => visit.$(".rows tr").first().getAttribute("data-index").then(Number);
    await visit.$("#hold").click();
    const held = await newest();
    // The streams go on: five more polls are five more stanzas.
    for (let poll = 0; poll < 5; poll += 1) {
      await visit.page.waitForResponse((answer) => answer.url().includes("transport=polling"));
    }
    assert.equal(await newest(), held);
    await visit.$("#hold").click();
    await visit.until((before) => document.querySelector(".rows tr").dataset.index > before + 5, held);
    // What is not shown any more is not kept either.
    await arrived(visit, 10);
    assert.ok((await visit.$(".rows tr").count()) <= 20);
  });

  it("says that WebSocket is blocked, and what streams all the same", async () => {
    const url = await startBehindRelay(["--interval", "200ms"], { blockWebSocket: true });
    const visit = await open(`${url}compare/`);
    await arrived(visit, 3, ["socketio-polling", "sse"]);
    await visit.state("blocked");
    const verdict = await visit.text("#verdict");
    assert.match(verdict, /Two transports are streaming\./);
    assert.match(verdict, /WebSocket does not get through, neither with Socket\.IO nor plain\./);
    const state = await figures(visit, "state");
    assert.deepEqual([state["socketio-websocket"], state.websocket], ["blocked", "blocked"]);
  });

  it("names the column whose WebSocket is blocked while the other one's delivers", async () => {
    const url = await startBehindRelay(["--interval", "200ms"], { refuse: /websocket\/ws/ });
    const visit = await open(`${url}compare/`);
    await arrived(visit, 3, ["socketio-websocket", "socketio-polling", "sse"]);
    const state = await figures(visit, "state");
    assert.deepEqual([state["socketio-websocket"], state.websocket.split(" ")[0]], ["streaming", "refused"]);
    const verdict = await visit.text("#verdict");
    assert.match(
      verdict,
      /With plain WebSocket, the stream was refused: 404|Plain WebSocket does not get through; /,
    );
    assert.doesNotMatch(verdict, /^WebSocket does not get through|\. WebSocket does not/);
  });

  it("has a scale over the dots, and says how each stream is in a row of its own: late is not on time", async () => {
    const { origin } = await startDante(["--interval", "500ms"]);
    const visit = await open(`${origin}/compare/`, { viewport: { width: 1440, height: 900 } });
    await arrived(visit, 4);
    // A busy machine may be late for a moment, and then the page says so.
    await visit.until(() =>
      [...document.querySelectorAll('[data-figure="state"] td')].every((td) => td.innerText === "streaming"),
    );
    assert.deepEqual(await visit.$(".axis .ticks").first().locator("i").allInnerTexts(), [
      "0",
      "+1 s",
      "+10 s",
    ]);
    // A dot on time stands beneath the 0 of its scale.
    const [tick, line] = await visit.page.evaluate(() =>
      [".axis .ticks i", ".rows .thread"].map((selector) => {
        const { left, width } = document.querySelector(selector).getBoundingClientRect();
        return left + width / 2;
      }),
    );
    assert.ok(Math.abs(tick - line) <= 1, `the 0 at ${tick}, the line at ${line}`);
  });

  it("says which transports come in bursts", async () => {
    const url = await startBehindRelay(["--interval", "300ms"], { bufferMs: 1500, blockWebSocket: true });
    const visit = await open(`${url}compare/`);
    await visit.$("#verdict").filter({ hasText: "in bursts of" }).waitFor();
    assert.match(
      await visit.text("#verdict"),
      /With .*, stanzas arrive in bursts of \d+, the oldest \d+\.\d s late/,
    );
  });

  it("says when the server is gone, and goes on when it is back", async () => {
    const args = ["--poem", poemFile(60), "--interval", "100ms"];
    const dante = await startDante(args);
    const visit = await open(`${dante.origin}/compare/`);
    await arrived(visit, 3);
    await dante.end("SIGKILL");
    await visit.$("#verdict").filter({ hasText: "All streams were lost" }).waitFor();
    await visit.state("lost");
    await startDante(args, { port: dante.port });
    await visit.state("ended");
    assert.match(await visit.text("#verdict"), /ended on every transport.* Missed: 0\. Repeated: 0\./);
    assert.deepEqual(Object.values(await figures(visit, "state")), Array(4).fill("ended"));
  });

  it("starts over in every column when the text has changed", async () => {
    const dante = await startDante(["--poem", poemFile(400), "--interval", "200ms"]);
    const visit = await open(`${dante.origin}/compare/`);
    await arrived(visit, 6);
    await dante.end("SIGKILL");
    await visit.state("lost");
    await startDante(["--poem", poemFile(5), "--interval", "100ms"], { port: dante.port });
    await visit.state("ended");
    assert.match(await visit.text("#verdict"), /Missed: 0\. Repeated: 0\./);
    // Nothing of the text before is left: five rows, each with four figures.
    const rows = await visit.$(".rows tr").evaluateAll((all) => all.map((row) => row.dataset.index));
    assert.deepEqual(rows, ["4", "3", "2", "1", "0"]);
    assert.equal(await visit.$(".rows b:not(:empty)").count(), 20);
  });

  it("says what the server was told not to offer, and what is refused", async () => {
    const { origin } = await startDante(["--interval", "100ms", "--transports", "polling"]);
    const partly = await open(`${origin}/compare/`);
    await partly.$("#verdict").filter({ hasText: "All transports that the server allows" }).waitFor();
    assert.match(
      await partly.text("#verdict"),
      /does not allow Socket\.IO over WebSocket: .*--transports polling/,
    );
    const refused = await open(
      `${await startBehindRelay([], { refuse: /socket\.io\/\?|sse\/stream/ })}compare/`,
    );
    await refused.state("refused");
    assert.match(await refused.text("#verdict"), /With .*, the stream was refused: 404/);
  });
});
