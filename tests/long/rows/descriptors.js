// A Dante that may open no more files.

import net from "node:net";
import { after } from "node:test";

import { until } from "../../fleet/support.js";
import { SIZES } from "../sizes.js";

/** A quarter more than the readers, which Dante keeps for other things. */
const LIMIT = Math.ceil(SIZES.readers * 1.25) + SIZES.descriptors;

const USED_UP = "no connection can be accepted";
const AGAIN = "accepted again";

export const descriptors = {
  fault: "descriptors used up by connections that say nothing (ulimit -n)",
  uncut: true,
  async run(trial) {
    const node = await trial.node(["--keep-alive", "none"], {
      through: ["sh", "-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`],
    });
    await trial.read(node.origin);
    const sockets = Array.from({ length: LIMIT }, () => net.connect({ port: node.port, host: "127.0.0.1" }));
    after(() => sockets.forEach((socket) => socket.destroy()));
    for (const socket of sockets) socket.on("error", () => {});
    await until(() => node.logged(USED_UP));
    await trial.calm();
    // Who comes now is let in.
    await trial.watch(node.origin);
    for (const socket of sockets) socket.destroy();
    await until(() => node.logged(AGAIN) === node.logged(USED_UP));
    await trial.calm();
    return `${LIMIT} descriptors, as many silent connections; a new reader came in meanwhile; the log said so ${node.logged(USED_UP)} times`;
  },
};
