// The rules of Engine.IO 4 and 3, as the protocol's description has them (github.com/socketio/engine.io-protocol, whose sections the tests
// name). What is refused of payloads is in tests/it/payloads.rs and hostile.rs, and how an upgrade breaks in tests/it/sessions.rs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refusedWebSocket } from "../js/support.js";
import { startDante } from "../support/dante.js";
import { Polling, Socket, TRANSPORTS, nextThat, untilTheEnd } from "./packets.js";

/** A ping each second; the time for the answer is fixed. */
const { origin } = await startDante(["--interval", "1h", "--polling-duration", "1"]);
/** A server that lets a poll wait. */
const patient = await startDante(["--interval", "1h", "--polling-duration", "60"]);
const PING_INTERVAL_MS = 1000;
const PING_TIMEOUT_MS = 20_000;
const VERSIONS = [4, 3];
/** Above what a session may be silent. */
const LIMITS = { concurrency: true, timeout: 90_000 };

const isMessage = (packet) => packet[0] === "4";
/** A message of Socket.IO that is answered, and its answer. */
const trip = (id) => [
  `42${id}["sendMessage",{"message":"${id}"}]`,
  (packet) => packet.startsWith(`43${id}[`),
];

// At the same time, since whoever is silent takes the longest.
describe("the rules of Engine.IO", LIMITS, () => {
  for (const version of VERSIONS) {
    for (const [transport, Client] of Object.entries(TRANSPORTS)) {
      describe(`Engine.IO ${version}, ${transport}`, LIMITS, () => {
        const join = async () => {
          const client = await Client.open(origin, version);
          if (version === 4) await client.send("40");
          await nextThat(client, (packet) => packet.startsWith("40"));
          return client;
        };

        test("Handshake: the open packet says what the session is", async () => {
          const { sid, maxPayload, ...open } = (await Client.open(origin, version)).open;
          assert.match(sid, /^[\w-]{16,}$/);
          const upgrades = transport === "polling" ? ["websocket"] : [];
          assert.deepEqual(open, { upgrades, pingInterval: PING_INTERVAL_MS, pingTimeout: PING_TIMEOUT_MS });
          // It limits what a client puts into one payload, and a WebSocket has none.
          if (transport === "polling") assert.equal(maxPayload, 16_384);
        });

        test("Message: several packets at once are taken in their order", async () => {
          const client = await join();
          const trips = ["1", "2", "3"].map(trip);
          await client.send(...trips.map(([packet]) => packet));
          for (const [, isAnswer] of trips) {
            assert.ok(isAnswer(await nextThat(client, (packet) => packet.startsWith("43"))));
          }
        });

        test("Message: characters of two UTF-16 units, and something behind them", async () => {
          const client = await join();
          const [packet, isAnswer] = trip("7");
          await client.send('42["sendMessage",{"message":"😀 𝔇ante"}]', packet);
          assert.ok(await nextThat(client, isAnswer));
        });

        test("Heartbeat: whoever is silent is closed", async () => {
          const client = await join();
          // Nothing is said from here on, as nextThat would.
          while ((await client.next()) !== null);
        });

        test("Heartbeat: whoever answers, or asks, stays", async () => {
          const client = await join();
          for (let beats = 0; beats < 3; beats += 1) {
            // In version 4 the server asks, in 3 the client.
            if (version === 3) await client.send("2");
            const beat = await nextThat({ next: () => client.next(), send() {} }, (packet) =>
              /^[23]$/.test(packet),
            );
            assert.equal(beat, version === 4 ? "2" : "3");
            if (version === 4) await client.send("3");
          }
          const [packet, isAnswer] = trip("9");
          await client.send(packet);
          assert.ok(await nextThat(client, isAnswer));
        });

        test("Close: a client that says so is gone", async () => {
          const client = await join();
          await client.send("1");
          await untilTheEnd(client);
        });
      });
    }

    describe(`Engine.IO ${version}, from one transport to the other`, LIMITS, () => {
      const upgraded = async () => {
        const polling = await Polling.open(origin, version);
        if (version === 4) await polling.send("40");
        await nextThat(polling, isMessage);
        const socket = await Socket.open(origin, version, polling.sid);
        await socket.send("2probe");
        assert.equal(await socket.next(), "3probe");
        await socket.send("5");
        const [packet, isAnswer] = trip("1");
        await socket.send(packet);
        assert.ok(await nextThat(socket, isAnswer));
        return { polling, socket };
      };
      const goesOn = async (socket) => {
        const [packet, isAnswer] = trip("2");
        await socket.send(packet);
        assert.ok(await nextThat(socket, isAnswer));
      };

      test("Upgrade: after it, polls and posts are refused", async () => {
        const { polling, socket } = await upgraded();
        assert.equal((await polling.request()).status, 400);
        assert.equal(await polling.post(trip("3")[0]), 400);
        await goesOn(socket);
      });

      test("Upgrade: after it, another WebSocket is refused", async () => {
        const { polling, socket } = await upgraded();
        const url = `${origin}/socket.io/?EIO=${version}&transport=websocket&sid=${polling.sid}`;
        assert.equal((await refusedWebSocket(url)).status, 400);
        await goesOn(socket);
      });
    });
  }

  describe("Engine.IO 4 only", LIMITS, () => {
    // engineioxide asks at once, and so does not wait for pingInterval as the description has it.
    for (const [transport, Client] of Object.entries(TRANSPORTS)) {
      test(`Heartbeat: the first ping comes with the handshake, before anything else, ${transport}`, async () => {
        const client = await Client.open(origin, 4);
        assert.equal(await client.next(), "2");
      });
    }

    test("two polls at the same time end the session", async () => {
      const client = await Polling.open(patient.origin, 4);
      await client.send("40");
      await nextThat(client, (packet) => packet.includes("divinecomedy"));
      const polls = await Promise.all([client.request(), client.request()]);
      const statuses = polls.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, 400]);
      await untilTheEnd(client);
    });
  });

  test("Handshake: a WebSocket that asks for what there is not is refused", async () => {
    for (const query of [
      "transport=websocket",
      "EIO=abc&transport=websocket",
      "EIO=2&transport=websocket",
      "EIO=4",
      "EIO=4&transport=abc",
      "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAHs",
    ]) {
      assert.equal((await refusedWebSocket(`${origin}/socket.io/?${query}`)).status, 400, query);
    }
  });
});
