// What stands behind the proxy: several servers that differ, none at all, or one that is spoken to in the wrong protocol.

import { freePort } from "../../support/programs.js";
import { startDante, poemFile } from "../../support/dante.js";
import { PACE, startPeer } from "../../probe/support.js";
import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { maps, squid, trafficServer, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx, nginxStream } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { always, answering, isPage, standIn, startSite } from "../hosts/standin.js";
import { h2o, hitch, nghttpx, pen, redir, socat, systemdSocketProxyd } from "../hosts/terminators.js";
import { trusted } from "../hosts/tls.js";

const portOf = (origin) => Number(new URL(origin).port);

/** Another web site; gives its port. */
const startOther = () =>
  startSite((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<title>Welcome</title><h1>It works!</h1>"),
  );

const up = (ports, more = "") =>
  `upstream several { ${ports.map((port) => `server 127.0.0.1:${port} ${more};`).join(" ")} }`;
const toSeveral = (more = "") => `location /dante/ { ${UPGRADES} proxy_pass http://several; ${more} }`;

const TURNS = { outcome: ["degraded", "broken"], causes: ["answers-alternate"] };

const turns = [
  {
    id: "turns-haproxy-site",
    host: "HAProxy",
    fault: "roundrobin over Dante and another web site",
    async start({ prefixed }) {
      return await haproxy(`balance roundrobin
  server dante 127.0.0.1:${prefixed}
  server other 127.0.0.1:${await startOther()}`);
    },
  },
  {
    id: "turns-nginx-dead",
    host: "nginx",
    fault: "an upstream of Dante and of a dead server, proxy_next_upstream off",
    start: async ({ prefixed }) =>
      await nginx(toSeveral("proxy_next_upstream off;"), {
        http: up([prefixed, await freePort()], "max_fails=0"),
      }),
    expert: "every second request fails (502): one of two servers is dead",
  },
  {
    id: "turns-apache-site",
    host: "Apache",
    fault: "a balancer over Dante and another web site",
    start: async ({ prefixed }) =>
      await apache(
        `<Proxy balancer://several>
BalancerMember http://127.0.0.1:${prefixed} upgrade=websocket
BalancerMember http://127.0.0.1:${await startOther()} upgrade=websocket
</Proxy>
ProxyPass /dante/ balancer://several/dante/`,
        { modules: ["proxy_balancer", "lbmethod_byrequests", "slotmem_shm"] },
      ),
  },
  {
    id: "turns-pen-site",
    host: "pen",
    fault: "each connection goes to the next of Dante and another web site",
    start: async ({ prefixed }) => await pen([prefixed, await startOther()], ["-r"]),
  },
  {
    id: "turns-envoy-dead",
    host: "Envoy",
    fault: "a cluster of Dante and of a dead server, without health checks or retries",
    start: async ({ prefixed }) => await envoy([prefixed, await freePort()]),
    expert: "every second request fails (503): one of two endpoints is dead",
  },
  {
    id: "turns-traefik-site",
    host: "Traefik",
    fault: "two servers: Dante and another web site",
    start: async ({ prefixed }) => await traefik([prefixed, await startOther()]),
  },
  {
    id: "turns-haproxy-upgrade",
    host: "HAProxy before nginx",
    fault: "two ways to the same Dante, of which one passes on no upgrade",
    async start({ prefixed }) {
      const good = await nginx(location("/dante/", prefixed));
      const bad = await nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${prefixed}; }`,
      );
      return await haproxy(`balance roundrobin
  server one ${new URL(good).host}
  server two ${new URL(bad).host}`);
    },
    expert: "upgrades fail every other time: one of two ways passes none on",
    expected: { ...TURNS, outcome: "degraded" },
  },
  {
    id: "turns-stand-in-404",
    host: "CDN with two origins (stand-in)",
    fault: "every second request goes to an origin that has no Dante (404)",
    path: "/",
    start({ root }) {
      let turn = 0;
      const second = () => (turn += 1) % 2 === 0;
      return standIn(
        root,
        answering(second, 404, {
          body: "<h1>No such bucket</h1>",
          headers: { server: "bucket" },
          upgrades: true,
        }),
      );
    },
  },
].map((it) => ({
  kind: "Servers that take turns",
  expert: "answers alternate between Dante and another server: one of them doesn't belong there",
  expected: TURNS,
  ...it,
}));

const NOT_STICKY = { outcome: "degraded", causes: ["no-stickiness"] };
const twins = async () => {
  const both = await Promise.all([1, 2].map(() => startDante([...PACE, "--prefix", "/dante"])));
  return both.map(({ port }) => port);
};
const strangers = async (args = []) => {
  const poem = ["--poem", poemFile(80)];
  const both = await Promise.all(
    [[], poem].map((more) => startDante([...PACE, "--prefix", "/dante", ...args, ...more])),
  );
  return both.map(({ port }) => port);
};

const nodes = [
  {
    id: "sticky-nginx",
    host: "nginx",
    fault: "an upstream of two Dantes, in turn",
    start: async () => await nginx(toSeveral(), { http: up(await twins()) }),
    expected: { ...NOT_STICKY, remedy: /hash|ip_hash/ },
  },
  {
    id: "sticky-traefik",
    host: "Traefik",
    fault: "two Dantes without a sticky cookie",
    start: async () => await traefik(await twins()),
    expected: { ...NOT_STICKY, remedy: /sticky/i },
  },
  {
    id: "sticky-envoy",
    host: "Envoy",
    fault: "a cluster of two Dantes, ROUND_ROBIN",
    start: async () => await envoy(await twins()),
    expected: { ...NOT_STICKY, remedy: /hash|sticky/i },
  },
  {
    id: "sticky-apache",
    host: "Apache",
    fault: "a balancer over two Dantes without stickysession",
    async start() {
      const members = (await twins()).map(
        (port) => `BalancerMember http://127.0.0.1:${port} upgrade=websocket`,
      );
      return await apache(
        `<Proxy balancer://several>\n${members.join("\n")}\n</Proxy>\nProxyPass /dante/ balancer://several/dante/`,
        { modules: ["proxy_balancer", "lbmethod_byrequests", "slotmem_shm"] },
      );
    },
    expected: { ...NOT_STICKY, remedy: /stickysession/ },
  },
  {
    id: "sticky-caddy",
    host: "Caddy 2.11",
    fault: "two upstreams, lb_policy round_robin",
    start: async () =>
      await caddy(
        `reverse_proxy ${(await twins()).map((port) => `127.0.0.1:${port}`).join(" ")} {\n  lb_policy round_robin\n }`,
        { newest: true },
      ),
    expected: { ...NOT_STICKY, remedy: /lb_policy/ },
  },
  {
    id: "editions-nginx",
    host: "nginx",
    fault: "two Dantes with different poems, WebSocket only",
    start: async () => await nginx(toSeveral(), { http: up(await strangers(["--transports", "websocket"])) }),
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["polling-disabled-by-server"],
      remedy: /--poem/,
    },
  },
  {
    id: "editions-traefik",
    host: "Traefik",
    fault: "two Dantes with different poems, sticky by cookie",
    start: async () =>
      await traefik(await strangers(), { service: { sticky: { cookie: { name: "node" } } } }),
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["stickiness-by-cookie"],
      remedy: /--poem/,
    },
  },
  {
    id: "editions-haproxy",
    host: "HAProxy",
    fault: "two Dantes with different poems, by the hash of the whole URL",
    start: async () => {
      const servers = (await strangers(["--transports", "websocket"])).map(
        (port, at) => `server dante${at} 127.0.0.1:${port}`,
      );
      return await haproxy(`balance roundrobin\n  ${servers.join("\n  ")}`);
    },
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["polling-disabled-by-server"],
      remedy: /--poem/,
    },
  },
  {
    id: "sticky-cookie-lost",
    host: "Traefik before HAProxy",
    fault: "HAProxy sticks by cookie, and Traefik removes cookies",
    async start() {
      const servers = (await twins()).map((port, at) => `server d${at} 127.0.0.1:${port} cookie d${at}`);
      const second = await haproxy(
        `balance roundrobin\n  cookie node insert indirect nocache\n  ${servers.join("\n  ")}`,
      );
      return await traefik([portOf(second)], {
        middleware: { headers: { customRequestHeaders: { Cookie: "" } } },
      });
    },
    expert: "the cookie that should stick is removed on the way",
    expected: NOT_STICKY,
  },
].map((it) => ({
  kind: "Several Dantes",
  expert: "requests of one session reach different Dantes: turn on sticky sessions",
  ...it,
}));

const PROTOCOL = { outcome: "broken" };

const protocols = [
  {
    id: "tls-caddy",
    host: "Caddy 2.11",
    fault: "reverse_proxy https:// to plain Dante",
    start: ({ prefixed }) =>
      caddy(
        `reverse_proxy https://127.0.0.1:${prefixed} {\n  transport http {\n   tls_insecure_skip_verify\n  }\n }`,
        { newest: true },
      ),
    expert:
      "a bare 502: Dante isn't reached; it isn't running, or is spoken to in another protocol than HTTP/1.1",
    expected: {
      ...PROTOCOL,
      causes: ["tls-to-server", "guest-not-started"],
      remedy: /plain HTTP|http:|1\.1|proto/,
    },
  },
  {
    id: "tls-apache",
    host: "Apache",
    fault: "SSLProxyEngine, ProxyPass https:// to plain Dante",
    start: ({ prefixed }) =>
      apache(
        `SSLProxyEngine On\nSSLProxyVerify none\nSSLProxyCheckPeerName off\nProxyPass /dante/ https://127.0.0.1:${prefixed}/dante/`,
        { modules: ["ssl", "socache_shmcb"] },
      ),
    expected: { ...PROTOCOL, causes: ["tls-to-server", "origin-tls-failed"], remedy: /http:/ },
  },
  {
    id: "tls-traefik",
    host: "Traefik",
    fault: "the server's URL has https://",
    start: ({ prefixed }) => traefik([prefixed], { scheme: "https" }),
    expert:
      "a bare 500: Dante isn't reached; it isn't running, or is spoken to in another protocol than HTTP/1.1",
    expected: { ...PROTOCOL, causes: ["tls-to-server", "guest-not-started"], remedy: /plain HTTP/ },
  },
  {
    id: "h2-envoy",
    host: "Envoy",
    fault: "the cluster has http2_protocol_options",
    start: ({ prefixed }) =>
      envoy([prefixed], {
        cluster: `typed_extension_protocol_options: { envoy.extensions.upstreams.http.v3.HttpProtocolOptions: { "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, explicit_http_config: { http2_protocol_options: {} } } }`,
      }),
    expected: {
      ...PROTOCOL,
      causes: ["http2-to-server", "guest-not-started"],
      remedy: /http2_protocol_options/,
    },
  },
  {
    id: "h2-nghttpx",
    host: "nghttpx",
    fault: "--backend=…;proto=h2",
    start: ({ prefixed }) => nghttpx(prefixed, { proto: "h2" }),
    expert:
      "a bare 502: Dante isn't reached; it isn't running, or is spoken to in another protocol than HTTP/1.1",
    expected: {
      ...PROTOCOL,
      causes: ["http2-to-server", "guest-not-started"],
      remedy: /plain HTTP|http:|1\.1|proto/,
    },
  },
  {
    id: "h2-traefik",
    host: "Traefik",
    fault: "the server's URL has h2c://",
    start: ({ prefixed }) => traefik([prefixed], { scheme: "h2c" }),
    expert:
      "a bare 500: Dante isn't reached; it isn't running, or is spoken to in another protocol than HTTP/1.1",
    expected: { ...PROTOCOL, causes: ["http2-to-server", "guest-not-started"], remedy: /plain HTTP/ },
  },
  {
    id: "proxy-nginx",
    host: "nginx (stream)",
    fault: "proxy_protocol on",
    start: ({ prefixed }) => nginxStream(`proxy_pass 127.0.0.1:${prefixed}; proxy_protocol on;`),
    expected: { ...PROTOCOL, causes: ["proxy-protocol"], remedy: /PROXY|proxy_protocol/ },
  },
  {
    id: "proxy-haproxy",
    host: "HAProxy",
    fault: "send-proxy-v2",
    start: ({ prefixed }) => haproxy(`server dante 127.0.0.1:${prefixed} send-proxy-v2`),
    expected: { ...PROTOCOL, causes: ["proxy-protocol"], remedy: /PROXY|send-proxy/ },
  },
  {
    id: "proxy-hitch",
    host: "hitch",
    fault: "write-proxy-v1",
    start: async ({ prefixed }) => trusted(await hitch(prefixed, "write-proxy-v1 = on")),
    expected: { ...PROTOCOL, causes: ["proxy-protocol"], remedy: /PROXY|write-proxy/ },
  },
].map((it) => ({
  kind: "Wrong protocol to Dante",
  expert: "the proxy speaks something else than HTTP/1.1 to Dante",
  ...it,
}));

const DEAD = { outcome: "broken", causes: ["guest-not-started"], remedy: /start|listen|log/i };
const SLOW = { outcome: "broken", causes: ["guest-too-slow"] };
const silent = async () => portOf(await startPeer(() => {}));

const dead = [
  ["nginx", (port) => nginx(location("/dante/", port))],
  ["Apache", (port) => apache(`ProxyPass /dante/ http://127.0.0.1:${port}/dante/`)],
  ["HAProxy", (port) => haproxy(`server dante 127.0.0.1:${port}`)],
  ["Caddy", (port) => caddy(`reverse_proxy 127.0.0.1:${port}`)],
  ["Traefik", (port) => traefik([port])],
  ["Envoy", (port) => envoy([port])],
  ["Varnish", (port) => varnish(port)],
  ["lighttpd", (port) => lighttpd.lighttpd(lighttpd.pass(port))],
  ["Squid", (port) => squid(port)],
  ["Traffic Server", (port) => trafficServer((from) => maps(from, port))],
  ["h2o", (port) => h2o(`http://127.0.0.1:${port}/dante/`)],
  ["nghttpx", (port) => nghttpx(port)],
  [
    "http-proxy-middleware",
    (port) => script("express.js", { to: port }, { needs: ["http-proxy-middleware"] }),
  ],
].map(([host, start]) => ({
  id: `dead-${host.toLowerCase().replaceAll(" ", "-")}`,
  kind: "Nobody behind the proxy",
  host,
  fault: "nothing listens where it looks for Dante",
  start: async () => await start(await freePort()),
  expert: "Dante isn't running, or not there: start it, or correct the address",
  expected: DEAD,
}));

/** Cloudflare's own pages, as far as their titles go. */
const cloudflare = (status, title) => ({
  host: "Cloudflare (stand-in)",
  path: "/",
  fault: `${status}: ${title}`,
  start: ({ root }) =>
    standIn(
      root,
      answering(always, status, {
        body: `<title>dante.example | ${status}: ${title}</title>`,
        headers: { server: "cloudflare", "cf-ray": "8f1-MXP" },
        upgrades: true,
      }),
    ),
});

const absent = [
  {
    id: "dead-custom-page",
    host: "nginx",
    fault: "502 with a page of its own, which says only “Oops”",
    async start() {
      return await nginx(
        `error_page 502 /oops.html; location = /oops.html { internal; default_type text/html; return 502 "<title>Oops</title><h1>Something went wrong</h1>"; }
         ${location("/dante/", await freePort())}`,
      );
    },
    expert: "Dante isn't running, or not there",
    expected: DEAD,
  },
  {
    id: "relay-socat",
    host: "socat",
    fault: "a port is published, and nobody listens behind it",
    start: async () => await socat(await freePort()),
    expert: "accepted, and closed at once: a relay that reaches nobody",
    expected: { outcome: "broken", causes: ["no-answer", "guest-not-started"], remedy: /listen/i },
  },
  {
    id: "relay-redir",
    host: "redir",
    fault: "a port is published, and nobody listens behind it",
    start: async () => await redir(await freePort()),
    expert: "accepted, and closed at once: a relay that reaches nobody",
    expected: { outcome: "broken", causes: ["no-answer", "guest-not-started"], remedy: /listen/i },
  },
  {
    id: "relay-systemd",
    host: "systemd-socket-proxyd",
    fault: "a port is published, and nobody listens behind it",
    start: async () => await systemdSocketProxyd(await freePort()),
    expert: "accepted, and closed at once: a relay that reaches nobody",
    expected: { outcome: "broken", causes: ["no-answer", "guest-not-started"], remedy: /listen/i },
  },
  {
    id: "origin-521",
    ...cloudflare(521, "Web server is down"),
    expert: "the CDN can't reach Dante's server: it is down, or a firewall is in between",
    expected: DEAD,
  },
  {
    id: "origin-525",
    ...cloudflare(525, "SSL handshake failed"),
    expert: "the CDN's TLS handshake with the origin failed",
    expected: { outcome: "broken", causes: ["origin-tls-failed"], remedy: /TLS|certificate|SSL/i },
  },
  {
    id: "slow-524",
    ...cloudflare(524, "A timeout occurred"),
    expert: "the origin accepts, and answers too late",
    expected: SLOW,
  },
  {
    id: "slow-nginx",
    host: "nginx",
    fault: "the server accepts and never answers: 504 after proxy_read_timeout 1s",
    start: async () => await nginx(location("/dante/", await silent(), "proxy_read_timeout 1s;")),
    expert: "504: the server behind accepts, and doesn't answer in time",
    expected: SLOW,
  },
  {
    id: "slow-haproxy",
    host: "HAProxy",
    fault: "the server accepts and never answers: 504 after timeout server 1s",
    start: async () => await haproxy(`timeout server 1s\n  server dante 127.0.0.1:${await silent()}`),
    expert: "504: the server behind accepts, and doesn't answer in time",
    expected: SLOW,
  },
  {
    id: "slow-envoy",
    host: "Envoy",
    fault: "the server accepts and never answers: 504 after a route timeout of 1 s",
    start: async () => await envoy([await silent()], { route: "timeout: 1s" }),
    expert: "504: the server behind accepts, and doesn't answer in time",
    expected: SLOW,
  },
].map((it) => ({ kind: "Nobody behind the proxy", ...it }));

const CLOSED = { outcome: "broken", causes: ["maintenance"] };

const maintenance = [
  {
    id: "maintenance-apache",
    host: "Apache",
    fault: "everything is answered 503 with a maintenance page and Retry-After",
    start: ({ prefixed }) =>
      apache(
        `RewriteEngine On
RewriteRule ^/dante/ - [R=503,L]
ErrorDocument 503 "<title>Scheduled maintenance</title><h1>We'll be back at noon</h1>"
Header always set Retry-After 7200
ProxyPass /dante/ http://127.0.0.1:${prefixed}/dante/`,
        { modules: ["rewrite", "headers"] },
      ),
  },
  {
    id: "maintenance-haproxy",
    host: "HAProxy",
    fault: "http-request return status 503 with a maintenance page",
    start: ({ prefixed }) =>
      haproxy(`http-request return status 503 content-type text/html string "<title>Under maintenance</title><p>Back soon" hdr Retry-After 600
  server dante 127.0.0.1:${prefixed}`),
  },
  {
    id: "maintenance-page-only",
    host: "Caddy 2.11",
    fault: "the page alone is answered 503 with Retry-After; all else passes",
    start: ({ prefixed }) =>
      caddy(
        `handle /dante/ {\n  header Retry-After 1800\n  header Content-Type text/html\n  respond "<title>Maintenance</title><h1>Back at ten</h1>" 503\n }\n handle {\n  reverse_proxy 127.0.0.1:${prefixed}\n }`,
        { newest: true },
      ),
    expert: "a maintenance page instead of Dante's page; Dante behind it is alive",
    expected: { ...CLOSED, outcome: ["degraded", "broken"] },
  },
  {
    id: "maintenance-200",
    host: "application (stand-in)",
    fault: "a maintenance page with status 200",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(isPage, 200, {
          body: "<title>Down for maintenance</title><h1>We are upgrading our servers and will be back shortly</h1>",
        }),
      ),
    expected: { outcome: ["degraded", "broken"], causes: ["maintenance", "not-dante"] },
  },
].map((it) => ({
  kind: "Maintenance",
  expert: "a maintenance page: end the maintenance mode",
  expected: CLOSED,
  ...it,
}));

export default [...turns, ...nodes, ...protocols, ...dead, ...absent, ...maintenance];
