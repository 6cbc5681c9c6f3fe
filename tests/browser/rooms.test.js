// Read together: what the pages of rooms show, in a real browser. Nothing here depends on how fast the machine is: readers are compared
// while the room is held.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { onlyStanzas, others } from "./notes.js";
import { useBrowser } from "./support.js";

const ARGS = ["--interval", "200ms"];
const TOKEN = "a-token-that-nobody-guesses";
const INFERNO_ENDS = 46;
/** Where the embedded Purgatorio begins. */
const PURGATORIO = 46;

/** The index of the newest stanza. */
const newest = () => Number(document.querySelector(".stanza.now")?.dataset.index ?? -1);

/** Waits until a page's newest stanza is this one. */
const reaches = (visit, index) =>
  visit.until((wanted) => Number(document.querySelector(".stanza.now")?.dataset.index) === wanted, index);

/** Reads on by another transport, and waits until that one is opened. */
async function choose(visit, choice) {
  if (choice === "socketio") return;
  await visit.$("#choice").selectOption(choice);
  await visit.until(() => document.getElementById("hops-h").textContent === "Connection hops");
  await visit.until(() => document.getElementById("f-transport").textContent !== "–");
}

/** Gives an order as a program does. */
async function order(origin, room, body, token = TOKEN) {
  const answer = await fetch(`${origin}/room/${room}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return answer.json();
}

describe("a room", { concurrency: 2, timeout: 240_000 }, () => {
  const open = useBrowser();

  it("is made, conducted and left, with readers of all transports at one place", async () => {
    const { origin } = await startDante(ARGS);
    const conductor = await open(`${origin}/room/`);
    await conductor.$("#name").fill("class-3");
    await conductor.$("#make").click();
    await conductor.$("#made").waitFor();
    assert.equal(await conductor.$("#share").getAttribute("href"), `${origin}/room/class-3`);
    await conductor.$("#conduct").click();
    await conductor.state("held");
    assert.equal(conductor.page.url(), `${origin}/room/class-3`, "the token is out of the address");
    assert.equal(await conductor.text("#order-go-on"), "Start");

    const choices = ["socketio", "socketio-polling", "socketio-websocket", "websocket", "sse"];
    const readers = await Promise.all(
      choices.map(async (choice) => {
        const visit = await open(`${origin}/room/class-3`);
        await visit.state("held");
        await choose(visit, choice);
        return visit;
      }),
    );
    const all = [conductor, ...readers];
    await Promise.all(
      all.map((visit) => visit.until(() => /^6 readers/.test(document.querySelector(".there").innerText))),
    );
    for (const visit of all) assert.equal(await visit.page.evaluate(newest), 0, "all wait at the beginning");

    await conductor.$("#order-go-on").click();
    await Promise.all(
      all.map((visit) => visit.until(() => Number(document.querySelector(".stanza.now").dataset.index) >= 5)),
    );
    await conductor.$("#order-hold").click();
    await Promise.all(all.map((visit) => visit.state("held")));
    const place = await conductor.page.evaluate(newest);
    await Promise.all(all.map((visit) => reaches(visit, place)));

    await conductor.$("#order-canto").selectOption(String(PURGATORIO));
    await conductor.$("#order-jump").click();
    await Promise.all(all.map((visit) => reaches(visit, PURGATORIO)));
    for (const visit of all) {
      const parts = await visit.parts();
      assert.ok(others(parts).includes("break: The room went to Purgatorio, Canto I."), parts.join("\n"));
      assert.ok(!others(parts).some((part) => part.startsWith("fault")), parts.join("\n"));
      assert.equal(await visit.text("#c-gaps"), "0");
      assert.equal(await visit.text("#c-repeats"), "0");
      visit.assertQuiet();
    }
    // Back again: the same stanzas once more, which is no repetition.
    await conductor.$("#order-go-on").click();
    await conductor.$(`.cantos a[data-from="0"]`).click();
    await Promise.all(
      all.map((visit) => visit.until(() => Number(document.querySelector(".stanza.now").dataset.index) < 40)),
    );
    assert.equal(await conductor.text("#c-repeats"), "0");
    assert.equal(
      await conductor.page.evaluate(
        () => new Set([...document.querySelectorAll("[id]")].map(({ id }) => id)).size,
      ),
      await conductor.$("[id]").count(),
    );

    await readers[0].page.context().close();
    await conductor.until(() => /^5 readers/.test(document.querySelector(".there").innerText));
  });

  it("is joined by a late comer where it is, without a fault", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "late", { do: "hold" });
    await order(origin, "late", { do: "jump", to: 20 });
    const early = await open(`${origin}/room/late`);
    await early.state("held");
    await order(origin, "late", { do: "go-on" });
    await early.until(() => Number(document.querySelector(".stanza.now").dataset.index) > 25);
    const late = await open(`${origin}/room/late`);
    await late.stanzas(5);
    const parts = await late.parts();
    const first = Number(parts[0].split(" ")[1]);
    assert.ok(first > 25, parts.join("\n"));
    assert.deepEqual(parts, onlyStanzas(parts));
    assert.equal(
      await late.$(".stanza").first().locator(".thread").count(),
      0,
      "its first stanza tells nothing of delays",
    );
    late.assertQuiet();
  });

  it("shows what a break made a reader miss, in its place, and lets it be read there", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "gaps", { do: "hold" });
    const sockets = [];
    const visit = await open(`${origin}/room/gaps`, {
      prepare: (page) =>
        page.routeWebSocket(/websocket\/ws/, (socket) => {
          socket.connectToServer();
          sockets.push(socket);
        }),
    });
    await visit.state("held");
    await choose(visit, "websocket");
    await order(origin, "gaps", { do: "jump", to: 20 });
    await reaches(visit, 20);
    await sockets.at(-1).close({ code: 3001 });
    await visit.state("lost");
    // Over the end of the canto, while nobody hears it.
    await order(origin, "gaps", { do: "jump", to: INFERNO_ENDS + 2 });
    await visit.$(".missed").waitFor();
    await reaches(visit, INFERNO_ENDS + 2);
    const range = "Inferno, Canto I, from line 64, to Purgatorio, Canto I, up to line 6";
    assert.equal(await visit.text(".missed span"), `Missed while away: ${range}.`);
    assert.equal(await visit.text("#c-gaps"), "27");
    const before = visit.loaded().filter((path) => path.endsWith("/ws")).length;
    await visit.$(".missed button").click();
    await visit.$('.stanza[data-index="47"]').waitFor();
    const indices = await visit
      .$(".stanza")
      .evaluateAll((all) => all.map(({ dataset }) => Number(dataset.index)));
    const at = indices.indexOf(20);
    assert.deepEqual(
      indices.slice(at),
      Array.from({ length: 29 }, (_, index) => 20 + index),
    );
    assert.match(await visit.text(".missed"), /^Read again after the break: /u);
    assert.equal(await visit.$("header.canto").count(), 2, "one heading for each canto");
    assert.equal(
      visit.loaded().filter((path) => path.endsWith("/ws")).length,
      before,
      "the room noticed nothing",
    );
    assert.equal(await visit.page.evaluate(() => document.activeElement.dataset.index), "21");
    assert.equal(await visit.$("body.following").count(), 0, "the page stays where its reader reads");
  });

  it("refuses a name that is none, and takes another", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/room/no%20name`);
    assert.equal(visit.response.status(), 400);
    assert.match(
      await visit.text(".refusal"),
      /This is not the name of a room\.\s+A name has 1 to 64 letters/u,
    );
    await visit.$("#name").fill("no name");
    await visit.$("#rooms [type=submit]").click();
    assert.equal(await visit.$("#name:invalid").count(), 1);
    await visit.$("#name").fill("a-name");
    await visit.$("#rooms [type=submit]").click();
    await visit.page.waitForURL(`${origin}/room/a-name`);
    await visit.state("streaming");
  });

  it("refuses a wrong token, and offers to read without one", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "taken", { do: "look" });
    for (const [token, sentence] of [
      ["another-token-of-somebody", "Another token conducts this room."],
      ["short", "This is not a conductor’s token: it has 16 to 128 characters."],
    ]) {
      const visit = await open(`${origin}/room/taken#conduct=${token}`);
      await visit.state("refused");
      assert.equal(await visit.text("#message strong"), sentence);
      assert.equal(await visit.$("#orders").isVisible(), false);
      assert.equal(await visit.$(".stanza").count(), 0);
      await visit.$("#message button").click();
      await visit.state("streaming");
      await visit.page.reload();
      await visit.state("streaming");
      assert.equal(await visit.$("#orders").isVisible(), false);
    }
    const maker = await open(`${origin}/room/`);
    await maker.$("#name").fill("taken");
    await maker.$("#make").click();
    await maker.until(() => document.getElementById("said").textContent.startsWith("Somebody else conducts"));
  });

  it("goes on for those who read when an order cannot be given", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/room/orders#conduct=${TOKEN}`, {
      prepare: (page) =>
        page.route(/\/room\/orders$/, (route) =>
          route.request().method() === "POST"
            ? route.fulfill({ status: 502, body: "Bad Gateway" })
            : route.continue(),
        ),
    });
    await visit.state("streaming");
    assert.equal(await visit.text("#room-said"), "The order was answered 502.");
    await visit.page.unroute(/\/room\/orders$/);
    await visit.$("#order-hold").click();
    await visit.state("held");
    assert.equal(await visit.text("#room-said"), "");
  });

  it("begins anew for whoever opens it after its end", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/room/end#conduct=${TOKEN}`);
    await visit.state("held");
    await order(origin, "end", { do: "jump", to: 137 });
    await visit.$("#order-go-on").click();
    await visit.state("end");
    // Whoever conducted it may prepare it anew.
    await visit.$("#order-hold").click();
    await visit.until(() => document.getElementById("order-go-on").textContent === "Start");
    await visit.$(".acts a").click();
    await visit.$('.stanza[data-index="0"]').waitFor();
    await visit.state("held");
  });

  it("that is held for long is taken for nothing else", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "held", { do: "hold" });
    const visit = await open(`${origin}/room/held`, { prepare: (page) => page.clock.install() });
    await visit.state("held");
    await choose(visit, "sse");
    await visit.page.clock.fastForward(60_000);
    assert.equal(await visit.text("#badge"), "Held");
    assert.equal(await visit.text("#message strong"), "Held by the conductor.");
    const { states } = await visit.notes();
    assert.ok(!states.includes("silent"), states.join());
    assert.equal(await visit.$(".rules.waiting").count(), 0);
    await order(origin, "held", { do: "go-on" });
    await visit.state("streaming");
  });
});
