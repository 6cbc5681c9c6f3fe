// Servers of the npm package `socket.io`, which know nothing of Dante.

import { createServer } from "node:http";
import { after } from "node:test";

import { Server } from "socket.io";

import { expectProbe, listen, together } from "./support.js";

const ASK = ["--socketio", "/socket.io/"];

/** A server with these options. */
async function start(options) {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const io = new Server(server, options);
  after(() => io.close());
  return `http://127.0.0.1:${await listen(server)}/`;
}

together("a server of socket.io", {
  async "that is healthy"() {
    await expectProbe(await start(), { args: ASK });
  },
  async "at another path, held"() {
    const url = await start({ path: "/chat/socket.io", pingInterval: 300 });
    const document = await expectProbe(url, { args: ["--socketio", "/chat/socket.io/", "--hold", "2s"] });
    const hold = document.hops.find(({ hop }) => hop === "hold");
    if (hold.evidence.held.some(({ pings }) => pings < 2)) throw new Error(JSON.stringify(hold));
  },
  async "that is asked for at another path"() {
    const url = await start({ path: "/dante/socket.io" });
    await expectProbe(url, {
      args: ASK,
      verdicts: ["broken prefix-mismatch at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that is not there"() {
    const url = await start({ path: "/chat/engine" });
    await expectProbe(url, {
      args: ASK,
      verdicts: ["broken no-socketio at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that polls only"() {
    await expectProbe(await start({ transports: ["polling"] }), {
      args: ASK,
      verdicts: ["degraded websocket-disabled-by-server at upgrade"],
    });
  },
  async "that has WebSocket only"() {
    await expectProbe(await start({ transports: ["websocket"] }), {
      args: ASK,
      verdicts: ["note polling-disabled-by-server at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that compresses"() {
    // Browsers inflate; only IIS's proxies cannot bear it.
    await expectProbe(await start({ perMessageDeflate: true }), { args: ASK });
  },
  async "that allows nobody"() {
    await expectProbe(await start({ allowRequest: (_request, answer) => answer("no", false) }), {
      args: ASK,
      verdicts: ["broken engine-refused at handshake"],
      missed: ["sticky", "cors"],
    });
  },
  async "that allows one origin"() {
    const url = await start({ cors: { origin: "https://example.org" } });
    const from = (origin) => [...ASK, "--header", `Origin: ${origin}`];
    await expectProbe(url, { args: from("https://example.org") });
    await expectProbe(url, {
      args: from("https://elsewhere.example"),
      verdicts: ["degraded cors-blocked at cors"],
    });
  },
});
