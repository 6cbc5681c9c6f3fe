// The Hello exchange: `sendMessage {message}` is answered by `helloBack {message}`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { startDante } from "../support/dante.js";
import { connect, follow, VERSIONS } from "./support.js";

const dante = await startDante(["--interval", "1h"]);

const OTHER_SHAPES = [[], ["Hello!"], [{}], [{ message: 1 }], [{ text: "Hello!" }], [["Hello!"]], [null]];

async function say(socket, ...args) {
  const answer = new Promise((resolve) => socket.once("helloBack", (...back) => resolve(back)));
  socket.emit("sendMessage", ...args);
  return answer;
}

describe("Hello", { concurrency: true, timeout: 30_000 }, () => {
  for (const version of Object.keys(VERSIONS)) {
    test(`a client of Socket.IO ${version}, in the main namespace`, async () => {
      const socket = connect(version, dante.origin);
      const recording = follow(socket);
      assert.deepEqual(await say(socket, { message: "Hello!" }), [{ message: "Hello back!" }]);
      await recording.more(recording.stanzas.length ? 0 : 1);
      assert.deepEqual(recording.log, ["reading", 0]);
    });

    test(`a client of Socket.IO ${version}, in the namespace /hello, where nothing is read`, async () => {
      const socket = connect(version, `${dante.origin}/hello`);
      const recording = follow(socket);
      for (let time = 1; time <= 3; time += 1) {
        assert.deepEqual(await say(socket, { message: `Hello ${time}\n` }), [{ message: "Hello back!" }]);
      }
      assert.deepEqual(recording.log, []);
    });

    test(`a client of Socket.IO ${version} that asks for an acknowledgement gets the answer twice`, async () => {
      const socket = connect(version, `${dante.origin}/hello`);
      for (const [said, expected] of [
        [{ message: "Hello!" }, { message: "Hello back!" }],
        [{ text: "Hello!" }, { error: 'sendMessage takes one object with a text: {message: "Hello"}' }],
      ]) {
        const emitted = new Promise((resolve) => socket.once("helloBack", (...back) => resolve(back)));
        const acknowledged = new Promise((resolve) =>
          socket.emit("sendMessage", said, (...back) => resolve(back)),
        );
        assert.deepEqual(await Promise.all([emitted, acknowledged]), [[expected], [expected]]);
      }
    });

    test(`a ping of Socket.IO ${version} is acknowledged without arguments, as cb() does`, async () => {
      const socket = connect(version, `${dante.origin}/hello`);
      const back = await new Promise((resolve) => socket.emit("echo", (...args) => resolve(args)));
      assert.deepEqual(back, []);
    });

    test(`a client of Socket.IO ${version} that says something of another shape`, async () => {
      const socket = connect(version, `${dante.origin}/hello`);
      for (const args of OTHER_SHAPES) {
        const [answer, ...more] = await say(socket, ...args);
        assert.deepEqual([Object.keys(answer), more], [["error"], []], JSON.stringify(args));
        assert.match(answer.error, /^sendMessage takes /);
      }
      assert.deepEqual(await say(socket, { message: "Hello!" }), [{ message: "Hello back!" }]);
    });
  }

  test("a client that says again what is not acknowledged says it once", async () => {
    // A busy machine acknowledges it before that.
    const socket = connect("4", `${dante.origin}/hello`, { retries: 3, ackTimeout: 10_000 });
    const answers = [];
    socket.on("helloBack", (answer) => answers.push(answer));
    const acknowledgement = await socket.emitWithAck("sendMessage", { message: "Hello!" });
    assert.deepEqual(acknowledgement, { message: "Hello back!" });
    // What is said next is answered after all that was said before.
    await socket.emitWithAck("echo");
    assert.equal(answers.length, 1);
  });

  test("each client gets its own answer", async () => {
    const [speaker, listener] = [
      connect("4", `${dante.origin}/hello`),
      connect("4", `${dante.origin}/hello`),
    ];
    await Promise.all([once(speaker, "connect"), once(listener, "connect")]);
    const overheard = [];
    listener.on("helloBack", (answer) => overheard.push(answer));
    await say(speaker, { message: "Hello!" });
    await say(listener, { message: "Hello!" });
    assert.equal(overheard.length, 1);
  });
});
