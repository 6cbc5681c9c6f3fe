// `--transports` and `--polling-duration`: page, handshake and server agree.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { WebSocket } from "ws";

import { poemFile, startDante, startUnderIisnode } from "../support/dante.js";
import { startRelay } from "../support/relay.js";
import { connect, END, follow, refusedWebSocket, VERSIONS } from "./support.js";

const STANZAS = 10;
const PATH = "/dante/socket.io";
const ARGS = ["--poem", poemFile(STANZAS), "--interval", "50ms"];
// The separator of Engine.IO 4 between the packets of one answer.
const SEPARATOR = "\x1e";

const url = (origin, query) => `${origin}/socket.io/?${query}`;

async function pageTransports(origin) {
  const page = await (await fetch(`${origin}/`)).text();
  return page.match(/data-transports="([^"]*)"/)?.[1];
}

/** The first packet of a polling session; Engine.IO 3 has its length before it. */
async function handshake(origin, protocol) {
  const answer = await fetch(url(origin, `EIO=${protocol}&transport=polling`));
  assert.equal(answer.status, 200);
  const body = await answer.text();
  if (protocol === 4) return JSON.parse(body.match(/^0(\{.*\})$/)[1]);
  const [, length, rest] = body.match(/^(\d+):(.*)$/s);
  const packet = rest.slice(0, Number(length));
  return JSON.parse(packet.match(/^0(\{.*\})$/)[1]);
}

/** Reads the poem and returns the transports that it came over. */
async function readToTheEnd(origin, version, options) {
  const recording = follow(connect(version, origin, options));
  await recording.end();
  recording.assertWhole(STANZAS);
  assert.equal(recording.log.at(-1), END);
  return recording.transports;
}

/** Dante under iisnode: the relay sees what clients try. */
function guest(options = {}, args = []) {
  return startRelay(startUnderIisnode({ args: [...ARGS, ...args] }).socketPath, options);
}

describe("--transports", { concurrency: true, timeout: 30_000 }, () => {
  test("both by default: the page names WebSocket first, and each handshake offers it", async () => {
    const { origin } = await startDante(ARGS);
    assert.equal(await pageTransports(origin), "websocket,polling");
    for (const protocol of [4, 3]) {
      assert.deepEqual((await handshake(origin, protocol)).upgrades, ["websocket"]);
    }
  });

  test("polling,websocket: the page tries polling first", async () => {
    const { origin } = await startDante([...ARGS, "--transports", "polling,websocket"]);
    assert.equal(await pageTransports(origin), "polling,websocket");
    assert.deepEqual((await handshake(origin, 4)).upgrades, ["websocket"]);
  });

  test("websocket alone: polling is refused", async () => {
    const { origin } = await startDante([...ARGS, "--transports", "websocket"]);
    assert.equal(await pageTransports(origin), "websocket");
    for (const protocol of [4, 3]) {
      const answer = await fetch(url(origin, `EIO=${protocol}&transport=polling`));
      assert.equal(answer.status, 400);
      assert.notEqual(await answer.text(), "");
    }
    for (const version of Object.keys(VERSIONS)) {
      const transports = await readToTheEnd(origin, version, { transports: ["websocket"] });
      assert.deepEqual(transports, ["websocket"]);
    }
  });

  test("polling alone: WebSocket is neither offered nor taken", async () => {
    const { origin } = await startDante([...ARGS, "--transports", "polling"]);
    assert.equal(await pageTransports(origin), "polling");
    for (const protocol of [4, 3]) {
      const { sid, upgrades } = await handshake(origin, protocol);
      assert.deepEqual(upgrades, []);
      const socket = url(origin, `EIO=${protocol}&transport=websocket`);
      assert.equal((await refusedWebSocket(socket)).status, 400);
      assert.equal((await refusedWebSocket(`${socket}&sid=${sid}`)).status, 400);
    }
  });

  for (const version of Object.keys(VERSIONS)) {
    test(`polling alone: a client of Socket.IO ${version} with its defaults does not try an upgrade`, async () => {
      const relay = await guest({}, ["--transports", "polling"]);
      assert.deepEqual(await readToTheEnd(relay.origin, version, { path: PATH }), ["polling"]);
      assert.equal(relay.upgrades, 0);
    });

    test(`WebSocket blocked: a client of Socket.IO ${version} with its defaults reads on by polling`, async () => {
      const relay = await guest({ blockWebSocket: true });
      assert.deepEqual(await readToTheEnd(relay.origin, version, { path: PATH }), ["polling"]);
      assert.equal(relay.upgrades, 1);
    });
  }

  test("WebSocket blocked: a client that tries it first, as the page does, falls back to polling", async () => {
    const relay = await guest({ blockWebSocket: true });
    const options = { path: PATH, transports: ["websocket", "polling"], tryAllTransports: true };
    assert.deepEqual(await readToTheEnd(relay.origin, "4", options), ["polling"]);
    assert.equal(relay.upgrades, 1);
  });
});

describe("--engine-versions", { concurrency: true, timeout: 30_000 }, () => {
  test("4: clients of Socket.IO 3 and 4 read, one of Socket.IO 2 is refused", async () => {
    const { origin } = await startDante([...ARGS, "--engine-versions", "4"]);
    for (const version of ["3", "4"]) await readToTheEnd(origin, version, {});
    for (const transports of [["polling"], ["websocket"]]) {
      const socket = connect("2", origin, { transports, reconnection: false });
      const [error] = await once(socket, "connect_error");
      assert.equal(error.type, "TransportError", String(error));
    }
  });
});

// With stanzas an hour apart, only the end of its time brings a poll back.
describe("--polling-duration", { concurrency: true, timeout: 30_000 }, () => {
  const args = ["--interval", "1h", "--polling-duration", "1"];

  test("a poll without news is answered by a ping, each time", async () => {
    const { origin } = await startDante(args);
    const { sid, pingInterval } = await handshake(origin, 4);
    assert.equal(pingInterval, 1000);
    const session = url(origin, `EIO=4&transport=polling&sid=${sid}`);
    const say = async (body) => assert.equal((await fetch(session, { method: "POST", body })).status, 200);
    const poll = async () => {
      const packets = (await (await fetch(session)).text()).split(SEPARATOR);
      if (packets.includes("2")) await say("3");
      return packets;
    };

    await say("40");
    // The engine pings at the start, too.
    const start = [];
    while (!start.some((packet) => packet.startsWith('42["divinecomedy"'))) start.push(...(await poll()));
    for (let time = 1; time <= 2; time += 1) assert.deepEqual(await poll(), ["2"]);
  });

  test("a client of Socket.IO 2 pings in that time itself", async () => {
    const { origin } = await startDante(args);
    const socket = connect("2", origin, { transports: ["polling"] });
    const recording = follow(socket);
    await recording.more(1);
    await once(socket, "pong");
    await once(socket, "pong");
    assert.deepEqual(recording.log, ["reading", 0]);
  });

  test("over WebSocket the pings come as often", async () => {
    const { origin } = await startDante(args);
    const socket = new WebSocket(url(origin.replace("http", "ws"), "EIO=4&transport=websocket"));
    const pings = [];
    socket.on("message", (data) => {
      const packet = String(data);
      if (packet.startsWith("0{")) socket.send("40");
      if (packet !== "2") return;
      socket.send("3");
      if (pings.push(packet) === 3) socket.close();
    });
    const [code] = await once(socket, "close");
    assert.equal(pings.length, 3);
    assert.equal(code, 1005);
  });
});
