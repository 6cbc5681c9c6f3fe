// Addresses, and connections that don't come about.

import http from "node:http";
import net from "node:net";

import { startDante } from "../../support/dante.js";
import { freePort } from "../../support/programs.js";
import { PACE, listen, startPeer } from "../../probe/support.js";
import { standIn } from "../hosts/standin.js";
import { listensQuietly, socat } from "../hosts/terminators.js";

const broken = (...causes) => ({ outcome: "broken", causes });

/** Listens on an address of loopback, at a port that is given. */
async function serveAt(host, port, serve) {
  const server = http.createServer(serve);
  await listen(server, { host, port });
}

const other = (_request, response) =>
  response.writeHead(200, { "content-type": "text/html" }).end("<title>Another site</title>");

/** A name with these addresses, in their order. */
const resolved = (port, ...addresses) => ({
  url: `http://dante.test:${port}/`,
  args: addresses.flatMap((address) => ["--resolve", `dante.test:${port}:${address}`]),
});

const addresses = [
  {
    id: "addresses-first",
    host: "two machines (stand-in)",
    fault: "the first address is another site's, the second is Dante's",
    async start() {
      const { port } = await startDante(PACE);
      await serveAt("127.0.0.2", port, other);
      return resolved(port, "127.0.0.2", "127.0.0.1");
    },
  },
  {
    id: "addresses-second",
    host: "two machines (stand-in)",
    fault: "the first address is Dante's, the second is another site's",
    async start() {
      const { port } = await startDante(PACE);
      await serveAt("127.0.0.3", port, other);
      return resolved(port, "127.0.0.1", "127.0.0.3");
    },
    expected: { outcome: ["good", "degraded", "broken"], causes: ["addresses-differ"] },
  },
  {
    id: "addresses-status",
    host: "two machines (stand-in)",
    fault: "the second address answers 502",
    async start() {
      const { port } = await startDante(PACE);
      await serveAt("127.0.0.4", port, (_request, response) => response.writeHead(502).end("Bad Gateway"));
      return resolved(port, "127.0.0.1", "127.0.0.4");
    },
    expected: { outcome: ["good", "degraded", "broken"], causes: ["addresses-differ"] },
  },
  {
    id: "addresses-refused",
    host: "two machines (stand-in)",
    fault: "none: the first address refuses, the second is Dante's",
    async start() {
      const { port } = await startDante(PACE);
      return resolved(port, "127.0.0.5", "127.0.0.1");
    },
    expert: "good; a note that one address refuses",
    expected: { outcome: "good", allowed: ["address-dead"] },
  },
].map((it) => ({
  kind: "Addresses",
  expert: "the addresses of this name answer differently: one is another site",
  expected: { outcome: ["broken", "degraded"], causes: ["addresses-differ"] },
  ...it,
}));

/** A relay that resets some connections. */
async function resetting(to, every) {
  let connections = 0;
  const server = net.createServer((client) => {
    connections += 1;
    if (connections % every === 0) {
      client.once("data", () => client.resetAndDestroy());
      return;
    }
    const upstream = net.connect(to, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

const connections = [
  {
    id: "reset-third",
    host: "relay (stand-in)",
    fault: "every third connection is reset",
    path: "/",
    start: ({ root }) => resetting(root, 3),
    expert: "connections are reset at random",
    expected: { outcome: ["degraded", "broken"], causes: ["connections-reset"] },
  },
  {
    id: "reset-fourth",
    host: "NAT (stand-in)",
    fault: "every fourth connection is reset",
    path: "/",
    start: ({ root }) => resetting(root, 4),
    expert: "connections are reset at random",
    expected: { outcome: ["degraded", "broken"], causes: ["connections-reset"] },
  },
  {
    id: "reset-requests",
    host: "firewall (stand-in)",
    fault: "requests for sse/ are reset",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        answer({ url, socket }) {
          if (!url.startsWith("/sse/")) return false;
          socket.resetAndDestroy();
          return true;
        },
      }),
    expert: "event streams are refused: their connections are reset, always",
    expected: { outcome: "degraded", causes: ["stream-refused", "no-answer", "connections-reset"] },
  },
  {
    id: "once-socat",
    host: "socat",
    fault: "without fork: it serves one connection and ends",
    start: ({ prefixed }) => socat(prefixed, { listen: "", ready: listensQuietly }),
    expert: "only the first connection is served: fork",
    expected: { ...broken("one-connection-only"), remedy: /fork/ },
  },
  {
    id: "once-stand-in",
    host: "relay (stand-in)",
    fault: "it stops listening after the first connection",
    path: "/",
    async start({ root }) {
      const server = net.createServer((client) => {
        server.close();
        const upstream = net.connect(root, "127.0.0.1");
        upstream.on("error", () => client.destroy());
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
        client.pipe(upstream).pipe(client);
      });
      return `http://127.0.0.1:${await listen(server)}`;
    },
    expert: "only the first connection is served",
    expected: broken("one-connection-only"),
  },
  {
    id: "refused",
    host: "nobody",
    fault: "nothing listens",
    start: async () => `http://127.0.0.1:${await freePort()}`,
    expert: "nothing listens there",
    expected: broken("not-listening"),
  },
  {
    id: "silent",
    host: "stopped process (stand-in)",
    fault: "connections are accepted, and never answered",
    args: ["--timeout", "5s"],
    start: () => startPeer(() => {}),
    expert: "accepted, but nothing ever answers",
    expected: broken("black-hole", "guest-not-started"),
  },
  {
    id: "hangs-up",
    host: "relay (stand-in)",
    fault: "each connection is closed when a request has come",
    start: () => startPeer((socket) => socket.once("data", () => socket.end())),
    expert: "closed before an answer: a relay that reaches nobody",
    expected: broken("no-answer", "guest-not-started"),
  },
].map((it) => ({ kind: "Connections", ...it }));

export default [...addresses, ...connections];
