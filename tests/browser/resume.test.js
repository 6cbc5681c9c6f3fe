// No stanza lost: pages go on where they were when the server dies and comes back, start over visibly when
// its text has changed, and show what is missing or came twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { stanzas, useBrowser } from "./support.js";

const PAGES = ["/", "/websocket/", "/sse/"];
const POLLING = ["--transports", "polling"];

/** Pages of both servers, on every transport, each with some of the poem read. */
async function readers(open, both, polling) {
  const urls = [...PAGES.map((page) => `${both.origin}${page}`), `${polling.origin}/`];
  const visits = await Promise.all(urls.map((url) => open(url)));
  await Promise.all(visits.map((visit) => visit.stanzas(5)));
  return visits;
}

/** Ends both servers as a crash does, and starts them again once every page has noticed. */
async function crash(visits, servers, args) {
  await Promise.all(servers.map(({ end }) => end("SIGKILL")));
  await Promise.all(visits.map((visit) => visit.state("lost")));
  await Promise.all(servers.map(({ port, more }) => startDante([...args, ...more], { port })));
}

/** What `crash` needs to know of a server. */
const restartable = (server, more = []) => ({ port: server.port, end: (signal) => server.end(signal), more });

/** The states without repeats of one kind: while trying, Socket.IO's client may stream by polling first. */
function course({ states }) {
  const kinds = states.map((state) => state.split("-")[0]);
  return kinds.filter((kind, at) => kind !== kinds[at - 1]);
}

/**
 * Opens the page with a plain WebSocket or Socket.IO's in between: `pass` is given each stanza's message and
 * the way on.
 */
const tampered = (open, url, pass) =>
  open(url, (page) =>
    page.routeWebSocket(/\/ws\?|socket\.io/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const index = /"index":(\d+)/.exec(message)?.[1];
        if (index === undefined) socket.send(message);
        else pass(Number(index), () => socket.send(message), socket);
      });
    }),
  );

describe("resume", { concurrency: 3 }, () => {
  const open = useBrowser();

  it("loses no stanza when the server is killed", async () => {
    const args = ["--poem", poemFile(60), "--interval", "100ms"];
    const [both, polling] = await Promise.all([startDante(args), startDante([...args, ...POLLING])]);
    const visits = await readers(open, both, polling);
    await crash(visits, [restartable(both), restartable(polling, POLLING)], args);
    await Promise.all(visits.map((visit) => visit.state("ended")));
    for (const visit of visits) {
      assert.deepEqual(await visit.shown(), stanzas(60), visit.page.url());
      assert.deepEqual(course(await visit.notes()), ["streaming", "lost", "streaming", "ended"]);
    }
    assert.deepEqual(visits[3].sockets, []);
  });

  it("starts over, and says so, when the text has changed", async () => {
    const args = ["--poem", poemFile(60), "--interval", "100ms"];
    const [both, polling] = await Promise.all([startDante(args), startDante([...args, ...POLLING])]);
    const visits = await readers(open, both, polling);
    const changed = ["--poem", poemFile(10), "--interval", "50ms"];
    await crash(visits, [restartable(both), restartable(polling, POLLING)], changed);
    await Promise.all(visits.map((visit) => visit.state("ended")));
    for (const visit of visits) {
      const shown = await visit.shown();
      const before = shown.findIndex((part) => part.startsWith("note: "));
      assert.ok(before >= 5 && before < 60, `${visit.page.url()}: a note after ${before} stanzas`);
      assert.match(shown[before], /^note: The text on the server has changed, so the reading starts over\./);
      assert.deepEqual([...shown.slice(0, before), ...shown.slice(before + 1)], [...stanzas(before), ...stanzas(10)]);
      assert.deepEqual(course(await visit.notes()), ["streaming", "lost", "streaming", "ended"]);
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
      await visit.state("ended");
      const shown = await visit.shown();
      const faults = shown.filter((part) => part.startsWith("fault: "));
      assert.equal(faults.length, 3, faults.join("\n"));
      // The page counts from 1, as people do.
      assert.match(shown[4], /^fault: .* 5 to 6 .*missing/);
      assert.match(shown[7], /^fault: .* 9 .*missing/);
      assert.match(shown[10], /^fault: Stanza 11 came again/);
      const heard = stanzas(12).filter((part) => !["stanza 4", "stanza 5", "stanza 8"].includes(part));
      assert.deepEqual(shown.filter((part) => !faults.includes(part)), heard);
    });
  }

  it("shows an end that came too early", async () => {
    const { origin } = await startDante(["--poem", poemFile(12), "--interval", "50ms"]);
    const visit = await tampered(open, `${origin}/websocket/`, (index, send, socket) => {
      if (index < 4) send();
      else socket.close({ code: 1000 });
    });
    await visit.state("ended");
    assert.deepEqual((await visit.shown()).slice(0, 4), stanzas(4));
    assert.match((await visit.shown())[4], /^fault: The server ended the reading after 4 of 12 stanzas/);
  });
});
