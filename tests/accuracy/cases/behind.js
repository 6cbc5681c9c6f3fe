// The server behind the proxy: spoken to in the wrong protocol, not there, too slow, or closed for maintenance.

import { freePort } from "../../support/programs.js";
import { startPeer } from "../../probe/support.js";
import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { maps, squid, trafficServer, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { location, nginx, nginxStream } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { always, answering, isPage, standIn } from "../hosts/standin.js";
import { h2o, hitch, nghttpx, redir, socat, systemdSocketProxyd } from "../hosts/terminators.js";
import { trusted } from "../hosts/tls.js";

const portOf = (origin) => Number(new URL(origin).port);

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

export default [...protocols, ...dead, ...absent, ...maintenance];
