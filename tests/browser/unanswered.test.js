// What never answers ends in a word, over each transport; and what answers late works all the same.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startBreaker } from "../support/breaker.js";
import { poemFile, startDante } from "../support/dante.js";
import { startHost } from "../support/host.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "250ms"];
const SOCKETIO = /socket\.io\/\?/;
const POLLING = /transport=polling/;
const STREAM = /sse\/stream/;

/** Dante behind a host with these manners. */
async function behind(treat) {
  const { origin } = await startDante(ARGS);
  return startHost(origin, treat);
}

describe("what never answers", { concurrency: 3 }, () => {
  const open = useBrowser();

  it("plain WebSocket: says Blocked, offers long polling, and that reads on where it is", async () => {
    const host = await behind((_request, upgrade) => ({ hang: upgrade }));
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("blocked");
    assert.equal(await visit.text("#badge"), "Blocked");
    assert.equal(await visit.text("#what"), "WebSocket does not get through.");
    const how = await visit.text("#how");
    assert.match(
      how,
      /^No answer to the upgrade within 8 s, although other requests are answered: turn on WebSocket support/,
    );
    assert.doesNotMatch(how, /IIS|accepted/);
    await visit
      .$("#message")
      .filter({ hasText: /WebSocket does not get through\. Trying again in \d s\./ })
      .waitFor();
    await visit.assertAccessible("blocked");
    // It is asked again, and the state stays what it is.
    const sockets = () => host.asked.filter((url) => url.includes("websocket/ws?")).length;
    const before = sockets();
    await visit.page.waitForEvent("websocket");
    await visit.state("blocked");
    assert.ok(sockets() >= before);
    await visit.$("#message").getByRole("button", { name: "Use long polling" }).click();
    await visit.state("polling");
    await visit.stanzas(3);
    assert.equal(await visit.page.locator("#choice").inputValue(), "socketio-polling");
    assert.match(await visit.text("#how"), /^You chose long polling/);
  });

  it("Socket.IO: says so, and goes on by long polling", async () => {
    const host = await behind((_request, upgrade) => ({ hang: upgrade }));
    const visit = await open(`${host.origin}/`);
    await visit.state("polling");
    await visit.stanzas(2);
    assert.match(
      await visit.text("#how"),
      /^No answer to the upgrade within 8 s, although .*The poem still streams/,
    );
  });

  it("a WebSocket that is accepted and stays silent is another thing", async () => {
    const { origin } = await startDante(ARGS);
    const relay = await startBreaker(origin, "swallowed");
    const visit = await open(`${relay.origin}/websocket/`);
    await visit.state("blocked");
    assert.match(await visit.text("#how"), /^The WebSocket was accepted, but stays silent: .*IIS/);
  });

  it("Compare: both WebSockets say that there was no answer to the upgrade, and the others stream", async () => {
    const host = await behind((_request, upgrade) => ({ hang: upgrade }));
    const visit = await open(`${host.origin}/compare/`);
    const flow = (choice) => visit.$(`tr[data-figure="state"] td[data-choice="${choice}"]`);
    for (const choice of ["websocket", "socketio-websocket"]) {
      await flow(choice).filter({ hasText: "no answer to the upgrade" }).waitFor();
    }
    await visit.state("blocked");
    assert.match(
      await visit.text("#verdict"),
      /No answer to the upgrade within 8 s.*turn on WebSocket support/,
    );
    for (const choice of ["socketio-polling", "sse"]) {
      assert.equal(await flow(choice).innerText(), "streaming");
    }
  });

  it("Compare: a WebSocket that has to wait for the one before it is not accused", async () => {
    const host = await behind((request, upgrade) => ({ hang: upgrade && SOCKETIO.test(request.url) }));
    const visit = await open(`${host.origin}/compare/`);
    const flow = visit.$('tr[data-figure="state"] td[data-choice="websocket"]');
    // It begins eight seconds after the others.
    await flow.filter({ hasText: /^(streaming|late|\d+ behind)$/ }).waitFor();
    assert.equal(host.asked.filter((url) => url.includes("websocket/ws")).length, 1);
  });

  it("long polling: the handshake", async () => {
    const host = await behind((request, upgrade) => ({ hang: !upgrade && POLLING.test(request.url) }));
    const visit = await open(`${host.origin}/websocket/`);
    await visit.stanzas(1);
    await visit.page.locator("#choice").selectOption("socketio-polling");
    await visit.state("lost");
    assert.match(await visit.text("#how"), /^No answer to the handshake within 8 s: look in the logs/);
    host.treat = () => undefined;
    await visit.state("polling");
  });

  it("server-sent events: the head", async () => {
    const host = await behind((request) => ({ hang: STREAM.test(request.url) }));
    const visit = await open(`${host.origin}/sse/`);
    await visit.state("lost");
    // The address of the stream answers a plain request no more than the stream.
    assert.match(
      await visit.text("#how"),
      /^No answer within 8 s: check whether the server behind the host still works/,
    );
    host.treat = () => undefined;
    await visit.state("streaming");
  });

  it("server-sent events: the head comes, and no event", async () => {
    let held = true;
    const host = await behind((request) => ({ headOnly: held && STREAM.test(request.url) }));
    const visit = await open(`${host.origin}/sse/`);
    await visit.state("silent");
    assert.equal(await visit.text("#what"), "Connected, but nothing arrives.");
    assert.match(
      await visit.text("#how"),
      /^The answer began 8 s ago, and no event has come: if there is a proxy, turn off/,
    );
    assert.equal(
      host.asked.filter((url) => STREAM.test(url)).length,
      1,
      "it stays open: what is held may come",
    );
    held = false;
  });

  it("a host that answers nothing at all is not said to block WebSockets", async () => {
    let dead = false;
    const host = await behind((_request, upgrade) => {
      dead ||= upgrade;
      return { hang: dead };
    });
    const visit = await open(`${host.origin}/websocket/`);
    await visit.state("lost");
    assert.match(await visit.text("#how"), /^No answer within 8 s: check whether the server/);
    assert.ok(!(await visit.notes()).states.includes("blocked"));
  });

  for (const [page, delayMs] of [
    ["websocket/", 5000],
    ["sse/", 5000],
    ["", 5000],
    // The first attempt is given up, and the next one waits longer.
    ["websocket/", 10_000],
  ]) {
    it(`a host that is ${delayMs / 1000} s away works at /${page}`, async () => {
      const host = await behind((request) => {
        return /ws\?|stream|socket\.io\/\?/.test(request.url ?? "") ? { delayMs } : undefined;
      });
      const visit = await open(`${host.origin}/${page}`);
      await visit.stanzas(2);
      await visit.state("streaming");
      const { states } = await visit.notes();
      if (delayMs < 8000) assert.deepEqual(states, ["connecting", "streaming"]);
    });
  }
});
