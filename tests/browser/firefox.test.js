// The reading in Firefox: over each way, alone and under a prefix, to the end and over the server's death.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BREAKAGES, startBreaker } from "../support/breaker.js";
import { poemFile, startDante } from "../support/dante.js";
import { useFirefox } from "./firefox.js";
import { RESUMED, onlyStanzas, others, stanzas } from "./notes.js";
import { startBehindRelay } from "./support.js";

const STANZAS = 30;
const POEM = ["--poem", poemFile(STANZAS)];
const QUICKLY = [...POEM, "--interval", "50ms"];

/** What the server is told besides, the page, and how the page says it was reached. */
const CASES = [
  ["Socket.IO", [], "", "websocket", /socket\.io\/\?.*transport=websocket/],
  [
    "Socket.IO from polling",
    ["--transports", "polling,websocket"],
    "",
    "polling → websocket",
    /transport=polling/,
  ],
  ["Socket.IO by polling alone", ["--transports", "polling"], "", "polling", /transport=polling/],
  ["plain WebSocket", [], "websocket/", "websocket", /websocket\/ws/],
  ["server-sent events", [], "sse/", "sse", /sse\/stream/],
];

/** Asserts that the whole poem has come, once and in order, and nothing else. */
async function assertWhole(visit) {
  const { parts, states } = await visit.notes();
  assert.deepEqual(parts, stanzas(STANZAS));
  assert.deepEqual([states[0], states.at(-1)], ["connecting", "end"], states.join());
  assert.deepEqual(await visit.texts(".counts dd"), [`${STANZAS}`, "0", "0", "0"]);
  assert.match(await visit.text("#what"), /The poem has ended\./);
}

describe("Firefox", { concurrency: 4 }, () => {
  const open = useFirefox();

  for (const [name, args, page, transport, stream] of CASES) {
    it(`reads to the end over ${name}, alone and under a prefix`, async () => {
      // Long enough for an upgrade.
      const slowly = [...POEM, "--interval", "100ms", ...args];
      const [alone, guest] = await Promise.all([startDante(slowly), startBehindRelay(slowly)]);
      const visits = await Promise.all([`${alone.origin}/`, guest].map((base) => open(`${base}${page}`)));
      for (const visit of visits) {
        await visit.state("end");
        await assertWhole(visit);
        const { said } = await visit.notes();
        assert.equal(said["f-transport"].at(-2), transport, said["f-transport"].join());
        assert.ok(
          visit.requests.some((url) => stream.test(url)),
          visit.requests.join("\n"),
        );
        await visit.assertQuiet();
      }
    });
  }

  it("resumes over each transport when the server is killed and started again, with nothing lost or repeated", async () => {
    // So slow that no window is at the end when the last one is open, on a busy machine, too; fast once they have resumed.
    const dante = await startDante([...POEM, "--interval", "3s"]);
    const visits = [];
    for (const choice of ["socketio", "socketio-polling", "websocket", "sse"]) {
      const visit = await open(`${dante.origin}/`);
      await visit.stanzas(1);
      await visit.evaluate((value) => {
        const select = document.getElementById("choice");
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }, choice);
      await visit.stanzas(2);
      visits.push(visit);
    }
    await dante.end("SIGKILL");
    await Promise.all(visits.map((visit) => visit.state("lost")));
    await startDante(QUICKLY, { port: dante.port });
    await Promise.all(visits.map((visit) => visit.state("end")));
    for (const visit of visits) {
      const { parts, said, violations } = await visit.notes();
      assert.deepEqual(onlyStanzas(parts), stanzas(STANZAS));
      const [broken, ...more] = others(parts);
      assert.match(broken, RESUMED);
      // A second break says by its neighbours, and by the transports, when it came and over what.
      assert.deepEqual([more, violations], [[], []], `${parts.join()}: ${said["f-transport"].join()}`);
      assert.deepEqual(await visit.texts(".counts dd"), [`${STANZAS}`, "0", "0", "1"]);
    }
  });

  for (const breakage of Object.keys(BREAKAGES)) {
    it(`goes on by long polling where the WebSocket is granted and then broken: ${breakage}`, async () => {
      const { origin } = await startDante([...POEM, "--interval", "200ms"]);
      const relay = await startBreaker(origin, breakage);
      const visit = await open(`${relay.origin}/`);
      await visit.state("polling");
      // A reset may overtake the 101 in Firefox, which then tells the page of neither.
      const how =
        breakage === "reset"
          ? /^The WebSocket (was accepted, then|could not) /
          : /^The WebSocket was accepted, (but|then) /;
      assert.match(await visit.text("#how"), how);
      await visit.state("end");
      const { parts } = await visit.notes();
      assert.deepEqual(onlyStanzas(parts), stanzas(STANZAS));
      assert.equal(relay.granted, breakage === "end-later" ? 2 : 1);
    });
  }

  it("speaks Italian where the address says so", async () => {
    const { origin } = await startDante(["--interval", "20ms"]);
    const visit = await open(`${origin}/?lang=it&stanza=130`);
    await visit.state("end");
    assert.equal(await visit.evaluate(() => document.documentElement.lang), "it");
    assert.match(await visit.text("#what"), /finita|finito|terminat/i);
    await visit.assertQuiet();
  });

  it("compares all four transports, and answers Hello", async () => {
    const { origin } = await startDante(QUICKLY);
    const compare = await open(`${origin}/compare/`);
    await compare.state("ended");
    assert.match(await compare.text("#verdict"), /ended on every transport.* Missed: 0\. Repeated: 0\./);
    await compare.assertQuiet();
    const hello = await open(`${origin}/hello/`);
    await hello.state("connected");
    await hello.evaluate(() => document.getElementById("start").click());
    await hello.until(() => document.getElementById("answer").textContent === "Hello back!");
    await hello.assertQuiet();
  });
});
