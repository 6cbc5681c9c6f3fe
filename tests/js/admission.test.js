// Beyond --max-readers, official clients are told `server-full`, and get in when they try again after somebody has left.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { startDante } from "../support/dante.js";
import { connect, VERSIONS } from "./support.js";

/** What a client is told when it is refused: `connect_error`, with Socket.IO 2 `error`. */
async function refusal(socket) {
  const error = await new Promise((resolve) => {
    for (const event of ["connect_error", "error"]) socket.once(event, resolve);
  });
  return error.message ?? error;
}

describe("A full server", { concurrency: true, timeout: 30_000 }, () => {
  for (const version of Object.keys(VERSIONS)) {
    for (const transport of ["websocket", "polling"]) {
      test(`a client of Socket.IO ${version} over ${transport}`, async () => {
        const dante = await startDante(["--interval", "1h", "--max-readers", "1"]);
        const first = connect("4", dante.origin);
        await new Promise((resolve) => first.once("reading", resolve));
        const another = () => connect(version, dante.origin, { transports: [transport] });
        const refused = another();
        assert.equal(await refusal(refused), "server-full");
        refused.close();

        first.close();
        // A client of Socket.IO 2 can't join again over the same connection.
        for (let isIn = false; !isIn;) {
          const next = another();
          const read = new Promise((resolve) => next.once("reading", resolve));
          isIn = await Promise.race([read.then(() => true), refusal(next).then(() => false)]);
          next.close();
        }
      });
    }
  }
});
