// TLS: versions, names, certificates, and ports that speak something else.

import http2 from "node:http2";
import { readFileSync } from "node:fs";

import { listen } from "../../probe/support.js";
import { apache, pass, TLS as APACHE_TLS } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { TLS, location, nginx } from "../hosts/nginx.js";
import { varnish } from "../hosts/caches.js";
import { stunnel } from "../hosts/terminators.js";
import { BUNDLE, CHAIN, EXPIRED, KEY_FILE, LEAF, OTHER_BUNDLE, ROOT, trusted } from "../hosts/tls.js";

const broken = (...causes) => ({ outcome: "broken", causes });
const ssl = { modules: ["ssl", "socache_shmcb"] };

const versions = [
  {
    id: "old-apache",
    host: "Apache",
    fault: "SSLProtocol TLSv1.1",
    start: async ({ prefixed }) =>
      trusted(
        await apache(
          `SSLProtocol TLSv1.1\nSSLCipherSuite ALL:@SECLEVEL=0\n${APACHE_TLS}\n${pass(prefixed)}`,
          ssl,
        ),
      ),
    expected: { ...broken("tls-too-old"), remedy: /1\.2|1\.3|-TLSv1\.1/ },
  },
  {
    id: "old-haproxy",
    host: "HAProxy",
    fault: "ssl-max-ver TLSv1.1",
    start: async ({ prefixed }) =>
      trusted(
        await haproxy(`server dante 127.0.0.1:${prefixed}`, {
          bind: `ssl crt ${BUNDLE} ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.1 ciphers ALL:@SECLEVEL=0`,
        }),
      ),
    expected: { ...broken("tls-too-old"), remedy: /1\.2|1\.3|-TLSv1\.1/ },
  },
  {
    id: "old-nginx",
    host: "nginx",
    fault: "ssl_protocols TLSv1",
    start: async ({ prefixed }) =>
      trusted(
        await nginx(
          `${TLS} ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0; ${location("/dante/", prefixed)}`,
        ),
      ),
    expected: { ...broken("tls-too-old"), remedy: /1\.2|1\.3|-TLSv1\.1/ },
  },
].map((it) => ({ expert: "the server's TLS is too old: allow 1.2 and 1.3", ...it }));

/** A name that leads to a place on loopback. */
const named = (place, name = "dante.test") => {
  const { port } = new URL(place);
  return {
    ...trusted(`https://${name}:${port}`),
    args: ["--resolve", `${name}:${port}:127.0.0.1`],
  };
};

const names = [
  {
    id: "name-nginx",
    host: "nginx",
    fault: "ssl_reject_handshake for names that it doesn't know",
    start: async ({ prefixed }) =>
      named(
        await nginx(`${TLS} server_name other.test; ${location("/dante/", prefixed)}`, {
          others: "ssl_reject_handshake on;",
        }),
      ),
  },
  {
    id: "name-haproxy",
    host: "HAProxy",
    fault: "strict-sni, and no certificate of this name",
    start: async ({ prefixed }) =>
      named(
        await haproxy(`server dante 127.0.0.1:${prefixed}`, { bind: `ssl crt ${BUNDLE} strict-sni` }),
        "unknown.test",
      ),
  },
  {
    id: "name-caddy",
    host: "Caddy",
    fault: "a site of another name only",
    start: async ({ prefixed }) =>
      named(
        await caddy(`tls ${CHAIN} ${KEY_FILE}\n reverse_proxy 127.0.0.1:${prefixed}`, { scheme: "https" }),
        "unknown.test",
      ),
  },
].map((it) => ({
  expert: "the server knows no certificate for this name and ends the handshake",
  expected: broken("tls-unknown-name"),
  ...it,
}));

const clients = [
  {
    id: "client-apache",
    host: "Apache",
    fault: "SSLVerifyClient require",
    start: async ({ prefixed }) =>
      trusted(
        await apache(
          `${APACHE_TLS}\nSSLVerifyClient require\nSSLVerifyDepth 3\nSSLCACertificateFile ${ROOT}\n${pass(prefixed)}`,
          ssl,
        ),
      ),
  },
  {
    id: "client-haproxy",
    host: "HAProxy",
    fault: "verify required",
    start: async ({ prefixed }) =>
      trusted(
        await haproxy(`server dante 127.0.0.1:${prefixed}`, {
          bind: `ssl crt ${BUNDLE} ca-file ${ROOT} verify required`,
        }),
      ),
  },
  {
    id: "client-nginx",
    host: "nginx 1.31",
    fault: "ssl_verify_client on: 400 “No required SSL certificate was sent”",
    start: async ({ prefixed }) =>
      trusted(
        await nginx(
          `${TLS} ssl_verify_client on; ssl_client_certificate ${ROOT}; ${location("/dante/", prefixed)}`,
          { newest: true },
        ),
      ),
  },
  {
    id: "client-caddy",
    host: "Caddy 2.11",
    fault: "client_auth require_and_verify",
    start: async ({ prefixed }) =>
      named(
        await caddy(
          `bind 127.0.0.1
  tls ${CHAIN} ${KEY_FILE} {
   client_auth {
    mode require_and_verify
    trust_pool file ${ROOT}
   }
  }
  reverse_proxy 127.0.0.1:${prefixed}`,
          // With client certificates, Caddy insists that the TLS name and Host are the same.
          { newest: true, scheme: "https", host: "dante.test" },
        ),
      ),
  },
].map((it) => ({
  expert: "the server wants a client certificate",
  expected: broken("tls-client-certificate"),
  ...it,
}));

const certificates = [
  {
    id: "chain-haproxy",
    host: "HAProxy",
    fault: "the certificate without its intermediate",
    start: async ({ prefixed }) =>
      trusted(await haproxy(`server dante 127.0.0.1:${prefixed}`, { bind: `ssl crt ${LEAF}` })),
    expert: "the chain is incomplete: the intermediate certificate is missing",
    expected: { ...broken("tls-untrusted"), remedy: /intermediate|chain/i },
  },
  {
    id: "chain-caddy",
    host: "Caddy",
    fault: "tls internal: an authority that nobody here trusts",
    start: async ({ prefixed }) =>
      trusted(await caddy(`tls internal\n reverse_proxy 127.0.0.1:${prefixed}`, { scheme: "https" })),
    expert: "a private authority: not trusted here",
    expected: broken("tls-untrusted"),
  },
  {
    id: "default-traefik",
    host: "Traefik",
    fault: "its default certificate, since no other was given",
    start: async ({ prefixed }) => trusted(await traefik([prefixed], { tls: "default" })),
    expert: "Traefik's default certificate: self-signed, for another name",
    expected: { ...broken("tls-self-signed"), allowed: ["tls-wrong-name"] },
  },
  {
    id: "other-stunnel",
    host: "stunnel",
    fault: "a certificate of another name",
    start: async ({ prefixed }) => trusted(await stunnel(prefixed, OTHER_BUNDLE)),
    expert: "the certificate is for another name",
    expected: broken("tls-wrong-name"),
  },
  {
    id: "other-lighttpd",
    host: "lighttpd",
    fault: "a certificate of another name",
    start: async ({ prefixed }) =>
      trusted(
        await lighttpd.lighttpd(
          `ssl.engine = "enable"\nssl.pemfile = "${OTHER_BUNDLE}"\n${lighttpd.STREAMS}\n${lighttpd.pass(prefixed)}`,
          { modules: ["mod_openssl"] },
        ),
      ),
    expert: "the certificate is for another name",
    expected: broken("tls-wrong-name"),
  },
  {
    id: "expired-nginx",
    host: "nginx",
    fault: "a certificate that has expired yesterday",
    start: async ({ prefixed }) =>
      trusted(
        await nginx(
          `ssl_certificate ${EXPIRED.chain}; ssl_certificate_key ${EXPIRED.key}; ${location("/dante/", prefixed)}`,
        ),
      ),
    expert: "the certificate has expired",
    expected: { ...broken("tls-expired"), remedy: /renew/i },
  },
];

const schemes = [
  {
    id: "plain-apache",
    host: "Apache",
    fault: "http is spoken to its TLS port (400)",
    start: async ({ prefixed }) =>
      (await apache(`${APACHE_TLS}\n${pass(prefixed)}`, ssl)).replace("https:", "http:"),
    expected: { ...broken("plain-to-tls"), remedy: /https/ },
  },
  {
    id: "plain-haproxy",
    host: "HAProxy",
    fault: "http is spoken to its TLS port, which is closed",
    start: async ({ prefixed }) =>
      (await haproxy(`server dante 127.0.0.1:${prefixed}`, { bind: `ssl crt ${BUNDLE}` })).replace(
        "https:",
        "http:",
      ),
    expected: { ...broken("plain-to-tls"), remedy: /https/ },
  },
  {
    id: "plain-caddy",
    host: "Caddy 2.11",
    fault: "http is spoken to its TLS port: “Client sent an HTTP request to an HTTPS server”",
    start: async ({ prefixed }) =>
      (
        await caddy(`tls ${CHAIN} ${KEY_FILE}\n reverse_proxy 127.0.0.1:${prefixed}`, {
          newest: true,
          scheme: "https",
        })
      ).replace("https:", "http:"),
    expected: { ...broken("plain-to-tls"), remedy: /https/ },
  },
  {
    id: "tls-lighttpd",
    host: "lighttpd",
    fault: "https is spoken to its plain port",
    start: async ({ prefixed }) =>
      trusted((await lighttpd.lighttpd(lighttpd.pass(prefixed))).replace("http:", "https:")),
    expected: broken("tls-to-plain"),
  },
  {
    id: "tls-varnish",
    host: "Varnish",
    fault: "https is spoken to its plain port",
    start: async ({ prefixed }) => trusted((await varnish(prefixed)).replace("http:", "https:")),
    expected: broken("tls-to-plain"),
  },
  {
    id: "tls-envoy",
    host: "Envoy",
    fault: "https is spoken to its plain port",
    start: async ({ prefixed }) => trusted((await envoy([prefixed])).replace("http:", "https:")),
    expected: broken("tls-to-plain"),
  },
  {
    id: "h2-node",
    host: "Node.js (http2)",
    fault: "a server of HTTP/2 only",
    async start() {
      const server = http2.createSecureServer(
        { cert: readFileSync(CHAIN), key: readFileSync(KEY_FILE) },
        (_request, response) => response.end("<title>Two</title>"),
      );
      return trusted(`https://127.0.0.1:${await listen(server)}`);
    },
    expert: "HTTP/2 only is spoken here",
    expected: { ...broken("http2-only"), allowed: ["not-dante"] },
  },
  {
    id: "h2-envoy-front",
    host: "Envoy",
    fault: "codec_type HTTP2 behind ALPN h2",
    start: async ({ prefixed }) =>
      trusted(await envoy([prefixed], { tls: true, protocols: "[h2]", manager: "codec_type: HTTP2" })),
    expert: "HTTP/2 only is spoken here: browsers have everything but WebSocket",
    expected: { outcome: "degraded", causes: ["http2-only"] },
  },
  {
    id: "h2-haproxy-front",
    host: "HAProxy",
    fault: "bind … alpn h2 proto h2",
    start: async ({ prefixed }) =>
      trusted(
        await haproxy(`server dante 127.0.0.1:${prefixed}`, { bind: `ssl crt ${BUNDLE} alpn h2 proto h2` }),
      ),
    expert: "HTTP/2 only is spoken here: browsers have everything but WebSocket",
    expected: { outcome: "degraded", causes: ["http2-only"] },
  },
].map((it) => ({ expert: "the URL's scheme is not what the port speaks", ...it }));

export default [...versions, ...names, ...clients, ...certificates, ...schemes].map((it) => ({
  kind: "TLS",
  ...it,
}));
