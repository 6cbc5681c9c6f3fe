// What the official clients post over long polling is taken, whatever is in it. With DANTE_WRITE_FIXTURES=1 it
// is written down in tests/fixtures/payloads.json, which src/server/payload/properties.rs reads.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, describe, test } from "node:test";

import { startDante } from "../support/dante.js";
import { connect, VERSIONS } from "./support.js";

const FIXTURE = path.resolve(import.meta.dirname, "../fixtures/payloads.json");

// Characters of one, two, three and four bytes; of one UTF-16 unit and of two; halves of pairs, which the
// transport makes U+FFFD; the separators of both versions; what looks like a length.
const MESSAGES = [
  "Hello!",
  "",
  "è già l'ora € 😀",
  "😀".repeat(50),
  "a\ud83dz",
  "\ude00",
  "1:2",
  "\x1e\x00\u00ff",
  "\u2028\n\t",
  "x".repeat(600),
];

const dante = await startDante(["--interval", "1h"]);
const recorded = [];

/** Passes everything on to Dante, and keeps what is posted, with the answer's status. */
async function startRecorder() {
  const posts = [];
  const server = http.createServer(async (request, response) => {
    const body = [];
    for await (const part of request) body.push(part);
    const { method, url, headers } = request;
    const forward = http.request(dante.origin + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
      if (method === "POST") {
        const binary = headers["content-type"] === "application/octet-stream";
        const version = Number(new URL(url, dante.origin).searchParams.get("EIO"));
        posts.push({ version, binary, body: Buffer.concat(body), status: answer.statusCode });
      }
    });
    forward.on("error", () => response.destroy());
    response.on("close", () => forward.destroy());
    forward.end(Buffer.concat(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, posts };
}

const require = createRequire(import.meta.url);

/** The exact version of a client that is installed. */
function installed(version) {
  return require(path.join(import.meta.dirname, `../node_modules/socket.io-client-${version}/package.json`))
    .version;
}

/** Says each of these, and waits for as many answers. */
async function say(socket, messages) {
  let left = messages.length;
  const answered = new Promise((resolve) => {
    socket.on("helloBack", () => (left -= 1) || resolve());
  });
  for (const message of messages) socket.emit("sendMessage", { message });
  await answered;
  socket.off("helloBack");
}

describe("payloads", { concurrency: true, timeout: 30_000 }, () => {
  for (const version of Object.keys(VERSIONS)) {
    for (const forceBase64 of [false, true]) {
      test(`of a client of Socket.IO ${version}${forceBase64 ? ", bytes in base64" : ""}`, async () => {
        const { origin, posts } = await startRecorder();
        const options = { transports: ["polling"], forceBase64, auth: { from: 0 }, query: { from: 0 } };
        const socket = connect(version, origin, options);
        const other = socket.io.socket("/hello");
        after(() => other.close());
        await Promise.all([once(socket, "connect"), once(other, "connect")]);

        // One by one, and then all at once, which the client puts into one payload.
        for (const message of MESSAGES) await say(other, [message]);
        await say(other, MESSAGES);
        await new Promise((resolve) => other.emit("echo", resolve));
        assert.ok(posts.some(({ body }) => body.length > 1000));

        // Bytes come through as well; but no event of Dante's has any, so that the connection ends. The first of
        // two events at once goes alone, and the second with its bytes.
        const closed = once(socket, "disconnect");
        socket.emit("echo");
        socket.emit("sendMessage", { message: Buffer.from([0, 1, 30, 255]) });
        await closed;
        assert.deepEqual(
          posts.filter(({ status }) => status !== 200),
          [],
        );
        for (const { body, ...post } of posts) {
          recorded.push({ client: installed(version), ...post, body: body.toString("base64") });
        }
      });
    }
  }
});

// In Node.js the client of Socket.IO 2 sends base64 only. In a browser its parser makes these of text and bytes.
test("a binary payload of a client of Socket.IO 2", async () => {
  const { encodePayload } = createRequire(require.resolve("socket.io-client-2"))("engine.io-parser");
  const sid = (await (await fetch(`${dante.origin}/socket.io/?EIO=3&transport=polling`)).text()).split(
    '"',
  )[3];
  const post = (body) =>
    fetch(`${dante.origin}/socket.io/?EIO=3&transport=polling&sid=${sid}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body,
    });
  const event = `2["sendMessage",${JSON.stringify({ message: MESSAGES.join() })}]`;
  const [announced, bytes] = [
    '51-["sendMessage",{"_placeholder":true,"num":0}]',
    Buffer.from([0, 1, 30, 255]),
  ];
  const packets = [event, announced, bytes].map((data) => ({ type: "message", data }));
  const body = await new Promise((resolve) => encodePayload(packets, true, resolve));
  assert.equal((await post(body)).status, 200);
  recorded.push({ client: installed("2"), version: 3, binary: true, body: body.toString("base64") });
});

test("the fixture has payloads of each client", () => {
  if (process.env.DANTE_WRITE_FIXTURES) {
    const payloads = recorded.map(({ client, version, binary, body }) => ({ client, version, binary, body }));
    payloads.sort((a, b) => a.client.localeCompare(b.client) || a.body.localeCompare(b.body));
    const distinct = payloads.filter((payload, at) => payload.body !== payloads[at - 1]?.body);
    writeFileSync(FIXTURE, `[\n${distinct.map((payload) => JSON.stringify(payload)).join(",\n")}\n]\n`);
  }
  const clients = new Set(JSON.parse(readFileSync(FIXTURE, "utf8")).map(({ client }) => client));
  assert.deepEqual([...clients].sort(), Object.keys(VERSIONS).map(installed).sort());
});
