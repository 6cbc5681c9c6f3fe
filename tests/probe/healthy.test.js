// No false alarm: whatever the recipes make is found good, and so is Dante as a guest of iisnode.

import { chmodSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { startDante, startUnderIisnode } from "../support/dante.js";
import { startIisnode, unixSocket } from "../support/iisnode.js";
import { openFolder } from "../support/programs.js";
import { Proxy } from "../support/proxies.js";
import { PACE, expectProbe, together } from "./support.js";

const PROXIES = ["nginx", "apache", "caddy", "haproxy"];

// Here, not in a hook: what a hook starts is ended after the hook.
const [root, prefixed] = await Promise.all([
  startDante([...PACE]),
  startDante([...PACE, "--prefix", "/dante"]),
]);

const cases = PROXIES.flatMap((name) => [
  [`${name} that keeps the prefix`, name, prefixed, [], "/dante/"],
  [`${name} that takes the prefix off`, name, prefixed, ["--strip"], "/dante/"],
  [`${name} at the root`, name, root, ["--prefix", "/"], "/"],
]);

together(
  "a healthy host has no verdict:",
  Object.fromEntries(
    cases.map(([what, name, dante, args, page]) => [
      what,
      async () => {
        const upstream = ["--upstream", `127.0.0.1:${dante.port}`];
        const origin = await new Proxy(name).start([...args, ...upstream]);
        await expectProbe(`${origin}${page}`);
      },
    ]),
  ),
);

together("a healthy host before a Unix domain socket has no verdict:", {
  ...Object.fromEntries(
    PROXIES.map((name) => [
      name,
      async () => {
        const socket = path.join(openFolder(), "dante.sock");
        await startDante([...PACE, "--prefix", "/dante"], { port: `unix:${socket}` });
        // Proxies have accounts of their own.
        chmodSync(socket, 0o666);
        const origin = await new Proxy(name).start(["--upstream", `unix:${socket}`]);
        await expectProbe(`${origin}/dante/`);
      },
    ]),
  ),
  async iisnode() {
    const { socketPath } = startUnderIisnode({ args: PACE });
    const { origin } = await startIisnode(unixSocket(socketPath));
    await expectProbe(`${origin}/dante/`, { args: ["--hold", "2s"] });
  },
});

test("without any proxy, and held", () => expectProbe(root.origin, { args: ["--hold", "2s"] }));
