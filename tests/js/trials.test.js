// What was tried on a page, transport by transport (static/js/trials.js), and its report (static/js/report.js).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FrameLog } from "../../static/js/frame-log.js";
import { cleanAddress, frameLines, outcomeOf, pageReport, transportLines } from "../../static/js/report.js";
import { Trials } from "../../static/js/trials.js";

const INTERVAL = 2000;
const opening = { intervalMs: INTERVAL };

/** Trials after these reports of streams, each as `[choice, event, ...values]`; time stands at 100 ms. */
function trials(events, { transports = ["websocket", "polling"], slept = () => false } = {}) {
  const all = new Trials(transports, slept, () => 100);
  for (const [choice, event, ...values] of events) all.heard(choice, event, values);
  return all;
}

/** Stanzas that came at these times. */
const stanzas = (choice, times) => times.map((at, index) => [choice, "stanza", "text", { index }, at]);

/** State, reason and stanzas of each transport. */
const short = ({ all }) =>
  Object.fromEntries([...all].map(([name, trial]) => [name, [trial.state, trial.reason, trial.stanzas]]));

const CONNECT = [
  ["socketio", "connecting", "/socket.io/"],
  ["socketio", "connected", "websocket"],
  ["socketio", "opening", opening],
];

describe("trials", () => {
  for (const [name, events, expected, options] of [
    ["of nothing", [], {}],
    ["of a stream that opens", CONNECT.slice(0, 1), { "socketio-websocket": ["opening", "", 0] }],
    [
      "of one that streams",
      [...CONNECT, ...stanzas("socketio", [200, 2200])],
      { "socketio-websocket": ["streaming", "", 2] },
    ],
    [
      "of a WebSocket that is blocked, where polling goes on",
      [
        CONNECT[0],
        ["socketio", "blocked", "websocket silent"],
        ["socketio", "connected", "polling"],
        ["socketio", "opening", opening],
        ...stanzas("socketio", [300]),
      ],
      {
        "socketio-websocket": ["blocked", "websocket silent", 0],
        "socketio-polling": ["streaming", "", 1],
      },
    ],
    [
      "stay what they are while the server is away behind a blocked WebSocket",
      [
        CONNECT[0],
        ["socketio", "blocked", "websocket error"],
        ["socketio", "connected", "polling"],
        ["socketio", "lost", "transport close"],
        ["socketio", "connecting", "/socket.io/"],
        ["socketio", "lost", "no answer"],
      ],
      {
        "socketio-websocket": ["blocked", "websocket error", 0],
        "socketio-polling": ["lost", "no answer", 0],
      },
    ],
    [
      "of an upgrade",
      [
        CONNECT[0],
        ["socketio", "connected", "polling"],
        ["socketio", "opening", opening],
        ...stanzas("socketio", [300]),
        ["socketio", "upgraded", 30],
        ["socketio", "stanza", "text", { index: 1 }, 2300],
      ],
      { "socketio-polling": ["streaming", "", 1], "socketio-websocket": ["streaming", "", 1] },
      { transports: ["polling", "websocket"] },
    ],
    [
      "of a plain WebSocket that never opened",
      [
        ["websocket", "connecting", "/websocket/ws"],
        ["websocket", "lost", "websocket blocked", 1],
      ],
      { websocket: ["blocked", "websocket blocked", 0] },
    ],
    [
      "of one that was refused",
      [
        ["sse", "connecting", "/sse/stream"],
        ["sse", "refused", "404 Not Found"],
      ],
      { sse: ["refused", "404 Not Found", 0] },
    ],
    [
      "of one after another, each with its own end",
      [
        ...CONNECT,
        ...stanzas("socketio", [200]),
        ["sse", "connecting", "/sse/stream"],
        ["sse", "connected", "sse"],
        ["sse", "ended"],
      ],
      { "socketio-websocket": ["streaming", "", 1], sse: ["ended", "", 0] },
    ],
    [
      "of one that brings lumps",
      [...CONNECT, ...stanzas("socketio", [200, 8000, 8000, 8000])],
      { "socketio-websocket": ["bursts", "", 4] },
    ],
  ]) {
    test(name, () => assert.deepEqual(short(trials(events, options)), expected));
  }

  test("a burst is over once stanzas come one by one again", () => {
    const times = [200, 8000, 8000, 8000, 8200, 10_200, 12_200, 14_200, 16_200, 18_200];
    assert.deepEqual(short(trials([...CONNECT, ...stanzas("socketio", times)])), {
      "socketio-websocket": ["streaming", "", 10],
    });
  });

  test("what came while the page slept is no burst, and no figure", () => {
    const all = trials([...CONNECT, ...stanzas("socketio", [200, 8000, 8000, 8000])], {
      slept: ({ at }) => at === 8000,
    });
    const trial = all.all.get("socketio-websocket");
    assert.deepEqual([trial.state, trial.burst, trial.timing.figures(0).count], ["streaming", null, 1]);
  });

  test("the first stanza is counted from the first attempt", () =>
    assert.equal(
      trials([...CONNECT, ...stanzas("socketio", [350])]).all.get("socketio-websocket").first,
      250,
    ));
});

describe("outcomes, as dante probe has them", () => {
  for (const [state, count, faults, expected, reason = ""] of [
    ["streaming", 3, 0, "good"],
    ["streaming", 3, 1, "degraded"],
    ["bursts", 3, 0, "degraded"],
    ["ended", 3, 0, "good"],
    ["ended", 0, 0, "degraded"],
    ["lost", 3, 0, "degraded"],
    ["lost", 0, 0, "failed"],
    ["lost", 3, 0, "good", "offline"],
    ["lost", 0, 0, "notReached", "offline"],
    ["blocked", 0, 1, "failed"],
    ["refused", 0, 0, "failed"],
    ["opening", 0, 0, "notReached"],
    ["disallowed", 0, 0, "skipped"],
  ]) {
    test(`${state} after ${count} stanzas with ${faults} findings, ${reason}: ${expected}`, () =>
      assert.equal(outcomeOf({ state, stanzas: count, reason }, faults), expected));
  }
});

describe("addresses without secrets", () => {
  for (const [address, expected] of [
    ["https://h/dante/?lang=it&stanza=4#inferno-1-4", "https://h/dante/?lang=it&stanza=4#inferno-1-4"],
    ["https://h/?access_token=abc&lang=it", "https://h/?access_token=%E2%80%A6&lang=it"],
    ["https://user:secret@h/", "https://h/"],
  ]) {
    test(address, () => assert.equal(cleanAddress(address), expected));
  }
});

describe("a report", () => {
  const all = trials([
    ...CONNECT,
    ["socketio", "blocked", "websocket blocked"],
    ["socketio", "connected", "polling"],
    ["socketio", "opening", opening],
    ...stanzas("socketio", [300, 2310]),
  ]);
  const frames = new FrameLog(() => new Date("2026-11-27T12:00:00.250Z"));
  frames.heard("socketio", "frame", [
    { way: "in", kind: "message", transport: "polling", name: "divinecomedy", bytes: 12 },
  ]);
  frames.heard("socketio", "lost", ["close 1006"]);
  const report = pageReport({
    page: "read",
    url: "https://h/sse/",
    root: new URL("https://h/"),
    agent: "a browser",
    trials: all,
    frames,
    conclude: ({ state }) => (state === "blocked" ? [{ id: "upgrade-refused", text: "It is blocked." }] : []),
    outages: [{ date: new Date("2026-11-27T12:00:01Z"), ms: 1000.4, reason: "close 1006" }],
    lifetimes: [],
    more: { choice: "socketio" },
    now: 2400,
    date: new Date("2026-11-27T12:00:02Z"),
  });

  test("says what it is, when, and of what", () => {
    const { format, version, time, page, url, choice, outages } = JSON.parse(JSON.stringify(report));
    assert.deepEqual(
      [format, version, time, page, url, choice],
      ["dante-page-report", 1, "2026-11-27T12:00:02.000Z", "read", "https://h/sse/", "socketio"],
    );
    assert.deepEqual(outages, [{ at: "2026-11-27T12:00:01.000Z", ms: 1000, reason: "close 1006" }]);
  });

  test("has each transport with its verdicts", () => {
    const [websocket, polling] = report.transports;
    assert.equal(websocket.hop, "stream-socketio-websocket");
    assert.deepEqual(websocket.verdicts, [{ id: "upgrade-refused", said: "It is blocked." }]);
    assert.equal(websocket.outcome, "failed");
    assert.deepEqual(
      [polling.outcome, polling.verdicts, polling.stanzas, polling.firstMs],
      ["good", [], 2, 200],
    );
    assert.equal(polling.timing.p95Ms, 10);
  });

  test("reads as text, too", () => {
    assert.deepEqual(transportLines(report), [
      "socketio-websocket: failed (blocked, websocket blocked); upgrade-refused; 0 stanzas",
      "socketio-polling: good (streaming); 2 stanzas; first after 200 ms; p50 0, p95 10, jitter 0.6, worst of the last minute 10 ms",
    ]);
    assert.deepEqual(frameLines(report), [
      "2026-11-27T12:00:00.250Z socketio polling in message divinecomedy 12 B",
      "2026-11-27T12:00:00.250Z socketio -- lost close 1006",
    ]);
  });
});
