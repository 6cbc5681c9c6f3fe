// Clients that ask for as much as they can, in a process of its own: handshakes that nobody joins by, messages, streams that are broken off at once,
// and heads that never end. Everything they say is well-formed.

import { fork } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after } from "node:test";

import { upgrade } from "./stuck.js";

/** How many connections of each kind there are at once. */
const CONNECTIONS = 8;
/** How many handshakes or messages go in one piece. */
const PIECE = 50;
/** How often an unfinished head goes on. */
const HEAD_MS = 100;

/** Text frames, masked with zeros (RFC 6455, 5.3); the text is shorter than 126 bytes. */
const frame = (text) =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
const join = frame("40/hello,");
const message = frame(`42/hello,["sendMessage",{"message":"${"x".repeat(60)}"}]`);
const stream = "GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
const handshake = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n";

const HANDSHAKES = Buffer.from(handshake.repeat(PIECE));
const MESSAGES = Buffer.concat(Array(PIECE).fill(message));

/** What one connection does; `count` adds what it has said. */
const KINDS = {
  handshakes(socket, count) {
    let answers = 0;
    socket.write(HANDSHAKES);
    socket.on("data", (bytes) => {
      answers += bytes.toString("latin1").split("HTTP/1.1 ").length - 1;
      while (answers >= PIECE) {
        answers -= PIECE;
        count(PIECE);
        socket.write(HANDSHAKES);
      }
    });
  },
  messages(socket, count) {
    socket.write(upgrade("/socket.io/?EIO=4&transport=websocket"));
    socket.write(join);
    socket.resume();
    const say = () => {
      while (socket.writable && !socket.writableNeedDrain) {
        socket.write(MESSAGES);
        count(PIECE);
      }
    };
    socket.once("data", say).on("drain", () => setImmediate(say));
  },
  "streams broken off"(socket, count) {
    socket.write(stream);
    socket.once("data", () => {
      count(1);
      socket.resetAndDestroy();
    });
  },
  "unfinished heads"(socket, count) {
    socket.write("GET / HTTP/1.1\r\nHost: local");
    socket.resume();
    count(1);
    const timer = setInterval(() => socket.write("x"), HEAD_MS);
    socket.once("close", () => clearInterval(timer));
  },
};

function flood(port, seconds) {
  const done = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
  const end = Date.now() + seconds * 1000;
  const open = (kind) => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => KINDS[kind](socket, (count) => (done[kind] += count)));
    socket.on("error", () => {});
    // Whoever is thrown out comes again.
    socket.once("close", () => setTimeout(() => Date.now() < end && open(kind), 1));
  };
  for (const kind of Object.keys(KINDS)) {
    for (let at = 0; at < CONNECTIONS; at += 1) open(kind);
  }
  setTimeout(() => process.send(done, () => process.exit()), seconds * 1000);
}

/** Floods a server for so long, and returns how much of which kind was said. */
export async function startFlood(port, seconds) {
  const child = fork(import.meta.filename, [`${port}`, `${seconds}`], { execArgv: [] });
  after(() => child.kill("SIGKILL"));
  const [done] = await once(child, "message");
  return done;
}

if (process.argv[1] === import.meta.filename && process.send) {
  flood(Number(process.argv[2]), Number(process.argv[3]));
}
