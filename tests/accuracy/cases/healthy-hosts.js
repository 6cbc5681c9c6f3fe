// Hosts with which nothing is wrong. Whatever is said of them but a note that is true is a false alarm.

import { startDante } from "../../support/dante.js";
import { PACE } from "../../probe/support.js";
import { apache, pass, TLS as APACHE_TLS } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { maps, squid, trafficServer, varnish, PIPE } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { TLS, UPGRADES, location, nginx, nginxStream } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { mitmproxy } from "../hosts/python.js";
import {
  h2o,
  hitch,
  nghttpx,
  pen,
  redir,
  socat,
  socatTls,
  stunnel,
  systemdSocketProxyd,
} from "../hosts/terminators.js";
import { BUNDLE, trusted } from "../hosts/tls.js";

const portOf = (origin) => Number(new URL(origin).port);
const ssl = { modules: ["ssl", "socache_shmcb", "http2"] };
const LIGHTTPD_TLS = `ssl.engine = "enable"\nssl.pemfile = "${BUNDLE}"`;
const express = { needs: ["express", "http-proxy-middleware"] };

/** Each: its host, what it does, and how it is started. */
const hosts = [
  ["nginx", "prefix kept", ({ prefixed }) => nginx(location("/dante/", prefixed))],
  [
    "nginx",
    "prefix stripped, TLS with HTTP/2",
    async ({ root }) =>
      trusted(await nginx(`${TLS} location /dante/ { ${UPGRADES} proxy_pass http://127.0.0.1:${root}/; }`)),
  ],
  ["nginx 1.31", "prefix kept", ({ prefixed }) => nginx(location("/dante/", prefixed), { newest: true })],
  [
    "nginx 1.31",
    "prefix stripped",
    ({ root }) =>
      nginx(`location /dante/ { ${UPGRADES} proxy_pass http://127.0.0.1:${root}/; }`, { newest: true }),
  ],
  ["nginx (stream)", "bytes", ({ prefixed }) => nginxStream(`proxy_pass 127.0.0.1:${prefixed};`)],
  [
    "nginx",
    "Connection: upgrade on every request",
    ({ prefixed }) =>
      nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_pass http://127.0.0.1:${prefixed}; }`,
      ),
  ],
  [
    "nginx",
    "a parameter is added to every query",
    ({ prefixed }) =>
      nginx(
        `location /dante/ { ${UPGRADES} set $args "$args&utm_source=list"; proxy_pass http://127.0.0.1:${prefixed}; }`,
      ),
  ],
  ["Apache", "prefix kept", ({ prefixed }) => apache(pass(prefixed))],
  [
    "Apache",
    "prefix stripped",
    ({ root }) => apache(`ProxyPass /dante/ http://127.0.0.1:${root}/ upgrade=websocket`),
  ],
  [
    "Apache",
    "TLS with HTTP/2",
    async ({ prefixed }) =>
      trusted(await apache(`Protocols h2 http/1.1\n${APACHE_TLS}\n${pass(prefixed)}`, ssl)),
  ],
  ["HAProxy", "prefix kept", ({ prefixed }) => haproxy(`server dante 127.0.0.1:${prefixed}`)],
  [
    "HAProxy",
    "prefix stripped, TLS with HTTP/2",
    async ({ root }) =>
      trusted(
        await haproxy(`http-request replace-path ^/dante/(.*) /\\1\n  server dante 127.0.0.1:${root}`, {
          bind: `ssl crt ${BUNDLE} alpn h2,http/1.1`,
        }),
      ),
  ],
  [
    "HAProxy",
    "bytes (mode tcp)",
    ({ prefixed }) => haproxy(`mode tcp\n  server dante 127.0.0.1:${prefixed}`, { frontend: "mode tcp" }),
  ],
  ["Caddy 2.6", "prefix kept", ({ prefixed }) => caddy(`reverse_proxy 127.0.0.1:${prefixed}`)],
  [
    "Caddy 2.6",
    "prefix stripped",
    ({ root }) => caddy(`handle_path /dante/* {\n  reverse_proxy 127.0.0.1:${root}\n }`),
  ],
  [
    "Caddy 2.11",
    "prefix kept, encode gzip",
    ({ prefixed }) => caddy(`encode gzip\n reverse_proxy 127.0.0.1:${prefixed}`, { newest: true }),
  ],
  [
    "Caddy 2.11",
    "prefix stripped",
    ({ root }) => caddy(`handle_path /dante/* {\n  reverse_proxy 127.0.0.1:${root}\n }`, { newest: true }),
  ],
  [
    "Caddy 2.11",
    "certificates of its own authority, which last for 12 hours",
    async ({ prefixed }) => {
      let root;
      const place = await caddy(`tls internal\n reverse_proxy 127.0.0.1:${prefixed}`, {
        newest: true,
        scheme: "https",
        authority: (file) => (root = file),
      });
      return { url: `${place}/dante/`, env: { SSL_CERT_FILE: root } };
    },
  ],
  ["Traefik", "prefix kept", ({ prefixed }) => traefik([prefixed])],
  [
    "Traefik",
    "prefix stripped",
    ({ root }) => traefik([root], { middleware: { stripPrefix: { prefixes: ["/dante"] } } }),
  ],
  ["Traefik", "TLS with HTTP/2", async ({ prefixed }) => trusted(await traefik([prefixed], { tls: "own" }))],
  ["Envoy", "prefix kept", ({ prefixed }) => envoy([prefixed])],
  ["Envoy", "prefix stripped", ({ root }) => envoy([root], { route: 'timeout: 0s, prefix_rewrite: "/"' })],
  ["Envoy", "TLS with HTTP/2", async ({ prefixed }) => trusted(await envoy([prefixed], { tls: true }))],
  [
    "lighttpd",
    "prefix kept",
    ({ prefixed }) => lighttpd.lighttpd(`${lighttpd.STREAMS}\n${lighttpd.pass(prefixed)}`),
  ],
  [
    "lighttpd",
    "prefix stripped",
    ({ root }) =>
      lighttpd.lighttpd(
        `${lighttpd.STREAMS}\n${lighttpd.pass(root, 'proxy.header = ("upgrade" => "enable", "map-urlpath" => ("/dante/" => "/"))')}`,
      ),
  ],
  [
    "lighttpd",
    "TLS with HTTP/2",
    async ({ prefixed }) =>
      trusted(
        await lighttpd.lighttpd(`${LIGHTTPD_TLS}\n${lighttpd.STREAMS}\n${lighttpd.pass(prefixed)}`, {
          modules: ["mod_openssl"],
        }),
      ),
  ],
  ["Varnish", "prefix kept", ({ prefixed }) => varnish(prefixed)],
  [
    "Varnish",
    "prefix stripped",
    ({ root }) => varnish(root, `sub vcl_recv { set req.url = regsub(req.url, "^/dante/", "/"); }\n${PIPE}`),
  ],
  ["Squid", "prefix kept", ({ prefixed }) => squid(prefixed)],
  ["Traffic Server", "prefix kept", ({ prefixed }) => trafficServer((port) => maps(port, prefixed))],
  ["Traffic Server", "prefix stripped", ({ root }) => trafficServer((port) => maps(port, root, "/"))],
  ["h2o", "prefix kept", ({ prefixed }) => h2o(`http://127.0.0.1:${prefixed}/dante/`)],
  ["h2o", "prefix stripped", ({ root }) => h2o(`http://127.0.0.1:${root}/`)],
  [
    "h2o",
    "TLS with HTTP/2",
    async ({ prefixed }) => trusted(await h2o(`http://127.0.0.1:${prefixed}/dante/`, { tls: true })),
  ],
  ["nghttpx", "prefix kept", ({ prefixed }) => nghttpx(prefixed)],
  ["nghttpx", "TLS with HTTP/2", async ({ prefixed }) => trusted(await nghttpx(prefixed, { tls: true }))],
  ["stunnel", "TLS", async ({ prefixed }) => trusted(await stunnel(prefixed))],
  ["hitch", "TLS", async ({ prefixed }) => trusted(await hitch(prefixed))],
  ["socat", "bytes", ({ prefixed }) => socat(prefixed)],
  ["socat", "TLS", async ({ prefixed }) => trusted(await socatTls(prefixed))],
  ["redir", "bytes", ({ prefixed }) => redir(prefixed)],
  ["pen", "bytes", ({ prefixed }) => pen([prefixed])],
  ["systemd-socket-proxyd", "bytes", ({ prefixed }) => systemdSocketProxyd(prefixed)],
  ["mitmproxy", "streaming", ({ prefixed }) => mitmproxy(prefixed)],
  ...["http-proxy", "http-proxy-3"].flatMap((library) => [
    [
      library,
      "prefix kept",
      ({ prefixed }) => script("http-proxy.js", { to: prefixed, library }, { needs: [library] }),
    ],
    [
      library,
      "prefix stripped",
      ({ root }) => script("http-proxy.js", { to: root, library, strip: true }, { needs: [library] }),
    ],
  ]),
  ["http-proxy-middleware", "prefix kept", ({ prefixed }) => script("express.js", { to: prefixed }, express)],
  [
    "http-proxy-middleware",
    "prefix stripped",
    ({ root }) => script("express.js", { to: root, strip: true }, express),
  ],
  [
    "@fastify/http-proxy",
    "prefix kept",
    ({ prefixed }) => script("fastify.js", { to: prefixed }, { needs: ["fastify", "@fastify/http-proxy"] }),
  ],
  ["Vite", "prefix kept", ({ prefixed }) => script("vite.js", { to: prefixed }, { needs: ["vite"] })],
  [
    "Vite",
    "prefix stripped",
    ({ root }) => script("vite.js", { to: root, strip: true }, { needs: ["vite"] }),
  ],
  [
    "webpack-dev-server",
    "prefix kept",
    ({ prefixed }) => script("webpack.js", { to: prefixed }, { needs: ["webpack", "webpack-dev-server"] }),
  ],
  [
    "Traefik → nginx",
    "prefix kept",
    async ({ prefixed }) => traefik([portOf(await nginx(location("/dante/", prefixed)))]),
  ],
  [
    "HAProxy (TLS) → Varnish",
    "prefix kept",
    async ({ prefixed }) => {
      const second = await varnish(prefixed);
      return trusted(
        await haproxy(`server next ${new URL(second).host}`, { bind: `ssl crt ${BUNDLE} alpn h2,http/1.1` }),
      );
    },
  ],
  [
    "nginx → HAProxy, sticky",
    "two Dantes, by the client's address",
    async () => {
      const twins = await Promise.all([1, 2].map(() => startDante([...PACE, "--prefix", "/dante"])));
      const servers = twins.map(({ port }, at) => `server dante${at} 127.0.0.1:${port}`);
      const second = await haproxy(`balance source\n  ${servers.join("\n  ")}`);
      return nginx(location("/dante/", portOf(second)));
    },
  ],
].map(([host, what, start], at, all) => {
  const name = `${host} ${what}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .slice(0, 40)
    .replace(/-$/, "");
  const before = all.slice(0, at).filter((one) => one[0] === host && one[1] === what).length;
  return { id: `ok-${name}${before || ""}`, kind: "Healthy: hosts", host, fault: `none: ${what}`, start };
});

export default hosts.map((it) => ({ expert: "good", expected: { outcome: "good" }, ...it }));
