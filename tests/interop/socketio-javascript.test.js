// The official clients of other years. Those of today, and the last of Socket.IO 2 and 3, are in tests/js/clients.test.js.

import { after, describe, test } from "node:test";

import io17 from "socket.io-client-1.7";
import io20 from "socket.io-client-2.0";
import { io as io30 } from "socket.io-client-3.0";
import { io as io40 } from "socket.io-client-4.0";
import { io as io45 } from "socket.io-client-4.5";

import { Heard, startHosts } from "./reading.js";

const VERSIONS = { 1.7: io17, "2.0": io20, "3.0": io30, "4.0": io40, 4.5: io45 };

const MODES = {
  default: {},
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  "websocket first": { transports: ["websocket", "polling"] },
  base64: { transports: ["polling"], forceBase64: true },
};

/** Reads until the server says that it is over. */
function read(io, { origin, prefix }, options) {
  const heard = new Heard();
  const socket = io(origin, {
    path: `${prefix}/socket.io`,
    forceNew: true,
    reconnectionDelay: 50,
    ...options,
  });
  after(() => socket.close());
  socket.on("reading", (opening) => heard.opened(opening));
  socket.on("divinecomedy", (text, { index }) => heard.stanza(text, index));
  return new Promise((resolve, reject) => {
    socket.on("connect_error", reject);
    socket.on("disconnect", (reason) => {
      heard.ended(reason);
      if (reason === "io server disconnect") resolve(heard);
    });
  });
}

/** Clients of Socket.IO 1 decode what a poll brings twice, which only ASCII survives; over WebSocket they don't. */
const isNarrow = (version, mode) => version === "1.7" && !mode.startsWith("websocket");

const hosts = await startHosts();
const ofAscii = await startHosts("ascii");
for (const [at, { place }] of hosts.entries()) {
  describe(place, { concurrency: true, timeout: 90_000 }, () => {
    for (const [version, io] of Object.entries(VERSIONS)) {
      for (const [mode, options] of Object.entries(MODES)) {
        test(`socket.io-client ${version}, ${mode}`, async () => {
          const host = (isNarrow(version, mode) ? ofAscii : hosts)[at];
          const heard = await read(io, host, options);
          heard.assertWhole(host.texts, { end: "io server disconnect" });
        });
      }
    }
  });
}
