// Readers who don't read, in a process of their own: some never do, some stop after a while, and some do until their process is stopped: then all
// stay open, and nobody takes anything.

import { fork } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after } from "node:test";

/** A request for a WebSocket. */
export const upgrade = (target) =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** `40`, which joins, masked with zeros (RFC 6455, 5.3). */
const JOIN = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** What readers of each transport say. A poll has to be asked for, and so cannot be left unread for long. */
const WORDS = [
  [upgrade("/socket.io/?EIO=4&transport=websocket"), JOIN],
  [upgrade("/websocket/ws?format=json")],
  ["GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"],
];

/** After so many pieces a reader stops to read: never, at once, or in the middle. */
const STOPS = [Infinity, 0, 5];

function stick(port, count) {
  let open = 0;
  for (let at = 0; at < count; at += 1) {
    const socket = net.connect({ port, host: "127.0.0.1" });
    let left = STOPS[at % STOPS.length];
    for (const words of WORDS[Math.floor(at / STOPS.length) % WORDS.length]) socket.write(words);
    if (left === 0) socket.pause();
    socket.on("data", () => {
      left -= 1;
      if (left <= 0) socket.pause();
    });
    socket.on("error", () => {});
    socket.once("connect", () => {
      open += 1;
      if (open === count) process.send("open");
    });
  }
}

/** Opens so many of them on a server; their process is killed after the test at the latest. Returns it once all are connected. */
export async function startStuck(port, count) {
  const child = fork(import.meta.filename, [`${port}`, `${count}`], { execArgv: [] });
  after(() => child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

if (process.argv[1] === import.meta.filename && process.send) {
  stick(Number(process.argv[2]), Number(process.argv[3]));
}
