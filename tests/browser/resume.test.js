// No stanza lost: pages go on where they were when the server dies and comes back, or when another transport is
// chosen, start over visibly when its text has changed, and show what is missing or came twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { RESUMED, onlyStanzas, others } from "./notes.js";
import { stanzas, useBrowser } from "./support.js";

const CHOICES = ["socketio", "socketio-websocket", "socketio-polling", "websocket", "sse"];
const STANZAS = 150;
/** Enough for a change of the transport six times, on a busy machine, too. */
const LONG = 300;
const POEM = ["--poem", poemFile(STANZAS)];
// So slow that no page is at the end when the last one is open, on a busy machine, too; fast once they have resumed.
const SLOWLY = [...POEM, "--interval", "500ms"];
const QUICKLY = [...POEM, "--interval", "20ms"];

/** Opens the page and chooses a transport there. */
async function openChoice(open, origin, choice) {
  const visit = await open(`${origin}/`);
  await visit.stanzas(1);
  await visit.$("#choice").selectOption(choice);
  await visit.stanzas(4);
  return visit;
}

/** One page for each choice. They are opened one after the other: the machine may be small. */
async function openAll(open, origin) {
  const visits = [];
  for (const choice of CHOICES) visits.push(await openChoice(open, origin, choice));
  return visits;
}

/** Ends the server as a crash does, and starts it again on its port once every page has noticed. */
async function crash(visits, dante, args) {
  await dante.end("SIGKILL");
  await Promise.all(visits.map((visit) => visit.state("lost")));
  return startDante(args, { port: dante.port });
}

/**
 * Opens the page with a plain WebSocket or Socket.IO's in between: `pass` is given each stanza's message and
 * the way on.
 */
const tampered = (visitPage, url, pass, options = {}) =>
  visitPage(url, {
    ...options,
    async prepare(page) {
      await page.routeWebSocket(/\/ws\?|socket\.io/, (socket) => {
        const server = socket.connectToServer();
        let open = true;
        socket.onClose(() => {
          open = false;
          server.close();
        });
        server.onMessage((message) => {
          const index = /"index":(\d+)/.exec(message)?.[1];
          if (!open) return;
          if (index === undefined) socket.send(message);
          else pass(Number(index), () => socket.send(message), socket);
        });
      });
      await page.route(/transport=polling/, async (route) => {
        const response = await route.fetch();
        let body = "";
        for (const packet of (await response.text()).split("\x1e")) {
          const index = /"index":(\d+)/.exec(packet)?.[1];
          const add = () => (body += `${body && "\x1e"}${packet}`);
          if (index === undefined) add();
          else pass(Number(index), add);
        }
        // A packet that says nothing, in the place of none.
        await route.fulfill({ response, body: body || "6" });
      });
    },
  });

describe("resume", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("loses no stanza when the server is killed, whichever transport is read", async () => {
    const dante = await startDante(SLOWLY);
    const visits = await openAll(open, dante.origin);
    await crash(visits, dante, QUICKLY);
    await Promise.all(visits.map((visit) => visit.state("end")));
    for (const [at, visit] of visits.entries()) {
      const parts = await visit.parts();
      assert.deepEqual(onlyStanzas(parts), stanzas(STANZAS), CHOICES[at]);
      const breaks = others(parts).filter((part) => part.startsWith("break: Lost"));
      assert.equal(breaks.length, 1, `${CHOICES[at]}: ${others(parts)}`);
      assert.match(breaks[0], RESUMED);
      const counts = await visit.$(".counts dd").allInnerTexts();
      assert.deepEqual(counts, [`${STANZAS}`, "0", "0", "1"], CHOICES[at]);
    }
    // Polling alone means that no WebSocket was opened for it.
    assert.equal(visits[2].sockets.length, 1);
  });

  it("switches in place from each transport to each other, and misses nothing", async () => {
    const { origin } = await startDante(["--poem", poemFile(LONG), "--interval", "100ms"]);
    const visit = await open(`${origin}/`);
    const refusals = [];
    visit.page.on("response", (answer) => {
      if (answer.status() >= 400) refusals.push(`${answer.status()} ${answer.url()}`);
    });
    const badges = [];
    for (const choice of ["sse", "websocket", "socketio-polling", "socketio-websocket", "sse", "socketio"]) {
      await visit.$("#choice").selectOption(choice);
      // What comes from now on comes over that one.
      const seen = Object.keys((await visit.notes()).arrivals).length;
      await visit.stanzas(seen + 8);
      badges.push(await visit.text("#badge"));
    }
    await visit.state("end");
    assert.deepEqual(badges, [
      "Server-sent events",
      "Plain WebSocket",
      "Long polling",
      "WebSocket",
      "Server-sent events",
      "WebSocket",
    ]);
    assert.deepEqual(onlyStanzas(await visit.parts()), stanzas(LONG));
    assert.deepEqual(await visit.$(".counts dd").allInnerTexts(), [`${LONG}`, "0", "0", "0"]);
    assert.ok(!(await visit.notes()).states.includes("lost"));
    // Nothing but polls of a session that was closed while they were under way, which are answered 400.
    for (const refusal of refusals) assert.match(refusal, /^400 .*\/socket\.io\/.*transport=polling.*sid=/);
    assert.equal(visit.complaints.length, refusals.length, visit.complaints.join("\n"));
  });

  it("starts over, and says so, when the text has changed", async () => {
    const dante = await startDante(SLOWLY);
    const visits = await openAll(open, dante.origin);
    await crash(visits, dante, ["--poem", poemFile(10), "--interval", "50ms"]);
    await Promise.all(visits.map((visit) => visit.state("end")));
    for (const [at, visit] of visits.entries()) {
      const parts = await visit.parts();
      const note = parts.findIndex((part) => part.startsWith("changed: "));
      assert.match(
        parts[note] ?? "",
        /The text on the server has changed, so the reading starts over\./,
        CHOICES[at],
      );
      const before = onlyStanzas(parts.slice(0, note));
      assert.ok(before.length >= 4 && before.length < STANZAS, `${before.length} stanzas before`);
      assert.deepEqual(before, stanzas(before.length));
      assert.deepEqual(onlyStanzas(parts.slice(note)), stanzas(10), CHOICES[at]);
    }
  });

  for (const page of ["/websocket/", "/"]) {
    it(`shows a gap, and a stanza that comes again, at ${page}`, async () => {
      const { origin } = await startDante(["--poem", poemFile(12), "--interval", "50ms"]);
      const visit = await tampered(open, `${origin}${page}`, (index, send) => {
        if (index === 4 || index === 5 || index === 8) return;
        send();
        if (index === 10) send();
      });
      await visit.state("end");
      const parts = await visit.parts();
      // The page counts from 1, as people do.
      const asked = [
        "break: Stanzas 5 to 6 did not arrive, and were asked for again.",
        "break: Stanza 9 did not arrive, and was asked for again.",
      ];
      const missing = [...stanzas(4), asked[0], "fault: Stanzas 5 to 6 are missing here.", ...stanzas(2, 6)];
      const more = [asked[1], "fault: Stanza 9 is missing here.", ...stanzas(2, 9)];
      assert.deepEqual(parts, [...missing, ...more, "fault: Stanza 11 arrived again.", "stanza 11"]);
      assert.deepEqual(await visit.$(".counts dd").allInnerTexts(), ["9", "3", "1", "0"]);
      assert.match(await visit.text("#end-after"), /9 stanzas .*Missed: 3\. Repeated: 1\./);
    });
  }

  for (const [page, args] of [
    ["/websocket/", []],
    ["/", []],
    ["/", ["--transports", "polling"]],
  ]) {
    it(`fetches what was lost on the way, and shows it in its place, at ${page} ${args.join(" ")}`, async () => {
      const { origin } = await startDante(["--poem", poemFile(12), "--interval", "250ms", ...args]);
      const lost = new Set([4, 5, 8, 11]);
      // In the midst, and at the end, where nothing comes behind that would show it.
      const visit = await tampered(open, `${origin}${page}`, (index, send) => lost.delete(index) || send(), {
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await visit.state("end");
      const asked = [
        "break: Stanzas 5 to 6 did not arrive, and were asked for again.",
        "break: Stanza 9 did not arrive, and was asked for again.",
        "break: Stanza 12 did not arrive, and was asked for again.",
      ];
      const whole = [
        ...stanzas(4),
        asked[0],
        ...stanzas(4, 4),
        asked[1],
        ...stanzas(3, 8),
        asked[2],
        "stanza 11",
      ];
      assert.deepEqual(await visit.parts(), whole);
      assert.deepEqual(await visit.$(".counts dd").allInnerTexts(), ["12", "0", "0", "0"]);
      await visit.$("#copy").click();
      await visit.until(() => window.notes.said.live.includes("Report copied"));
      const report = await visit.page.evaluate(() => navigator.clipboard.readText());
      assert.match(
        report,
        /asked again for 5 to 6\n.*asked again for 9 to 9\n.*asked again for 12 to 12\nfetched: 4\n/,
      );
    });
  }

  it("shows an end that came too early", async () => {
    const { origin } = await startDante(["--poem", poemFile(12), "--interval", "50ms"]);
    const visit = await tampered(open, `${origin}/websocket/`, (index, send, socket) => {
      if (index < 4) send();
      else socket.close({ code: 1000 });
    });
    await visit.state("end");
    const asked = "break: Stanzas 5 to 12 did not arrive, and were asked for again.";
    const fault = "fault: The stream ended after 4 of 12 stanzas.";
    assert.deepEqual(await visit.parts(), [...stanzas(4), asked, fault]);
  });
});
