// The Hello exchange: one message there and one back, on every click, and what is said when none comes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startBreaker } from "../support/breaker.js";
import { startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const TRIES = 3;

/** Clicks several times; each click brings an answer, and its milliseconds. */
async function assertAnswers(visit) {
  for (let click = 1; click <= TRIES; click += 1) {
    await visit.$("#start").click();
    // The tries are counted when the answer is there.
    await visit
      .$("#spread")
      .filter({ hasText: `${click} so far` })
      .waitFor();
    assert.equal(await visit.text("#answer"), "Hello back!");
    assert.match(await visit.text("#ms"), /^\d+(\.\d)? ms$/);
  }
  const { answer } = (await visit.notes()).said;
  assert.equal(answer.filter((text) => text === "Hello back!").length, TRIES, answer.join("\n"));
  assert.equal(await visit.$("#dots circle").count(), TRIES);
}

describe("hello", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("answers at the root", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`);
    await visit.state("connected");
    assert.match(await visit.text("#status"), /Connected over WebSocket/);
    await assertAnswers(visit);
    assert.match(await visit.text("#status"), /over WebSocket/);
    assert.equal(visit.sockets.length, 1);
    visit.assertQuiet();
  });

  it("answers as IIS's guest", async () => {
    const visit = await open(`${await startBehindRelay()}hello/`);
    await visit.state("connected");
    await assertAnswers(visit);
    assert.deepEqual(
      visit.sockets.map((url) => new URL(url).pathname),
      ["/dante/socket.io/"],
    );
    visit.assertQuiet();
  });

  it("answers by polling when WebSocket is blocked, and says so", async () => {
    const visit = await open(`${await startBehindRelay([], { blockWebSocket: true })}hello/`);
    await visit.state("connected");
    await assertAnswers(visit);
    assert.match(await visit.text("#status"), /over long polling/);
  });

  for (const breakage of ["reset", "reset-frames", "client-swallowed", "swallowed"]) {
    it(`answers by polling when the WebSocket is granted and then broken: ${breakage}`, async () => {
      const { origin } = await startDante();
      const relay = await startBreaker(origin, breakage);
      const visit = await open(`${relay.origin}/hello/`);
      await visit.state("connected");
      await assertAnswers(visit);
      assert.match(await visit.text("#status"), /over long polling/);
      assert.equal(relay.granted, 1);
    });
  }

  it("answers a click that comes before the connection", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`, {
      // The handshake waits until the click has been seen.
      prepare: (page) =>
        page.routeWebSocket(/socket\.io/, async (socket) => {
          await page.locator("#answer", { hasText: "Waiting for the connection" }).waitFor();
          socket.connectToServer();
        }),
    });
    assert.equal(await visit.$("body").getAttribute("data-state"), "connecting");
    await visit.$("#start").click();
    await visit.$("#answer").filter({ hasText: "Hello back!" }).waitFor();
    // The round trip is measured from when it could begin; the wait for the connection is none of it.
    assert.equal((await visit.notes()).said.answer.at(-1), "Hello back!");
  });

  it("says that the connection is lost, and answers again when the server is back", async () => {
    const dante = await startDante();
    const visit = await open(`${dante.origin}/hello/`);
    await visit.state("connected");
    await dante.end("SIGKILL");
    await visit.state("lost");
    assert.match(await visit.text("#status"), /Trying again/);
    await startDante([], { port: dante.port });
    await visit.state("connected");
    await assertAnswers(visit);
    assert.deepEqual((await visit.notes()).states, ["connecting", "connected", "lost", "connected"]);
  });

  it("says that the client library is missing, on a click too", async () => {
    const visit = await open(`${await startBehindRelay([], { refuse: /socket\.io\.js/ })}hello/`);
    await visit.state("refused");
    assert.match(await visit.text("#status"), /did not load from \/dante\/socket\.io\/socket\.io\.js/);
    await visit.$("#start").click();
    assert.equal(await visit.text("#answer"), "Not connected");
  });

  it("gives up when nothing answers within five seconds", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/hello/`, {
      prepare: (page) =>
        page.routeWebSocket(/socket\.io/, (socket) => {
          const server = socket.connectToServer();
          socket.onMessage((message) => message.includes("sendMessage") || server.send(message));
        }),
    });
    await visit.state("connected");
    await visit.$("#start").click();
    await visit.$("#answer").filter({ hasText: "No answer" }).waitFor();
    assert.match(await visit.text("#status"), /No answer within 5 s/);
  });
});
