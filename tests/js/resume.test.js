// No stanza is lost or repeated when a connection breaks: on every transport a reader says where to go on.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { WebSocket } from "ws";

import { poemFile, startDante } from "../support/dante.js";
import * as support from "./support.js";
import { connect, END, follow, readSocketIo, readSse, readWebSocket, refusedWebSocket } from "./support.js";

// A server that waits for its readers this long ends only when it has let all of them go.
const PATIENT = ["--grace", "1h"];
const POLLING = { transports: ["polling"] };
const WEBSOCKET = { transports: ["websocket"] };

/** One reader of each kind, by name. */
function everyReader(origin) {
  const readers = { "plain WebSocket": readWebSocket(origin), "server-sent events": readSse(origin) };
  for (const version of Object.keys(support.VERSIONS)) {
    for (const [mode, options] of Object.entries({ default: {}, polling: POLLING, websocket: WEBSOCKET })) {
      readers[`Socket.IO ${version}, ${mode}`] = readSocketIo(version, origin, options);
    }
  }
  return readers;
}

/**
 * Waits until each reader has so many stanzas more, and none is in the middle of an upgrade: when the server
 * goes away just then, the client of Socket.IO 4 stays with a paused poll until its own ping timeout.
 */
async function settled(readers, count) {
  await Promise.all(Object.values(readers).map((recording) => recording.more(count)));
  const upgrading = Object.entries(readers).filter(([name]) => name.endsWith("default"));
  const upgraded = ({ transports }) => transports.at(-1) === "websocket";
  await Promise.all(upgrading.map(([, recording]) => recording.until(upgraded)));
}

describe("a server that goes away", { concurrency: true, timeout: 60_000 }, () => {
  // Event sources wait for a second before they come back; the others must not be done by then, on a machine that is busy, too.
  const stanzas = 240;
  const args = ["--poem", poemFile(stanzas), "--interval", "50ms"];

  /** Ends a server while everybody reads, and starts it again on its port. */
  async function restart(dante, readers, signal) {
    await settled(readers, 3);
    for (const [name, recording] of Object.entries(readers)) {
      assert.ok(!recording.ended, `${name} was done before`);
    }
    const code = await dante.end(signal);
    return [await startDante(args, { port: dante.port }), code];
  }

  async function assertAllWhole(readers, servers) {
    for (const [name, recording] of Object.entries(readers)) {
      await recording.end();
      recording.assertWhole(stanzas);
      const nodes = new Set(recording.openings.map(({ node }) => node));
      assert.deepEqual([recording.openings.length, nodes.size], [servers, servers], name);
    }
  }

  test("killed twice: every reader has every stanza once", async () => {
    let dante = await startDante(args);
    const readers = everyReader(dante.origin);
    for (let time = 1; time <= 2; time += 1) {
      let by;
      [dante, by] = await restart(dante, readers, "SIGKILL");
      assert.equal(by, "SIGKILL");
    }
    await assertAllWhole(readers, 3);
  });

  function assertLetGo(readers) {
    const expected = { "plain WebSocket": /^close 1012$/, "server-sent events": /^error$/ };
    for (const [name, { log }] of Object.entries(readers)) {
      const reason = log.find((entry) => typeof entry === "string" && entry !== "reading");
      assert.match(reason, expected[name] ?? /^transport (close|error)$/, name);
    }
  }

  test("stopped: every reader is let go in the way that makes it come back, and goes on", async () => {
    const dante = await startDante([...args, ...PATIENT]);
    const readers = everyReader(dante.origin);
    const [, code] = await restart(dante, readers, "SIGTERM");
    assert.equal(code, 0);
    await assertAllWhole(readers, 2);
    assertLetGo(readers);
  });

  test("stopped while no stanza is due: parked polls and quiet streams are let go, too", async () => {
    const dante = await startDante(["--interval", "1h", "--polling-duration", "300", ...PATIENT]);
    const readers = everyReader(dante.origin);
    await settled(readers, 1);
    assert.equal(await dante.end("SIGTERM"), 0);
    // The reading, its first stanza, and why it broke off.
    await Promise.all(
      Object.values(readers).map((recording) => recording.until(({ log }) => log.length > 2)),
    );
    assertLetGo(readers);
  });
});

const STANZAS = 6;
const dante = await startDante(["--poem", poemFile(STANZAS), "--interval", "20ms"]);
const EDITION = dante.banner.match(/edition (\S+)/)[1];

const BAD_AUTHS = [
  [{ from: -1 }, "bad-from"],
  [{ from: 1.5 }, "bad-from"],
  [{ from: 1e300 }, "bad-from"],
  [{ from: "x" }, "bad-from"],
  [{ from: 2, edition: 7 }, "bad-auth"],
  [{ form: 1 }, "bad-auth"],
  [[1], "bad-auth"],
  ["x", "bad-auth"],
  [{ from: 2, edition: "other" }, "foreign-edition"],
];

const BAD_QUERIES = ["from=-1", "from=1.5", "from=1e300", "from=x", "from=", "from=2&edition=other"];
const refusalOf = (query) => (query.includes("edition") ? /^foreign-edition: / : /^bad-from: /);

describe("a start that is no good is refused", { concurrency: true, timeout: 30_000 }, () => {
  for (const version of ["4", "3"]) {
    for (const [auth, reason] of BAD_AUTHS) {
      test(`Socket.IO ${version}, auth ${JSON.stringify(auth)}`, async () => {
        for (const options of [POLLING, WEBSOCKET]) {
          const socket = connect(version, dante.origin, { auth, ...options });
          const recording = follow(socket);
          const attempts = [];
          socket.io.on("reconnect_attempt", () => attempts.push("again"));
          const [error] = await once(socket, "connect_error");
          assert.ok(error.message.startsWith(`${reason}: `), error.message);
          // Clients of Socket.IO 3 call themselves active all the same.
          if (version === "4") assert.equal(socket.active, false);
          assert.deepEqual([socket.connected, recording.log, attempts], [false, [], []]);
        }
      });
    }
  }

  for (const query of BAD_QUERIES) {
    test(`Socket.IO 2, query ${query}`, async () => {
      for (const options of [POLLING, WEBSOCKET]) {
        const socket = connect("2", dante.origin, { query, ...options });
        const recording = follow(socket);
        const [error] = await once(socket, "error");
        assert.match(error.message ?? error, refusalOf(query));
        assert.deepEqual([socket.connected, recording.log], [false, []]);
      }
    });

    test(`plain WebSocket and server-sent events, query ${query}`, async () => {
      const refused = await refusedWebSocket(`${dante.origin}/websocket/ws?${query}`);
      assert.equal(refused.status, 400);
      assert.match(refused.text, refusalOf(query));
      // The page asks the WebSocket's address by a plain GET, too, why it was refused.
      for (const path of ["websocket/ws", "sse/stream"]) {
        const answer = await fetch(`${dante.origin}/${path}?${query}`);
        assert.equal(answer.status, 400, path);
        assert.match(await answer.text(), refusalOf(query));
      }
    });
  }

  for (const [id, reason] of [
    ["x", /^bad-last-event-id: /],
    [`${EDITION}:-1`, /^bad-last-event-id: /],
    [`${EDITION}:1.5`, /^bad-last-event-id: /],
    ["other:2", /^foreign-edition: /],
  ]) {
    test(`server-sent events, Last-Event-ID ${id.replace(EDITION, "edition")}`, async () => {
      const answer = await fetch(`${dante.origin}/sse/stream`, { headers: { "Last-Event-ID": id } });
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), reason);
    });
  }
});

/** A reader of each kind that asks for a start of its own. */
function startingAt(from) {
  const socket = new WebSocket(`${dante.origin.replace("http", "ws")}/websocket/ws?from=${from}&format=json`);
  const plain = new support.Recording();
  socket.on("message", (data) => {
    const { event, text, ...content } = JSON.parse(data);
    if (event === "reading") plain.opened(content);
    else plain.stanza(text, content);
  });
  socket.on("close", (code) => plain.over(`close ${code}`, true));
  const readers = [
    [plain, "close 1000"],
    [readSse(dante.origin, `?from=${from}&edition=${EDITION}`), "end"],
  ];
  for (const options of [POLLING, WEBSOCKET]) {
    const auth = { from, edition: EDITION };
    readers.push([follow(connect("4", dante.origin, { auth, ...options })), END]);
    readers.push([follow(connect("3", dante.origin, { auth, ...options })), END]);
    readers.push([follow(connect("2", dante.origin, { query: auth, ...options })), END]);
  }
  return readers;
}

describe("a start of one's own", { concurrency: true, timeout: 30_000 }, () => {
  for (const from of [3, STANZAS, STANZAS + 1, 4_294_967_295]) {
    test(`from ${from} of ${STANZAS}: the rest and the end`, async () => {
      const first = Math.min(from, STANZAS);
      for (const [recording, end] of startingAt(from)) {
        await recording.end();
        recording.assertWhole(STANZAS, first);
        assert.deepEqual(recording.log, [
          "reading",
          ...recording.stanzas.map(({ place }) => place.index),
          end,
        ]);
        assert.equal(recording.openings[0].from, first);
      }
    });
  }

  test("server-sent events after a stanza, and after the last one", async () => {
    const after = (index) =>
      fetch(`${dante.origin}/sse/stream?from=0`, { headers: { "Last-Event-ID": `${EDITION}:${index}` } });
    const ids = [...(await (await after(3)).text()).matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    assert.deepEqual(ids, [`${EDITION}:4`, `${EDITION}:5`]);
    // Browsers come back for more after any other answer.
    assert.equal((await after(STANZAS - 1)).status, 204);
  });
});
