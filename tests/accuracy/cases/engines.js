// Servers of Socket.IO by others, in the place of Dante, asked with `--socketio`.

import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { apache } from "../hosts/apache.js";
import { haproxy } from "../hosts/haproxy.js";
import { script } from "../hosts/programs.js";
import { asgi, flask } from "../hosts/python.js";
import { frames } from "../hosts/frames.js";
import { standIn } from "../hosts/standin.js";

const ASK = { path: "/", args: ["--socketio", "/socket.io/"] };
const FOREIGN = "Origin: https://elsewhere.example";
const portOf = (origin) => Number(new URL(origin).port);
/** A server of the npm package, version 2 or 4. */
const node = (settings = {}) =>
  script("engine.js", { version: 4, ...settings }, { needs: settings.version === 2 ? ["socket.io-2"] : [] });

const healthy = [
  {
    id: "engine-asgi",
    host: "python-socketio (uvicorn)",
    fault: "none: it agrees to permessage-deflate, as all of its kind",
    start: () => asgi(),
  },
  {
    id: "engine-flask",
    host: "Flask-SocketIO (Werkzeug)",
    fault: "none",
    start: () => flask(),
  },
  {
    id: "engine-node",
    host: "nginx before socket.io 4",
    fault: "none",
    start: async () => await nginx(location("/", portOf(await node()))),
  },
  {
    id: "engine-node-eio3",
    host: "socket.io 4",
    fault: "none: it also speaks to old clients (allowEIO3)",
    start: () => node({ allowEIO3: true }),
  },
].map((it) => ({
  kind: "Healthy: other engines",
  expert: "good; a note at most",
  expected: { outcome: "good" },
  ...it,
}));

const faults = [
  {
    id: "engine-workers",
    host: "nginx before python-socketio (uvicorn)",
    fault: "two servers in turn, no stickiness",
    async start() {
      const ports = (await Promise.all([asgi(), asgi()])).map(portOf);
      const servers = ports.map((port) => `server 127.0.0.1:${port};`).join(" ");
      return await nginx(`location / { ${UPGRADES} proxy_pass http://workers; }`, {
        http: `upstream workers { ${servers} }`,
      });
    },
    expert: "requests of one session reach different servers",
    expected: { outcome: "degraded", causes: ["no-stickiness"] },
  },
  {
    id: "engine-old",
    host: "socket.io 2",
    fault: "it speaks Engine.IO 3 only",
    start: () => node({ version: 2 }),
    expert: "the server is of Socket.IO 2: Engine.IO 3",
    expected: { outcome: ["degraded", "broken"], causes: ["wrong-eio"] },
  },
  {
    id: "engine-refusing",
    host: "socket.io 4",
    fault: "allowRequest says no",
    start: () => node({ refusing: true }),
    expert: "the server's allowRequest refuses",
    expected: { outcome: "broken", causes: ["engine-refused"], remedy: /allowRequest/ },
  },
  {
    id: "engine-origin-python",
    host: "python-socketio (uvicorn)",
    fault: "cors_allowed_origins has another origin",
    start: () => asgi({ cors_allowed_origins: ["https://app.example"] }),
    args: [...ASK.args, "--header", FOREIGN],
    expert: "the server doesn't accept this origin",
    expected: {
      outcome: ["degraded", "broken"],
      causes: ["cors-blocked"],
      remedy: /origin/i,
    },
  },
  {
    id: "engine-origin-node",
    host: "socket.io 4",
    fault: "cors.origin is another one",
    start: () => node({ cors: { origin: "https://app.example" } }),
    args: [...ASK.args, "--header", FOREIGN],
    expert: "the server allows another origin only",
    expected: { outcome: ["degraded", "broken"], causes: ["cors-blocked"], remedy: /origin/i },
  },
  {
    id: "engine-path",
    host: "python-socketio (uvicorn)",
    fault: "it is at /ws/socket.io/, and asked at /socket.io/",
    start: () => asgi({ path: "ws/socket.io" }),
    expert: "no engine at this path",
    expected: { outcome: "broken", causes: ["no-socketio", "prefix-mismatch"] },
  },
  {
    id: "engine-polling",
    host: "python-socketio (uvicorn)",
    fault: "transports=['polling']",
    start: () => asgi({ transports: ["polling"] }),
    expert: "the server itself allows no WebSocket",
    // uvicorn says 403 to whatever an application does not accept, and the handshake offers WebSocket all the same.
    expected: { outcome: "degraded", causes: ["websocket-disabled-by-server", "websocket-forbidden"] },
  },
  {
    id: "engine-websocket",
    host: "socket.io 4",
    fault: "transports: ['websocket']",
    start: () => node({ transports: ["websocket"] }),
    expert: "the server itself allows no polling: a note",
    expected: { outcome: "good", causes: ["polling-disabled-by-server"] },
  },
  {
    id: "engine-upgrade",
    host: "nginx before socket.io 4",
    fault: "no upgrade headers",
    start: async () => {
      const port = portOf(await node());
      return await nginx(`location / { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${port}; }`);
    },
    expert: "the proxy drops the headers of the upgrade",
    expected: { outcome: "degraded", causes: ["upgrade-stripped"], remedy: /proxy_set_header Upgrade/ },
  },
  {
    id: "engine-upgrade-python",
    host: "Apache before python-socketio",
    fault: "ProxyPass without upgrade=websocket",
    start: async () => {
      const port = portOf(await asgi());
      return await apache(`ProxyPass / http://127.0.0.1:${port}/`);
    },
    expert: "the headers of the upgrade get lost; Apache doesn't show itself",
    expected: { outcome: "degraded", causes: ["upgrade-stripped"], remedy: /upgrade/i },
  },
  {
    id: "engine-query",
    host: "HAProxy before python-socketio",
    fault: "the query is cut off",
    start: async () => {
      const port = portOf(await asgi());
      return await haproxy(`http-request set-uri %[path]\n  server engine 127.0.0.1:${port}`);
    },
    expert: "the query gets lost on the way; this server takes that for an unknown version",
    expected: { outcome: ["degraded", "broken"], causes: ["query-lost", "wrong-eio"] },
  },
  {
    id: "engine-pings",
    host: "relay (stand-in) before socket.io 4",
    fault: "the engine's pings are dropped (pingInterval 1 s, pingTimeout 1 s)",
    async start() {
      const port = portOf(await node({ pingInterval: 1000, pingTimeout: 1000 }));
      return await standIn(port, {
        tunnelled: (_request, client, upstream) =>
          frames(client, upstream, ({ opcode, payload, raw }) =>
            opcode === 1 && payload.length === 1 && payload[0] === 0x32 ? null : raw,
          ),
      });
    },
    args: [...ASK.args, "--hold", "5s"],
    expert: "the engine's pings are lost: it closes the connection",
    expected: { outcome: "degraded", causes: ["pings-lost"] },
  },
].map((it) => ({ kind: "Other engines", ...it }));

export default [...faults, ...healthy].map((it) => ({ ...ASK, ...it }));
