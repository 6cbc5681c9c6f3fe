// What the page finds (static/js/findings.js): the ids of the probe's verdicts, and remedies that fit.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const read = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const TABLE = JSON.parse(read("templates/strings.json"));

// The interface's sentences come with the document: here is a stand-in.
globalThis.document = {
  documentElement: { lang: "en" },
  getElementById: () => ({ textContent: JSON.stringify(TABLE.en) }),
};
const causes = await import("../../static/js/stream/causes.js");
const { findings, said } = await import("../../static/js/findings.js");

const NOTHING = { blocked: null, reason: null, unanswered: null, cuts: null, burst: null };
const find = (transport, seen) => findings({ transport, ...NOTHING, ...seen });

/** The verdicts that there are. */
const VERDICTS = [...read("docs/verdicts.md").matchAll(/^## (\S+)$/gm)].map(([, id]) => id);

describe("findings", () => {
  for (const [name, transport, seen, ...found] of [
    ["all is well", "websocket", {}],
    [
      "an age",
      "sse",
      { cuts: { ms: 15_020, quietMs: null } },
      ["age-cut", /^Cut every 15 s: raise the proxy’s time-out for whole requests\.$/],
    ],
    [
      "silence",
      "sse",
      { cuts: { ms: 15_000, quietMs: 9540 } },
      ["idle-cut", /^Cut every 15 s, after 9\.5 s of silence: raise .* for silence\.$/],
    ],
    [
      "silence at any age",
      "sse",
      { cuts: { ms: null, quietMs: 60_000 } },
      ["idle-cut", /^Cut each time after 60 s of silence: /],
    ],
    [
      "bursts",
      "sse",
      { burst: { count: 4, late: 2500 } },
      ["buffered", /^4 stanzas .* 2\.5 s late: .*response buffering\.$/],
    ],
    ["offline", "websocket", { reason: causes.OFFLINE }, ["offline", /^This device is offline\.$/]],
    [
      "no answer to the upgrade",
      "websocket",
      { reason: causes.UNANSWERED },
      ["upgrade-unanswered", /^No answer to the upgrade within 8 s/],
    ],
    ["while it is waited for", "websocket", { unanswered: causes.UNANSWERED }],
    [
      "nor to a plain request",
      "websocket",
      { reason: `${causes.UNANSWERED}, timeout` },
      ["black-hole", /^No answer within 8 s: /],
    ],
    ["accepted and silent", "websocket", { reason: causes.SILENT }, ["silent", /stays silent: .*IIS/]],
    ["accepted and closed", "socketio", { blocked: causes.CLOSED }, ["closed-after-101", /closed at once: /]],
    ["unheard", "socketio", { blocked: causes.UNHEARD }, ["upward-lost", /gets no answer: /]],
    ["broke", "socketio", { blocked: causes.BROKEN }, ["early-end", /twice: /]],
    [
      "refused",
      "websocket",
      { reason: causes.BLOCKED },
      ["upgrade-refused", /Upgrade and Connection headers; a firewall’s or a policy’s rule/],
    ],
    [
      "refused beside polling",
      "socketio",
      { blocked: "probe error: websocket error" },
      ["upgrade-refused", /./],
    ],
    [
      "forbidden beside polling",
      "socketio",
      { blocked: "websocket error, 403 Forbidden" },
      ["websocket-forbidden", /firewall’s/],
    ],
    ["forbidden", "websocket", { reason: "403 Forbidden" }, ["websocket-forbidden", /firewall’s .*headers/]],
    ["forbidden otherwise", "sse", { reason: "403 Forbidden" }, ["stream-refused", /firewall’s/]],
    ["an upgrade that SSE has not", "sse", { reason: causes.BLOCKED }],
    [
      "polling refused",
      "socketio-polling",
      { reason: "xhr poll error (502)" },
      ["gateway-answers", /server behind the proxy runs/],
    ],
    ["no room", "sse", { reason: "server-full" }],
    [
      "a status without a remedy",
      "sse",
      { reason: "418 I'm a teapot" },
      ["stream-refused", /^The answer was 418\.$/],
    ],
    ["the library", "socketio", { reason: "/socket.io/socket.io.js" }, ["library-missing", /route/]],
    ["nothing but a lost connection", "websocket", { reason: "close 1006" }],
    [
      "the handshake",
      "socketio-polling",
      { reason: causes.HANDSHAKE_PENDING },
      ["slow-answer", /^No answer to the handshake/],
    ],
    [
      "the head of a stream",
      "sse",
      { reason: causes.STREAM_PENDING },
      ["slow-answer", /^No answer to the request/],
    ],
    ["its first event", "sse", { unanswered: causes.STREAM_HELD }, ["buffered", /^The answer began/]],
    [
      "several at once",
      "socketio",
      { blocked: causes.BLOCKED, cuts: { ms: 3000, quietMs: null } },
      ["age-cut", /^Cut every 3 s: /],
      ["upgrade-refused", /./],
    ],
  ]) {
    test(name, () => {
      const all = find(transport, seen);
      assert.deepEqual(
        all.map(({ id }) => id),
        found.map(([id]) => id),
      );
      all.forEach((finding, at) => {
        assert.equal(finding.transport, transport);
        assert.match(said(finding), found[at][1]);
      });
    });
  }

  for (const [status, id] of [
    [401, "credentials-required"],
    [403, "stream-refused"],
    [404, "stream-refused"],
    [413, "body-limit"],
    [429, "rate-limited"],
    [502, "gateway-answers"],
    [503, "gateway-answers"],
    [504, "gateway-answers"],
  ]) {
    test(`${status} has a name and a remedy of its own in both languages`, () => {
      const [finding] = find("sse", { reason: `${status}` });
      assert.equal(finding.id, id);
      assert.match(finding.text, new RegExp(`^The answer was ${status} [A-Z]`));
      assert.equal(finding.remedy, TABLE.en[`remedy_${status}`]);
      assert.ok(TABLE.it[`remedy_${status}`] && TABLE.it[`status_${status}`]);
      if (status !== 404) assert.doesNotMatch(finding.remedy, /prefix/);
    });
  }

  test("each has an id that the probe's verdicts have, too, but for the device's own", () => {
    const source = read("static/js/findings.js");
    const ids = [...source.matchAll(/"([a-z]+(?:-[a-z\d]+)+|silent|buffered)"/g)].map(([, id]) => id);
    assert.ok(ids.length > 15);
    for (const id of ids) assert.ok(VERDICTS.includes(id), id);
  });

  test("every sentence and every remedy that it names exists", () => {
    const source = read("static/js/findings.js");
    const names = [...source.matchAll(/"((?:finding|remedy)_\w+)"/g)].map(([, name]) => name);
    assert.ok(names.length > 20);
    for (const name of names) assert.ok(TABLE.en[name] && TABLE.it[name], name);
  });
});
