// Clients that say nothing wrong, but too much.

import { startFlood } from "../flood.js";
import { SIZES } from "../sizes.js";

export const floods = {
  fault: "floods: handshakes, messages, streams broken off and unfinished heads, as many as can be sent",
  uncut: true,
  async run(trial) {
    const node = await trial.node();
    await trial.read(node.origin, { readers: Math.ceil(SIZES.readers / 2) });
    const logged = node.logBytes();
    const done = await startFlood(node.port, SIZES.lastingSeconds);
    await trial.calm();
    const said = Object.entries(done).map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`);
    const kib = Math.round((node.logBytes() - logged) / 1024);
    return `${said.join(", ")} in ${SIZES.lastingSeconds} s; ${kib} KiB of log`;
  },
};
