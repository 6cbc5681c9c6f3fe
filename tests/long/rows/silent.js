// Connections that never say anything, from many addresses. Who comes meanwhile is let in at once, and they are closed after their time.

import net from "node:net";
import { after } from "node:test";

import { until } from "../../fleet/support.js";
import { SIZES } from "../sizes.js";

/** One address has some 28,000 ports (ip(7), `ip_local_port_range`). */
const EACH_ADDRESS = 1000;
/** How many connect at the same time. */
const AT_ONCE = 200;

export const silent = {
  fault: "connections that never say anything, from many addresses",
  uncut: true,
  async run(trial) {
    const node = await trial.node(["--keep-alive", `${SIZES.keepAliveSeconds}s`]);
    await trial.read(node.origin, { readers: Math.ceil(SIZES.readers / 4) });
    const sockets = [];
    after(() => sockets.forEach((socket) => socket.destroy()));
    let closed = 0;
    const open = (at) =>
      new Promise((resolve, reject) => {
        const localAddress = `127.0.1.${1 + Math.floor(at / EACH_ADDRESS)}`;
        const socket = net.connect({ port: node.port, host: "127.0.0.1", localAddress });
        sockets.push(socket);
        socket.once("connect", resolve).once("error", reject);
        socket.once("close", () => (closed += 1));
        socket.resume();
      });
    for (let at = 0; at < SIZES.silent; at += AT_ONCE) {
      const count = Math.min(AT_ONCE, SIZES.silent - at);
      await Promise.all(Array.from({ length: count }, (_, more) => open(at + more)));
    }
    const there = SIZES.silent - closed;
    const before = performance.now();
    await trial.watch(node.origin);
    const newcomerMs = Math.round(performance.now() - before);
    await until(() => closed === SIZES.silent);
    await trial.calm();
    return `${SIZES.silent} of them (${there} were there at once); a new reader's process had its first stanza after ${newcomerMs} ms; all were closed after ${SIZES.keepAliveSeconds} s`;
  },
};
