// A host that grants WebSockets and then breaks them: everything else passes, and the server's own 101 does, too.

import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

/** So much later a client has surely read the 101, which a reset would take from it otherwise. */
const MOMENT_MS = 250;

/**
 * What becomes of a WebSocket once its 101 has passed: it is cut by a reset or an orderly end at once, a reset when the client says something, or an
 * orderly end behind the first stanza, so that it is read; or it stays open, and what one side or both send is swallowed.
 * @typedef {"reset" | "end" | "reset-frames" | "end-later" | "client-swallowed" | "server-swallowed" | "swallowed"} Breakage
 */

/** @type {Record<Breakage, {cutMs?: number, cutBehind?: string, reset?: boolean, up?: boolean | "cut", down?: boolean}>} */
export const BREAKAGES = {
  reset: { cutMs: MOMENT_MS, reset: true },
  end: { cutMs: MOMENT_MS },
  "reset-frames": { reset: true, up: "cut", down: true },
  "end-later": { cutBehind: "divinecomedy", up: true, down: true },
  "client-swallowed": { down: true },
  "server-swallowed": { up: true },
  swallowed: {},
};

const GRANTED = "HTTP/1.1 101 ";

/**
 * A relay before a server, closed after the test file at the latest.
 * @param {string} origin of the server
 * @param {Breakage | "none"} breakage may be changed at any time, for the WebSockets that come then
 * @returns {Promise<{origin: string, breakage: Breakage | "none", granted: number}>} `granted` counts the WebSockets
 */
export async function startBreaker(origin, breakage) {
  const relay = { origin: "", breakage, granted: 0 };
  const open = new Set();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(new URL(origin).port), "127.0.0.1");
    /** Whether each direction still passes. */
    let [up, down] = [/** @type {boolean | "cut"} */ (true), true];
    /** What is the last that passes. */
    let last = "";
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (up === "cut") client.resetAndDestroy();
      else if (up) upstream.write(bytes);
    });
    upstream.on("data", async (bytes) => {
      if (!bytes.subarray(0, GRANTED.length).equals(Buffer.from(GRANTED)) || relay.breakage === "none") {
        if (down) client.write(bytes);
        if (last && bytes.includes(last)) client.end();
        return;
      }
      relay.granted += 1;
      const { cutMs, cutBehind = "", reset, ...passes } = BREAKAGES[relay.breakage];
      [up, down, last] = [passes.up ?? false, passes.down ?? false, cutBehind];
      client.write(down ? bytes : bytes.subarray(0, bytes.indexOf("\r\n\r\n") + 4));
      if (cutMs === undefined) return;
      await delay(cutMs);
      for (const socket of [client, upstream]) {
        if (reset) socket.resetAndDestroy();
        else socket.end();
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return Object.assign(relay, { origin: `http://127.0.0.1:${server.address().port}` });
}
