// Dante as a guest of iisnode, over a Unix domain socket: all of iisnode's manners but its pipe.
// `tests/windows/iisnode.test.js` is the same over a named pipe.

import { once } from "node:events";
import path from "node:path";

import { poemFile, startUnderIisnode } from "../support/dante.js";
import { testGuest } from "../support/guest-of-iisnode.js";
import { unixSocket } from "../support/iisnode.js";

await testGuest(async ({ stanzas, interval }) => {
  const { child, socketPath, folder } = startUnderIisnode({
    args: ["--poem", poemFile(stanzas), "--interval", interval],
    env: { IISNODE_LOGGINGENABLED: "1", IISNODE_LOGDIRECTORY: "logs" },
  });
  return {
    open: unixSocket(socketPath),
    id: child.pid,
    logs: path.join(folder, "logs"),
    interrupt: () => child.kill("SIGINT"),
    exit: once(child, "exit").then(([code]) => code),
  };
});
