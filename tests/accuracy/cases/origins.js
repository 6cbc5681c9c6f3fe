// Pages of other origins: what a browser wants of Access-Control-Allow-Origin, without cookies and with them.

import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";

const PAGE = "https://shop.example";
const portOf = (origin) => Number(new URL(origin).port);

/** A server of Socket.IO that says this of pages elsewhere; gives its port. */
const server = async (cors) => portOf(await script("engine.js", { version: 4, cors }, { needs: [] }));

const OWN = "Access-Control-Allow-Origin";
const envoyRoute = (lines) => ({
  match: 'prefix: "/"',
  filters: [filter("cors", "cors.v3.Cors")],
  rest: `${lines} typed_per_filter_config: { envoy.filters.http.cors: { "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy, allow_origin_string_match: [{ exact: "${PAGE}" }] } }`,
});

/**
 * Each: a host, how it sets the header beside the server, how it is told to take the server's away (as its remedy says), and what the
 * remedy says.
 */
const layers = [
  [
    "nginx",
    (port, mend) => nginx(location("/", port, `add_header ${OWN} ${PAGE}; ${mend}`)),
    `proxy_hide_header ${OWN};`,
    /proxy_hide_header/,
  ],
  [
    "Apache",
    (port, mend) =>
      apache(
        `${mend}\nHeader always set ${OWN} ${PAGE}\nProxyPass / http://127.0.0.1:${port}/ upgrade=websocket`,
        {
          modules: ["headers"],
        },
      ),
    `Header onsuccess unset ${OWN}`,
    /Header onsuccess unset/,
  ],
  [
    "HAProxy",
    (port, mend) =>
      haproxy(`${mend}\n  http-response add-header ${OWN} ${PAGE}\n  server engine 127.0.0.1:${port}`),
    `http-response del-header ${OWN}`,
    /http-response del-header/,
  ],
  [
    "Caddy 2.11",
    (port, mend) =>
      caddy(`header +${OWN} ${PAGE}\n  reverse_proxy 127.0.0.1:${port} {\n    ${mend}\n  }`, {
        newest: true,
      }),
    `header_down -${OWN}`,
    /header_down -/,
  ],
  [
    "Envoy",
    (port, mend) =>
      envoy(
        [port],
        mend
          ? envoyRoute(mend)
          : {
              match: 'prefix: "/"',
              rest: `response_headers_to_add: [{ header: { key: ${OWN}, value: "${PAGE}" } }]`,
            },
      ),
    `response_headers_to_remove: [${OWN.toLowerCase()}],`,
    /response_headers_to_remove/,
  ],
  [
    "Traefik",
    // It replaces what comes from behind it, and so two behind it are needed.
    async (port, mend) =>
      traefik([portOf(await nginx(location("/", port, `add_header ${OWN} ${PAGE};`)))], {
        rule: "PathPrefix(`/`)",
        middleware: mend && { headers: { accessControlAllowOriginList: [PAGE] } },
      }),
    "a middleware",
    /accessControlAllowOriginList/,
  ],
];

const doubled = layers.flatMap(([host, start, mend, remedy]) => {
  const name = host.split(" ", 1)[0].toLowerCase();
  const cors = { origin: PAGE };
  return [
    {
      id: `origin-twice-${name}`,
      host: `${host} before socket.io 4`,
      fault: "both set Access-Control-Allow-Origin",
      start: async () => start(await server(cors), ""),
      expert: "two values of Access-Control-Allow-Origin: browsers refuse; let only one of the two set it",
      expected: { outcome: ["degraded", "broken"], causes: ["cors-doubled"], remedy },
    },
    {
      id: `origin-once-${name}`,
      host: `${host} before socket.io 4`,
      fault: "none: both set Access-Control-Allow-Origin, and the host takes the server's away",
      start: async () => start(await server(cors), mend),
      expert: "good; a note at most",
      expected: { outcome: "good" },
    },
  ];
});

/** Two servers that say this of pages elsewhere, one session at one of them, by a cookie of HAProxy's. */
const byCookie = async (cors) => {
  const ports = await Promise.all([server(cors), server(cors)]);
  const servers = ports.map((port, at) => `server engine${at} 127.0.0.1:${port} cookie engine${at}`);
  return await haproxy(["balance roundrobin", "cookie at insert indirect nocache", ...servers].join("\n  "));
};

const credentials = [
  {
    id: "origin-credentials-star",
    fault: "polling needs the cookie, and Access-Control-Allow-Origin is *",
    start: () => byCookie({ origin: "*", credentials: true }),
    expert: "a page elsewhere has to send the cookie, and * allows that to nobody: name the origin",
    expected: {
      outcome: ["degraded", "broken"],
      causes: ["cors-credentials"],
      remedy: /own origin in the place of \*/,
    },
  },
  {
    id: "origin-credentials-missing",
    fault: "polling needs the cookie, and Access-Control-Allow-Credentials is missing",
    start: () => byCookie({ origin: PAGE }),
    expert: "a page elsewhere has to send the cookie, which is not allowed: Access-Control-Allow-Credentials",
    expected: {
      outcome: ["degraded", "broken"],
      causes: ["cors-credentials"],
      remedy: /Access-Control-Allow-Credentials: true/,
    },
  },
  {
    id: "origin-credentials",
    fault: "none: the origin by name, with credentials",
    start: () => byCookie({ origin: PAGE, credentials: true }),
    expert: "good; a note that sessions need the cookie",
    expected: { outcome: "good" },
  },
].map((it) => ({ host: "HAProxy before two of socket.io 4", ...it }));

export default [...doubled, ...credentials].map((it) => ({
  kind: "Pages of other origins",
  path: "/",
  args: ["--socketio", "/socket.io/", "--header", `Origin: ${PAGE}`],
  ...it,
}));
