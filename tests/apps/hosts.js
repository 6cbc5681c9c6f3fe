// The hosts before the applications: six proxies, and of each what makes it spoil a stream in which way. What a proxy cannot be
// made to do, a stand-in between it and the application does, or it is missing here.

import { apache, pass } from "../accuracy/hosts/apache.js";
import { caddy } from "../accuracy/hosts/caddy.js";
import { haproxy } from "../accuracy/hosts/haproxy.js";
import { UPGRADES as TO_UPGRADE, envoy, filter, traefik } from "../accuracy/hosts/meshes.js";
import { frames } from "../accuracy/hosts/frames.js";
import { location, nginx } from "../accuracy/hosts/nginx.js";
import { standIn } from "../accuracy/hosts/standin.js";

/** A limit on time of hosts: shorter than a probe listens, and longer than an application is silent that flows. */
const LIMIT_S = 3;
const LIMIT = `${LIMIT_S}s`;

/**
 * How a host is set up: the lines that do it, for the table, and what starts it before a port and gives its origin.
 * @typedef {{lines: string, start: (port: number) => Promise<string>}} Setup
 */

/** An entry: the lines, and what is made of them. */
const setup = (lines, start) => ({ lines, start: (port) => start(port, lines) });

/** A host as it should be, before a stand-in that spoils what passes. */
const behind = (host, lines, spoil) =>
  setup(`a stand-in behind it ${lines}`, async (port) =>
    HOSTS[host].healthy.start(Number(new URL(await standIn(port, spoil)).port)),
  );

/** Takes the mark off compressed frames (RSV1, RFC 7692, 6): whoever receives them takes them for text. */
const UNMARKED = {
  tunnelled: (_request, client, upstream) =>
    frames(client, upstream, ({ raw }) =>
      Buffer.concat([Buffer.from([raw[0] & 0b1011_1111]), raw.subarray(1)]),
    ),
};
const unmarked = (host) => behind(host, "clears RSV1 in WebSocket frames", UNMARKED);

/** Ends WebSockets at an age. */
const AGEING = {
  tunnelled(_request, client, upstream) {
    const cut = () => [client, upstream].forEach((socket) => socket.destroy());
    setTimeout(cut, LIMIT_S * 1000).unref();
  },
};
const ageing = (host) => behind(host, `ends WebSockets after ${LIMIT_S} s`, AGEING);

const plainNginx = (port, lines) =>
  nginx(`location / { proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:${port}; ${lines} }`);
const fullNginx = (port, lines) => nginx(location("/", port, lines));

const NGINX = {
  healthy: setup("proxy_buffering off;", fullNginx),
  // nginx before 1.29.7 asks in HTTP/1.0 by default, and gathers what is answered so.
  buffered: setup("proxy_buffering on;", plainNginx),
  heldCompressed: setup(
    "gzip on; gzip_proxied any; gzip_min_length 1; gzip_types text/event-stream application/x-ndjson;",
    fullNginx,
  ),
  compressed: setup(
    "proxy_buffering off; gzip on; gzip_proxied any; gzip_min_length 1; gzip_types text/event-stream application/x-ndjson;",
    fullNginx,
  ),
  stripped: setup("proxy_http_version 1.1;", plainNginx),
  idle: setup(`proxy_buffering off; proxy_read_timeout ${LIMIT};`, fullNginx),
  age: ageing("nginx"),
  deflate: setup("proxy_hide_header Sec-WebSocket-Extensions;", fullNginx),
};

const apacheWith = (modules) => (port, lines) => apache(`${lines}\n${pass(port, "/")}`, { modules });

const APACHE = {
  healthy: setup("", apacheWith([])),
  compressed: setup("SetOutputFilter DEFLATE", apacheWith(["filter", "deflate"])),
  stripped: setup("ProxyPass without upgrade=websocket", (port) =>
    apache(`ProxyPass / http://127.0.0.1:${port}/\nProxyPassReverse / http://127.0.0.1:${port}/`),
  ),
  idle: setup(`ProxyTimeout ${LIMIT_S}`, apacheWith([])),
  deflate: unmarked("Apache"),
};

const proxyOf = (port, lines) =>
  caddy(`reverse_proxy 127.0.0.1:${port} {\n    ${lines}\n  }`, { newest: true });

const CADDY = {
  healthy: setup("", proxyOf),
  buffered: setup("response_buffers unlimited", proxyOf),
  compressed: setup("encode { gzip; match header Content-Type text/event-stream* }", (port) =>
    caddy(
      `encode {\n    gzip\n    minimum_length 1\n    match header Content-Type text/event-stream*\n  }\n  reverse_proxy 127.0.0.1:${port}`,
      { newest: true },
    ),
  ),
  stripped: setup("header_up -Upgrade\n    header_up -Connection", proxyOf),
  idle: setup(`transport http {\n      read_timeout ${LIMIT}\n    }`, proxyOf),
  age: setup(`stream_timeout ${LIMIT}`, proxyOf),
  deflate: unmarked("Caddy"),
};
const write = `servers {\n   timeouts {\n    write ${LIMIT}\n   }\n  }`;
/** Of answers that stream; `stream_timeout` is of WebSockets only. */
CADDY.ageOfAnswers = setup(write, (port) =>
  caddy(`reverse_proxy 127.0.0.1:${port}`, { newest: true, options: write }),
);

const balancer = (port, lines) => haproxy(`${lines}\n  server application 127.0.0.1:${port}`);

const HAPROXY = {
  healthy: setup("", balancer),
  buffered: setup("http-response wait-for-body time 20s at-least 16384", balancer),
  compressed: setup(
    "compression algo gzip\n  compression type text/event-stream application/x-ndjson",
    balancer,
  ),
  stripped: setup("http-request del-header Upgrade", balancer),
  idle: setup(`timeout server ${LIMIT}\n  timeout tunnel ${LIMIT}`, balancer),
  age: ageing("HAProxy"),
  deflate: setup("http-response del-header Sec-WebSocket-Extensions", balancer),
};

const mesh = (more) => (port) => envoy([port], { match: 'prefix: "/"', ...more });
const COMPRESSOR = {
  response_direction_config: {
    common_config: { min_content_length: 1, content_type: ["text/event-stream", "application/x-ndjson"] },
  },
  compressor_library: {
    name: "gzip",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip",
    },
  },
};
const READS_BODIES = {
  default_source_code: { inline_string: "function envoy_on_response(handle) handle:body() end" },
};

const ENVOY = {
  healthy: setup("upgrade_configs, route timeout: 0s", mesh({})),
  buffered: setup(
    "a Lua filter that reads the body: handle:body()",
    mesh({ filters: [filter("lua", "lua.v3.Lua", READS_BODIES)] }),
  ),
  compressed: setup(
    "the compressor filter for text/event-stream",
    mesh({ filters: [filter("compressor", "compressor.v3.Compressor", COMPRESSOR)] }),
  ),
  stripped: setup("no upgrade_configs", mesh({ manager: "" })),
  idle: setup(
    `stream_idle_timeout: ${LIMIT}`,
    mesh({ manager: `${TO_UPGRADE}\n          stream_idle_timeout: ${LIMIT}` }),
  ),
  age: setup(
    `route max_stream_duration: ${LIMIT}`,
    mesh({ route: `timeout: 0s, max_stream_duration: { max_stream_duration: ${LIMIT} }` }),
  ),
  ageOfAnswers: setup(`route timeout: ${LIMIT}`, mesh({ route: `timeout: ${LIMIT}` })),
  deflate: setup(
    "response_headers_to_remove: [sec-websocket-extensions]",
    mesh({ rest: 'response_headers_to_remove: ["sec-websocket-extensions"]' }),
  ),
};

const router = (more) => (port) => traefik([port], { rule: "PathPrefix(`/`)", ...more });

const TRAEFIK = {
  healthy: setup("", router({})),
  buffered: setup(
    "the buffering middleware",
    router({ middleware: { buffering: { memResponseBodyBytes: 500_000 } } }),
  ),
  compressed: setup("the compress middleware", router({ middleware: { compress: {} } })),
  stripped: setup(
    'customRequestHeaders: { Upgrade: "" }',
    router({ middleware: { headers: { customRequestHeaders: { Upgrade: "", Connection: "" } } } }),
  ),
  ageOfAnswers: setup(
    `respondingTimeouts.writeTimeout=${LIMIT}`,
    router({ args: [`--entrypoints.front.transport.respondingTimeouts.writeTimeout=${LIMIT}`] }),
  ),
  age: ageing("Traefik"),
  deflate: unmarked("Traefik"),
};

/** @type {Record<string, Record<string, Setup>>} */
export const HOSTS = {
  nginx: NGINX,
  Apache: APACHE,
  Caddy: CADDY,
  HAProxy: HAPROXY,
  Envoy: ENVOY,
  Traefik: TRAEFIK,
};
