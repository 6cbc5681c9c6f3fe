// Trouble, said plainly: every state of the page, reached for real, and the sentence that a person reads.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { stanzas, startBehindRelay, useBrowser } from "./support.js";

const SOCKETIO = /socket\.io\/\?/;
const FAST = ["--interval", "200ms"];

/** The numbers in what was said, in their order, without repeats. */
const seconds = (texts) => texts.flatMap((text) => /again in (\d+) s/.exec(text)?.slice(1) ?? []).map(Number);

describe("trouble", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("connecting: says what is being asked, and when that takes long", async () => {
    const { origin } = await startDante();
    const visit = await open(`${origin}/`, {
      // A WebSocket that opens and never says anything.
      prepare: (page) => page.routeWebSocket(SOCKETIO, () => {}),
    });
    await visit.state("connecting");
    assert.equal(await visit.text("#badge"), "Connecting");
    assert.equal(await visit.text("#what"), "Opening the stream.");
    assert.match(await visit.text("#how"), /Waiting for \/socket\.io\/ to answer\./);
    await visit.$("#how").filter({ hasText: "has not answered yet" }).waitFor();
    assert.deepEqual((await visit.notes()).states, ["connecting"]);
  });

  it("streaming: says how it was reached, by polling first", async () => {
    const { origin } = await startDante([...FAST, "--transports", "polling,websocket"]);
    const visit = await open(`${origin}/`);
    await visit.$("#how").filter({ hasText: "upgraded" }).waitFor();
    await visit.state("streaming");
    assert.match(await visit.text("#how"), /Connected by long polling first, upgraded after [\d,]+ ms\./);
    assert.equal(await visit.text("#badge"), "WebSocket");
    // In the order of their times: the first stanza may come before the upgrade is done.
    const hops = ["Page", "Scripts", "Client library", "Handshake", "First stanza", "Upgrade"];
    assert.deepEqual((await visit.$("#hops th").allInnerTexts()).sort(), hops.sort());
    assert.ok(!(await visit.notes()).states.includes("polling"));
    visit.assertQuiet();
  });

  it("polling: says that the upgrade is blocked, and reads on", async () => {
    const url = await startBehindRelay(FAST, { blockWebSocket: true });
    const visit = await open(url);
    await visit.state("polling");
    await visit.stanzas(3);
    assert.deepEqual((await visit.parts()).slice(0, 3), stanzas(3));
    assert.equal(await visit.text("#badge"), "Long polling");
    assert.equal(await visit.text("#what"), "Streaming without WebSocket.");
    assert.match(await visit.text("#how"), /check that it forwards the Upgrade and Connection headers;/);
    assert.ok(visit.requests.some((at) => /\/dante\/socket\.io\/\?.*transport=polling/.test(at)));
    assert.equal(await visit.$("#hops tr.fail").count(), 1);
    // The browser itself complains of the WebSocket that was refused, and of nothing else.
    const others = visit.complaints.filter((text) => !/^WebSocket connection to .* 501$/.test(text));
    assert.deepEqual([visit.failed, others], [[], []]);
  });

  // IIS's own WebSocket module accepts and closes; others accept and stay silent.
  for (const [mute, why] of [
    ["close", /accepted, then closed at once/],
    ["keep", /stays silent/],
  ]) {
    it(`polling: says that the WebSocket was accepted and led nowhere (${mute})`, async () => {
      const visit = await open(await startBehindRelay(FAST, { mute }));
      await visit.state("polling");
      assert.match(await visit.text("#how"), why);
      assert.match(await visit.text("#how"), /IIS/);
      await visit.stanzas(3);
      assert.deepEqual((await visit.parts()).slice(0, 3), stanzas(3));
    });
  }

  it("polling as it was chosen is no trouble, and is not called that", async () => {
    const { origin } = await startDante([...FAST, "--transports", "polling"]);
    const visit = await open(`${origin}/`);
    await visit.stanzas(3);
    assert.match(await visit.text("#how"), /This server offers only long polling/);
    assert.deepEqual(visit.sockets, []);
    visit.assertQuiet();
  });

  for (const page of ["", "sse/"]) {
    it(`bursts at /dante/${page}: says that something holds stanzas back`, async () => {
      const args = ["--poem", poemFile(100), "--interval", "300ms"];
      const url = await startBehindRelay(args, { bufferMs: 2500, blockWebSocket: true });
      const visit = await open(`${url}${page}`);
      await visit.state("bursts");
      assert.equal(await visit.text("#what"), "Streaming, but in bursts.");
      const how =
        /^(\d+) stanzas arrived together, the oldest (\d(?:\.\d)?) s late: .*turn off its response buffering\.$/;
      const [, count, late] = how.exec(await visit.text("#how")) ?? [];
      assert.ok(count >= 3 && late >= 1 && late < 4, `${count} stanzas, ${late} s`);
      assert.equal(await visit.text("#badge"), page ? "Server-sent events" : "Long polling");
      const parts = await visit.parts();
      assert.deepEqual(parts, stanzas(parts.length));
    });
  }

  it("lost: counts down, tries on request, and says where it resumed", async () => {
    const args = ["--poem", poemFile(60), "--interval", "100ms"];
    const dante = await startDante(args);
    // The longest waiting times there are.
    const visit = await open(`${dante.origin}/`, {
      prepare: (page) => page.addInitScript(() => (Math.random = () => 0.999)),
    });
    await visit.stanzas(5);
    await dante.end("SIGKILL");
    await visit.state("lost");
    assert.equal(await visit.text("#badge"), "Lost");
    assert.equal(await visit.text("#what"), "The connection was lost.");
    assert.match(await visit.text("#how"), /The stream will resume at stanza \d+; nothing will be missed\./);
    await visit.$("#message").filter({ hasText: "again in 1 s" }).waitFor();
    const counted = seconds((await visit.notes()).said.message);
    assert.ok(
      counted.length >= 2 && counted.every((value, at) => at === 0 || value !== counted[at - 1]),
      `${counted}`,
    );
    // A wait of more than three seconds is cut short.
    await visit
      .$("#message")
      .filter({ hasText: /again in [4-9] s/ })
      .waitFor();
    await startDante(args, { port: dante.port });
    await visit.$("#message").getByRole("button", { name: "Try now" }).click();
    await visit.$(".break").waitFor({ timeout: 3000 });
    assert.match(await visit.text(".break"), /Lost at .* for \d+\.\d s\. Resumed here; nothing missed\./);
    await visit.state("end");
    const { said, parts, states } = await visit.notes();
    assert.deepEqual(
      parts.filter((part) => part.startsWith("stanza ")),
      stanzas(60),
    );
    assert.deepEqual(states, ["connecting", "streaming", "lost", "streaming", "end"]);
    // The countdown is not announced, and each state is, once.
    assert.deepEqual(said.live, [
      "Opening the stream.",
      "Streaming every 100 ms.",
      "The connection was lost.",
      "Streaming every 100 ms.",
      "The poem has ended.",
    ]);
  });

  for (const [page, refuse] of [
    ["", SOCKETIO],
    ["websocket/", /websocket\/ws/],
    ["sse/", /sse\/stream/],
  ]) {
    it(`refused at /dante/${page}: says with which status, and tries again on request only`, async () => {
      const visit = await open(`${await startBehindRelay(FAST, { refuse })}${page}`);
      await visit.state("refused");
      assert.equal(await visit.text("#badge"), "Refused");
      assert.equal(await visit.text("#what"), "The stream was refused.");
      assert.match(
        await visit.text("#how"),
        /answered 404 Not Found: check the prefix and the proxy’s route to this path\.$/,
      );
      const asked = () => [...visit.requests, ...visit.sockets].filter((url) => refuse.test(url)).length;
      const before = asked();
      await visit.$("#message").getByRole("button", { name: "Try again" }).click();
      await visit.until(() =>
        /Trying again.*The stream was refused/s.test(window.notes.said.message.join("\n")),
      );
      assert.ok(asked() > before && asked() <= 2 * before, `${before} requests, then ${asked()}`);
    });
  }

  it("no room: says why and when it tries again, and gets in once there is some", async () => {
    const { origin } = await startDante([...FAST, "--max-readers", "1"]);
    const reader = await fetch(`${origin}/sse/stream`);
    const visit = await open(`${origin}/`, {
      // The shortest wait that there is: ten seconds.
      prepare: (page) => page.addInitScript(() => (Math.random = () => 0)),
    });
    await visit.state("lost");
    assert.match(await visit.text("#how"), /^The server has as many readers as it takes\./);
    await visit
      .$("#message")
      .filter({ hasText: /Trying again in ([6-9]|10) s/ })
      .waitFor();
    await reader.body.cancel();
    await visit.stanzas(3);
    const { states, parts } = await visit.notes();
    assert.deepEqual(parts.slice(0, 3), stanzas(3));
    assert.deepEqual(states, ["connecting", "lost", "streaming"]);
    assert.equal(visit.sockets.length, 2);
  });

  it("refused: says that the client library is missing", async () => {
    const visit = await open(await startBehindRelay(FAST, { refuse: /socket\.io\.js/ }));
    await visit.state("refused");
    assert.match(await visit.text("#how"), /\/dante\/socket\.io\/socket\.io\.js/);
  });

  it("a page that the browser had put to sleep does not call what it slept through a burst", async () => {
    const { origin } = await startDante(["--poem", poemFile(200), "--interval", "100ms"]);
    const [visit, witness] = await Promise.all([open(`${origin}/websocket/`), open(`${origin}/websocket/`)]);
    await Promise.all([visit.stanzas(5), witness.stanzas(5)]);
    const tools = await visit.page.context().newCDPSession(visit.page);
    await tools.send("Debugger.enable");
    const stopped = once(tools, "Debugger.paused");
    // Browsers without a screen put no page to sleep; one that is stopped keeps what comes, too, and learns first
    // of all that it is seen again.
    const expression = 'debugger; document.dispatchEvent(new Event("visibilitychange"))';
    const seen = tools.send("Runtime.evaluate", { expression });
    await stopped;
    const asleep = Object.keys((await witness.notes()).arrivals).length;
    await witness.stanzas(asleep + 40);
    await tools.send("Debugger.resume");
    await seen;
    await visit.stanzas(asleep + 50);
    const { states, parts, arrivals } = await visit.notes();
    const times = Object.values(arrivals);
    const pause = Math.max(...times.slice(1).map((time, at) => time - times[at]));
    assert.ok(pause > 2000, `the page slept ${pause} ms`);
    assert.ok(!states.includes("bursts"), states.join());
    assert.deepEqual(parts, stanzas(parts.length));
  });

  it("silent: says that the next stanza is late", async () => {
    const { origin } = await startDante(FAST);
    const visit = await open(`${origin}/websocket/`, {
      prepare: (page) =>
        page.routeWebSocket(/\/ws/, (socket) => {
          socket.connectToServer().onMessage((message) => {
            if (Number(/"index":(\d+)/.exec(message)?.[1] ?? 0) < 3) socket.send(message);
          });
        }),
    });
    await visit.state("silent");
    assert.match(await visit.text("#how"), /The next stanza is late\./);
    assert.deepEqual(await visit.parts(), stanzas(3));
  });
});
