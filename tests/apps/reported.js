// Problems that people reported elsewhere, set up as they describe them, where neither the application nor its host is among those of
// the other rows.

import { haproxy } from "../accuracy/hosts/haproxy.js";
import { envoy } from "../accuracy/hosts/meshes.js";
import { TLS, UPGRADES, nginx } from "../accuracy/hosts/nginx.js";
import { origin } from "../accuracy/hosts/programs.js";
import { TRUSTING } from "../accuracy/hosts/tls.js";
import { HOSTS } from "./hosts.js";
import { EVENTS, SOCKETIO, WEBSOCKET, gunicorn, node, uvicorn } from "./applications.js";

const DEGRADED = ["degraded", "broken"];
/** The applications accept their own origin only, as they do unless they are told another. */
const OWN_ORIGIN = { OWN_ORIGIN: "1" };
const direct = (start) => async () => origin(await start());

/**
 * @type {(Pick<import("./rows.js").Row, "id" | "application" | "host" | "setup"> & {source: string, expert: string, truth: RegExp,
 *   expected: import("../accuracy/grade.js").Expected, env?: object})[]}
 */
export const REPORTED = [
  {
    id: "uvicorn-without-websockets",
    source: "Kludex/uvicorn#797",
    application: { ...SOCKETIO, name: "python-socketio" },
    host: "uvicorn",
    setup: {
      lines: "no WebSocket library installed (--ws none)",
      start: direct(uvicorn("python_socketio:app", ["--ws", "none"])),
    },
    expert:
      "the server of the application knows no WebSocket: install a library for it (websockets); no proxy is at fault",
    truth: /^refused, polling flows$/,
    expected: {
      outcome: DEGRADED,
      causes: ["upgrade-stripped", "websocket-disabled-by-server", "upgrade-refused"],
    },
  },
  {
    id: "gunicorn-workers",
    source: "miguelgrinberg/Flask-SocketIO#35",
    application: { ...SOCKETIO, name: "Flask-SocketIO" },
    host: "gunicorn",
    setup: {
      lines: "--workers 3",
      start: direct(gunicorn("flask_socketio_app:app", ["--workers", "3", "--threads", "20"])),
    },
    expert: "requests of one session reach different workers: one worker, or sticky sessions before several",
    // Which worker a client meets is chance.
    truth: /./,
    expected: { outcome: DEGRADED, causes: ["no-stickiness"] },
  },
  {
    id: "origin-behind-tls",
    source: "miguelgrinberg/Flask-SocketIO#1501",
    application: { ...SOCKETIO, name: "Flask-SocketIO, gunicorn" },
    host: "nginx, TLS",
    setup: {
      lines: "proxy_set_header Host, and no X-Forwarded-Proto",
      async start() {
        const port = await gunicorn(
          "flask_socketio_app:app",
          ["--workers", "1", "--threads", "100"],
          OWN_ORIGIN,
        )();
        return await nginx(`${TLS} location / { ${UPGRADES} proxy_pass http://127.0.0.1:${port}; }`);
      },
    },
    env: TRUSTING,
    expert:
      "the application takes the page's own origin for another, since it does not learn of https: X-Forwarded-Proto",
    truth: /^flows$/,
    expected: { outcome: DEGRADED, causes: ["cors-blocked"], remedy: /X-Forwarded-Proto/i },
  },
  {
    id: "origin-behind-traefik",
    source: "miguelgrinberg/python-socketio#351",
    application: { ...SOCKETIO, name: "python-socketio, uvicorn" },
    host: "Traefik",
    setup: {
      lines: "none: of an upgrade it says X-Forwarded-Proto: ws, and uvicorn believes it",
      start: async () =>
        await HOSTS.Traefik.healthy.start(await uvicorn("python_socketio:app", [], OWN_ORIGIN)()),
    },
    expert:
      "upgrades from the application's own pages are refused for their origin (ws:// is not http://): allow the origin by name",
    // This client says no origin; browsers do.
    truth: /^flows$/,
    expected: { outcome: DEGRADED, causes: ["cors-blocked"], remedy: /origin/i },
  },
  {
    id: "express-compression",
    source: "dpskvn/express-sse#17",
    application: { ...EVENTS, name: "Express, events" },
    host: "none",
    setup: {
      lines: "app.use(compression()) and no res.flush()",
      start: direct(node("express_events.js", { compresses: true })),
    },
    expert:
      "the events are compressed and held until the compressor has enough: no compression for text/event-stream",
    truth: /^held back$/,
    expected: { outcome: DEGRADED, causes: ["compressed-stream"], remedy: /compress/ },
  },
  {
    id: "envoy-no-endpoints",
    source: "envoyproxy/gateway#9452",
    application: { ...WEBSOCKET, name: "ws" },
    host: "Envoy",
    setup: {
      lines:
        "direct_response 503 and no upgrade_configs on the route: what a gateway sets up when no backend is ready",
      start: () =>
        envoy([1], {
          answer: "direct_response: { status: 503, body: { inline_string: '' } }",
          manager: "",
          match: 'prefix: "/"',
        }),
    },
    expert: "no backend is ready (503); the 403 of an upgrade is only what Envoy makes of it",
    truth: /^refused$/,
    expected: { outcome: "broken", causes: ["stream-refused"], evidence: /503/ },
  },
  {
    id: "two-websocket-servers",
    source: "websockets/ws#2282",
    application: { ...WEBSOCKET, name: "ws" },
    host: "none",
    setup: {
      lines: "two WebSocketServers on one server, each with a path",
      start: direct(node("websocket.js", { twice: true })),
    },
    expert: "a second server answers the same upgrade: a text of HTTP stands among the frames",
    truth: /^broken frames$/,
    expected: { outcome: DEGRADED, causes: ["garbage", "double-framing"] },
  },
  {
    id: "haproxy-h2-backend",
    source: "haproxy/haproxy#1364",
    application: { ...WEBSOCKET, id: "ws", name: "ws" },
    host: "HAProxy before nginx",
    setup: {
      lines: "server … ssl alpn h2 ws h2, and nginx knows no WebSocket over HTTP/2",
      async start(port) {
        const inner = await nginx(
          `${TLS} http2 on; location / { ${UPGRADES} proxy_pass http://127.0.0.1:${port}; }`,
          {
            newest: true,
          },
        );
        return await haproxy(`server inner ${new URL(inner).host} ssl verify none alpn h2 ws h2`);
      },
    },
    expert: "HTTP/2 between the proxies, where the inner one knows no WebSocket over it: ws h1",
    truth: /^refused$/,
    expected: { outcome: "broken", causes: ["upgrade-refused"], evidence: /426/ },
  },
];
