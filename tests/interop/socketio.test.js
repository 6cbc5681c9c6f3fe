// The rules of Socket.IO, protocol 5 over Engine.IO 4 and protocol 4 over 3, as the description has them (github.com/socketio/socket.io-protocol,
// "Exchange protocol" and "Packet encoding"), over each transport.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { startDante } from "../support/dante.js";
import { TRANSPORTS, nextThat, untilTheEnd } from "./packets.js";

const { origin } = await startDante(["--interval", "1h", "--polling-duration", "1"]);
/** Above what a client may take to join. */
const LIMITS = { concurrency: true, timeout: 90_000 };

const startsWith = (start) => (packet) => packet.startsWith(start);
/** An event that is acknowledged, and the acknowledgement, in the main namespace. */
const ASK = '4212["sendMessage",{"message":"Hello"}]';
const ANSWER = "4312[";

// At the same time, since whoever never joins takes the longest.
describe("the rules of Socket.IO", LIMITS, () => {
  for (const version of [4, 3]) {
    for (const [transport, Client] of Object.entries(TRANSPORTS)) {
      describe(`Socket.IO over Engine.IO ${version}, ${transport}`, LIMITS, () => {
        const open = () => Client.open(origin, version);
        /** One that has joined the main namespace, which version 3 does with its handshake. */
        const join = async (auth = "") => {
          const client = await open();
          if (version === 4) await client.send(`40${auth}`);
          const packet = await nextThat(client, startsWith("4"));
          if (version === 4) assert.match(packet, /^40\{"sid":"[\w-]+"\}$/);
          else assert.equal(packet, "40");
          return client;
        };

        test("Connection: to the main namespace", async () => {
          const client = await join(version === 4 ? "{}" : "");
          assert.ok(await nextThat(client, (packet) => packet.startsWith('42["reading",')));
        });

        test("Connection: to another namespace", async () => {
          const client = await (version === 4 ? open() : join());
          await client.send("40/hello,");
          const packet = await nextThat(client, startsWith("40/hello"));
          assert.match(packet, version === 4 ? /^40\/hello,\{"sid":"[\w-]+"\}$/ : /^40\/hello,?$/);
          await client.send('42/hello,12["sendMessage",{"message":"Hello"}]');
          assert.ok(await nextThat(client, startsWith("43/hello,12[")));
        });

        test("Connection: to a namespace that there is not", async () => {
          const client = await (version === 4 ? open() : join());
          await client.send("40/nowhere,");
          const packet = await nextThat(client, startsWith("44"));
          assert.equal(packet, '44/nowhere,{"message":"Invalid namespace"}');
        });

        test("Disconnection: of one namespace, and the others stay", async () => {
          const client = await join();
          await client.send("40/hello,");
          await nextThat(client, startsWith("40/hello"));
          await client.send("41/hello,", ASK);
          assert.ok(await nextThat(client, startsWith(ANSWER)));
        });

        test("Disconnection: and the main namespace again", async () => {
          const client = await join();
          await nextThat(client, (packet) => packet.includes("divinecomedy"));
          await client.send("41", "40");
          assert.ok(await nextThat(client, (packet) => packet.includes("reading")));
        });

        test("Acknowledgement: with the number of its event", async () => {
          const client = await join();
          await client.send(ASK);
          assert.match(await nextThat(client, startsWith("43")), /^4312\[/);
        });

        // Dante expects bytes nowhere, so nothing waits for them.
        for (const [name, packet] of Object.entries({
          "an event with bytes": '451-["sendMessage",{"_placeholder":true,"num":0}]',
          "an acknowledgement with bytes": '461-12[{"_placeholder":true,"num":0}]',
          "an unknown type": "4abc",
          "an event that is no list": "42{}",
          "an acknowledgement's number that is none": '42abc["sendMessage"]',
        })) {
          test(`Packet encoding: ${name} ends the connection`, async () => {
            const client = await join();
            await client.send(packet);
            await untilTheEnd(client);
          });
        }

        if (version === 4) {
          test("Connection: with a payload that is understood", async () => {
            const client = await join('{"acks":true}');
            assert.match(await nextThat(client, (packet) => packet.includes("divinecomedy")), /^42\d+\[/);
          });

          test("Connection: with a payload that is not", async () => {
            const client = await open();
            await client.send('40{"from":"x"}');
            assert.match(await nextThat(client, startsWith("44")), /^44\{"message":/);
          });

          test("Connection: who never joins is closed", async () => untilTheEnd(await open()));
        }
      });
    }
  }
});
