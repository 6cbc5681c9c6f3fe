// Healthy hosts at the end of bad lines: far away, narrow, stalling. They are good, always.

import assert from "node:assert/strict";
import net from "node:net";
import tls from "node:tls";

import { startDante } from "../support/dante.js";
import { NAME, TRUSTING, certificate } from "./certificates.js";
import { Line } from "./line.js";
import { PACE, describeVerdict, listen, probe, together } from "./support.js";

/** At the sample's pace of two seconds, and at faster ones. */
const dante = await startDante();
const faster = await startDante(["--interval", "1s"]);
const fast = await startDante([...PACE]);
/** TLS before it. */
const secure = await listen(
  tls.createServer(certificate(NAME, { by: "ca" }), (client) => {
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  }),
);

/** What is said of a slow line or of one that stalls; more would be a false accusation. */
const isNote = (verdict) => /^note (slow-line|line-stalled) at /.test(verdict);

/**
 * Probes a host at the end of a line, which must be good. Gives the verdicts.
 * @param {{to?: number, secure?: boolean, seconds?: number}} options `seconds`: the longest that it may take
 */
async function expectGood(line, { to = dante.port, isSecure = false, seconds = 60 } = {}) {
  const port = await line.to(isSecure ? secure : to);
  const start = performance.now();
  const resolve = ["--resolve", `${NAME}:${port}:127.0.0.1`];
  const document = isSecure
    ? await probe(`https://${NAME}:${port}/`, resolve, { env: TRUSTING })
    : await probe(`http://127.0.0.1:${port}/`);
  const took = (performance.now() - start) / 1000;
  const verdicts = document.verdicts.map(describeVerdict);
  const report = document.verdicts.map((verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}`);
  assert.deepEqual(
    verdicts.filter((verdict) => !isNote(verdict)),
    [],
    report.join("\n"),
  );
  assert.equal(document.outcome, "good");
  const bad = document.hops.filter((hop) => !["good", "skipped"].includes(hop.outcome));
  assert.deepEqual(bad, []);
  assert.ok(took < seconds, `it took ${took} s`);
  return verdicts;
}

/** What a healthy host may take: the sample's pace needs six seconds, and each round trip is walked some thirty times. */
const bound = (roundTripMs) => 10 + (roundTripMs / 1000) * 35;

const far = [0, 50, 200, 500, 1000].flatMap((roundTripMs) =>
  [false, true].map((isSecure) => [
    `${isSecure ? "https" : "http"}, ${roundTripMs} ms away`,
    async () => {
      const line = new Line({ roundTripMs });
      const verdicts = await expectGood(line, { isSecure, seconds: bound(roundTripMs) });
      const isSlow = verdicts.includes("note slow-line at tcp");
      if (roundTripMs <= 50) assert.deepEqual(verdicts, []);
      if (roundTripMs >= 500) assert.ok(isSlow, verdicts.join());
    },
  ]),
);
together("a healthy host:", Object.fromEntries(far));

const stalls = [2600, 4600].flatMap((ms) =>
  [
    [2000, dante],
    [1000, faster],
    [250, fast],
  ].map(([pace, { port }]) => [
    `${ms} ms at a pace of ${pace} ms`,
    async () => {
      const stall = { on: "/sse/stream", afterMs: 1200, ms };
      const verdicts = await expectGood(new Line({ roundTripMs: 20, stall }), { to: port });
      // At a slower pace, one or two stanzas are late, as they are where a packet is lost.
      if (pace === 250) assert.match(verdicts.join(), /^note line-stalled at stream-/);
    },
  ]),
);
together("a line that stalls:", Object.fromEntries(stalls));

// Linux sends again after 200 ms and more, and after 1 s where nothing is known of the line yet (RFC 6298; `TCP_RTO_MIN`).
const losses = [
  [20, 300],
  [7, 300],
  [20, 1000],
].map(([each, againAfterMs]) => [
  `one packet of ${each}, sent again after ${againAfterMs} ms`,
  async () => {
    const line = new Line({ roundTripMs: 40, loss: { each, againAfterMs } });
    await expectGood(line, { to: faster.port });
  },
]);
together("a line that loses packets:", Object.fromEntries(losses));

together("a narrow line:", {
  async "2 KB/s for each connection"() {
    const verdicts = await expectGood(new Line({ bytesPerSecond: 2048 }), { to: faster.port, seconds: 90 });
    assert.match(verdicts.join(), /^note slow-line at /);
  },
  async "2 KB/s, and far away"() {
    const line = new Line({ bytesPerSecond: 2048, roundTripMs: 400 });
    const verdicts = await expectGood(line, { to: faster.port, seconds: 90 });
    assert.match(verdicts.join(), /^note slow-line at /);
  },
});
