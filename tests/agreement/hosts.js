// Hosts that speak HTTP/2, as browsers meet them: healthy ones of each make, and one with each kind of fault that shows in a browser.

import { apache, pass, TLS as APACHE_TLS } from "../accuracy/hosts/apache.js";
import { caddy } from "../accuracy/hosts/caddy.js";
import { haproxy } from "../accuracy/hosts/haproxy.js";
import { isHttp2, startFront } from "../accuracy/hosts/http2.js";
import { envoy, traefik } from "../accuracy/hosts/meshes.js";
import { TLS, location, nginx } from "../accuracy/hosts/nginx.js";
import { isEvents } from "../accuracy/hosts/standin.js";
import { h2o, nghttpx } from "../accuracy/hosts/terminators.js";
import { BUNDLE, CHAIN, KEY_FILE } from "../accuracy/hosts/tls.js";

/**
 * @typedef {object} Host
 * @property {string} id unique
 * @property {string} host its make
 * @property {string} what its configuration, or what is wrong with it
 * @property {(dantes: {prefixed: number, another: number}) => Promise<string | {url: string}>} start gives its origin, or the page
 * @property {boolean} [chance] whether a browser may get more or less each time
 * @property {string[]} [causes] ids of verdicts, of which one must come first; none for a healthy host
 */

const ssl = { modules: ["ssl", "socache_shmcb", "http2"] };
const alpn = { bind: `ssl crt ${BUNDLE} alpn h2,http/1.1` };
const secure = { newest: true, scheme: "https" };
const overTls = (lines) => `${TLS} http2 on; ${lines}`;
const envoyOptions = (lines) => ({
  tls: true,
  manager: `upgrade_configs: [{ upgrade_type: websocket }]\n          ${lines}`,
});

/** @type {Host[]} */
const healthy = [
  {
    id: "nginx",
    host: "nginx 1.31",
    what: "http2 on",
    start: ({ prefixed }) => nginx(overTls(location("/dante/", prefixed)), { newest: true }),
  },
  {
    id: "haproxy",
    host: "HAProxy 2.6",
    what: "alpn h2,http/1.1",
    start: ({ prefixed }) => haproxy(`server dante 127.0.0.1:${prefixed}`, alpn),
  },
  {
    id: "envoy",
    host: "Envoy",
    what: "without allow_connect",
    start: ({ prefixed }) => envoy([prefixed], { tls: true }),
  },
  {
    id: "apache",
    host: "Apache",
    what: "Protocols h2 http/1.1",
    start: ({ prefixed }) => apache(`Protocols h2 http/1.1\n${APACHE_TLS}\n${pass(prefixed)}`, ssl),
  },
  {
    id: "apache-websockets",
    host: "Apache",
    what: "H2WebSockets on",
    start: ({ prefixed }) =>
      apache(`Protocols h2 http/1.1\nH2WebSockets on\n${APACHE_TLS}\n${pass(prefixed)}`, ssl),
  },
  {
    id: "caddy",
    host: "Caddy 2.11",
    what: "reverse_proxy",
    start: ({ prefixed }) => caddy(`tls ${CHAIN} ${KEY_FILE}\n reverse_proxy 127.0.0.1:${prefixed}`, secure),
  },
  {
    id: "h2o",
    host: "h2o",
    what: "proxy.websocket: ON",
    start: ({ prefixed }) => h2o(`http://127.0.0.1:${prefixed}/dante/`, { tls: true }),
  },
  {
    id: "nghttpx",
    host: "nghttpx",
    what: "as it is",
    start: ({ prefixed }) => nghttpx(prefixed, { tls: true }),
  },
  {
    id: "traefik",
    host: "Traefik",
    what: "as it is",
    start: ({ prefixed }) => traefik([prefixed], { tls: "own" }),
  },
];

/** @type {Host[]} */
const broken = [
  {
    id: "envoy-connect",
    host: "Envoy",
    // Envoy adds no Sec-WebSocket-Key, which HTTP/2 has not and HTTP/1.1 wants.
    what: "allow_connect: true before a server of HTTP/1.1",
    start: ({ prefixed }) =>
      envoy([prefixed], envoyOptions("http2_protocol_options: { allow_connect: true }")),
    causes: ["extended-connect-refused"],
  },
  {
    id: "events-502",
    host: "gateway (stand-in)",
    what: "answers 502 to event streams over HTTP/2",
    start: ({ prefixed }) =>
      startFront(prefixed, {
        answer(request, response) {
          if (!isHttp2(request) || !isEvents(request)) return false;
          response.writeHead(502).end();
          return true;
        },
      }),
    causes: ["http2-request-fails"],
  },
  {
    id: "events-held",
    host: "gateway (stand-in)",
    what: "holds event streams back over HTTP/2",
    start: ({ prefixed }) =>
      startFront(prefixed, {
        pass(request, from, response) {
          if (!isHttp2(request) || !isEvents(request)) return false;
          response.writeHead(200, { "content-type": "text/event-stream" });
          from.resume();
          return true;
        },
      }),
    causes: ["http2-buffered"],
  },
  {
    id: "forbidden-header",
    host: "nginx 1.31",
    what: "adds Transfer-Encoding to event streams, which HTTP/2 forbids",
    start: ({ prefixed }) => {
      const adds = "proxy_buffering off; add_header Transfer-Encoding chunked;";
      return nginx(overTls(`${location("/dante/sse/", prefixed, adds)} ${location("/dante/", prefixed)}`), {
        newest: true,
      });
    },
    causes: ["http2-forbidden-header"],
  },
  {
    id: "connect-refused",
    host: "gateway (stand-in)",
    what: "offers extended CONNECT, and refuses it with 403",
    start: ({ prefixed }) =>
      startFront(
        prefixed,
        {
          connect(_request, response) {
            response.writeHead(403).end();
            return true;
          },
        },
        { offers: true },
      ),
    causes: ["extended-connect-refused"],
  },
  {
    id: "h2-closed",
    host: "gateway (stand-in)",
    what: "agrees on h2, and closes",
    start: ({ prefixed }) => startFront(prefixed, { session: (session) => session.destroy() }),
    causes: ["http2-broken"],
  },
  {
    id: "h2-hangs",
    host: "gateway (stand-in)",
    what: "answers no request over HTTP/2",
    start: ({ prefixed }) => startFront(prefixed, { answer: isHttp2 }),
    causes: ["http2-broken"],
  },
  {
    id: "csp",
    host: "nginx 1.31",
    what: "adds Content-Security-Policy: connect-src 'none'",
    start: ({ prefixed }) =>
      nginx(
        overTls(
          location("/dante/", prefixed, `add_header Content-Security-Policy "connect-src 'none'" always;`),
        ),
        { newest: true },
      ),
    causes: ["blocked-by-csp"],
  },
  {
    id: "static-404",
    host: "HAProxy 2.6",
    what: "answers 404 below /dante/static/",
    start: ({ prefixed }) =>
      haproxy(`server dante 127.0.0.1:${prefixed}`, {
        ...alpn,
        frontend: "http-request return status 404 if { path_beg /dante/static/ }",
      }),
    causes: ["files-missing"],
  },
  {
    id: "script-type",
    host: "Caddy 2.11",
    what: "gives scripts the type text/plain",
    start: ({ prefixed }) =>
      caddy(
        `tls ${CHAIN} ${KEY_FILE}
 @scripts path *.js
 reverse_proxy @scripts 127.0.0.1:${prefixed} {
  header_down Content-Type .* text/plain
 }
 reverse_proxy 127.0.0.1:${prefixed}`,
        secure,
      ),
    causes: ["file-type-refused"],
  },
  {
    id: "sticky-path",
    host: "HAProxy 2.6",
    what: "two servers, and a sticky cookie for another path",
    // Which server answers a poll depends on what else was asked before.
    chance: true,
    start: ({ prefixed, another }) =>
      haproxy(
        `balance roundrobin
  cookie NODE insert indirect nocache
  http-after-response replace-header Set-Cookie "path=/" "path=/elsewhere/"
  server a 127.0.0.1:${prefixed} cookie a
  server b 127.0.0.1:${another} cookie b`,
        alpn,
      ),
    causes: ["cookie-not-returned", "no-stickiness"],
  },
  {
    id: "buffered",
    host: "Traefik",
    what: "the buffering middleware",
    start: ({ prefixed }) =>
      traefik([prefixed], { middleware: { buffering: { memResponseBodyBytes: 500_000 } }, tls: "own" }),
    causes: ["buffered"],
  },
  {
    id: "no-upgrade",
    host: "nginx 1.31",
    what: "passes no upgrade on",
    start: ({ prefixed }) =>
      nginx(
        overTls(
          `location /dante/ { proxy_pass http://127.0.0.1:${prefixed}; proxy_set_header Host $http_host; }`,
        ),
        {
          newest: true,
        },
      ),
    causes: ["upgrade-stripped"],
  },
];

export const HOSTS = [...healthy, ...broken];
