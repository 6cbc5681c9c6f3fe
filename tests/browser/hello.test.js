// The Hello exchange: one message there and one back, on every click.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { useBrowser } from "./support.js";

const ANSWER = /^Hello back! \(\d+(\.\d+)? ms\)$/;

/** Dante behind the relay, as behind IIS. */
async function startBehindRelay(options) {
  const { socketPath } = startUnderIisnode();
  return await startRelay(socketPath, options);
}

/** Clicks three times; each click clears the label and brings an answer. */
async function assertAnswers(visit) {
  const start = visit.page.getByRole("button", { name: "Start" });
  const answer = visit.page.locator("#answer");
  for (let click = 1; click <= 3; click += 1) {
    await start.click();
    // Cleared by the click itself, so that what is waited for is not the answer before.
    await answer.filter({ hasText: "Hello back!" }).waitFor();
  }
  assert.match(await answer.textContent(), ANSWER);
  const { answers } = await visit.notes();
  assert.deepEqual(answers.map((text) => text.replace(ANSWER, "answer")), ["answer", "", "answer", "", "answer"]);
}

describe("hello", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("answers at the root", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`);
    await visit.state("connected");
    await assertAnswers(visit);
    assert.match(await visit.page.locator("#status").textContent(), /WebSocket/);
    await visit.screenshot("hello", [1280, 800]);
    await visit.screenshot("hello", [375, 700]);
    visit.assertQuiet();
  });

  it("answers as IIS's guest", async () => {
    const { origin } = await startBehindRelay();
    const visit = await open(`${origin}/dante/hello/`);
    await visit.state("connected");
    await assertAnswers(visit);
    assert.deepEqual(visit.sockets.map((url) => new URL(url).pathname), ["/dante/socket.io/"]);
    visit.assertQuiet();
  });

  it("answers by polling when WebSocket is blocked", async () => {
    const { origin } = await startBehindRelay({ blockWebSocket: true });
    const visit = await open(`${origin}/dante/hello/`);
    await visit.state("connected");
    await assertAnswers(visit);
    assert.match(await visit.page.locator("#status").textContent(), /polling/);
  });

  it("answers a click that comes before the connection", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`, async (page) => {
      // The handshake waits until the button has been clicked.
      await page.routeWebSocket(/socket\.io/, async (socket) => {
        await page.locator("body[data-clicked]").waitFor({ state: "attached" });
        socket.connectToServer();
      });
    });
    await visit.page.getByRole("button", { name: "Start" }).click();
    await visit.page.evaluate(() => (document.body.dataset.clicked = "yes"));
    await visit.page.locator("#answer").filter({ hasText: ANSWER }).waitFor();
  });
});
