// HTTP/2: what fails over it and not over HTTP/1.1, and hosts that serve both well.

import http from "node:http";
import http2 from "node:http2";

import { listen } from "../../probe/support.js";
import { apache, pass, TLS as APACHE_TLS } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { isHttp2, startFront } from "../hosts/http2.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { TLS, location, nginx } from "../hosts/nginx.js";
import { isEvents, isPage, isPoll } from "../hosts/standin.js";
import { h2o, nghttpx } from "../hosts/terminators.js";
import { BUNDLE, trusted } from "../hosts/tls.js";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = http2.constants;
const NODE = "Node.js (http2)";
const ALPN = `ssl crt ${BUNDLE} alpn h2,http/1.1`;
const UPGRADE = "upgrade_configs: [{ upgrade_type: websocket }]";
/** Only where the client has sent none: over HTTP/2 there is none (RFC 8441, 5). */
const ADD_KEY = `function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get("upgrade") == "websocket" and headers:get("sec-websocket-key") == nil then
    headers:add("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
  end
end`;
const OFFERS = "http2_protocol_options: { allow_connect: true }";

// Stand-ins share a process with the suite, which may be busy: the Dante behind them is the slow one.

/** Answers what `which` picks of HTTP/2. */
const over2 = (which, answer) => ({
  answer(request, response) {
    if (!isHttp2(request) || !which(request)) return false;
    answer(response, request);
    return true;
  },
});
const refused = (which) => over2(which, (response) => response.writeHead(502).end("bad gateway"));
const hang = () => {};

const faults = [
  {
    id: "h2-events-node",
    host: NODE,
    fault: "event streams are answered 502 over HTTP/2",
    start: ({ paced }) => startFront(paced, refused(isEvents)),
    expert: "event streams fail over HTTP/2, which browsers use",
    expected: { outcome: "degraded", causes: ["http2-request-fails"], evidence: /502/ },
  },
  {
    id: "h2-events-nginx",
    host: "nginx",
    fault: "a rule for HTTP/2 answers event streams 403",
    start: async ({ prefixed }) => {
      const rule = "if ($server_protocol = HTTP/2.0) { return 403; }";
      const streams = location("/dante/sse/", prefixed, `proxy_buffering off; ${rule}`);
      return trusted(
        await nginx(`http2 on; ${TLS} ${streams} ${location("/dante/", prefixed)}`, { newest: true }),
      );
    },
    expert: "a rule for HTTP/2 refuses event streams",
    expected: { outcome: "degraded", causes: ["http2-request-fails"], evidence: /403/ },
  },
  {
    id: "h2-reset-node",
    host: NODE,
    fault: "event streams are reset over HTTP/2",
    start: ({ paced }) =>
      startFront(
        paced,
        over2(isEvents, (response) => response.stream.close(NGHTTP2_REFUSED_STREAM)),
      ),
    expert: "event streams are reset over HTTP/2",
    expected: { outcome: "degraded", causes: ["http2-request-fails"], evidence: /REFUSED_STREAM/ },
  },
  {
    id: "h2-polls-node",
    host: NODE,
    fault: "polls are never answered over HTTP/2",
    args: ["--timeout", "3s"],
    start: ({ paced }) => startFront(paced, over2(isPoll, hang)),
    expert: "long polling hangs over HTTP/2",
    expected: { outcome: "degraded", causes: ["http2-request-fails"], evidence: /no answer within/ },
  },
  {
    id: "h2-hangs-node",
    host: NODE,
    fault: "nothing is answered over HTTP/2",
    args: ["--timeout", "3s"],
    start: ({ paced }) =>
      startFront(
        paced,
        over2(() => true, hang),
      ),
    expert: "HTTP/2 hangs: turn it off",
    expected: { outcome: "broken", causes: ["http2-broken"], remedy: /http\/1\.1/ },
  },
  {
    id: "h2-buffered-node",
    host: NODE,
    fault: "event streams are gathered over HTTP/2",
    start: ({ prefixed }) =>
      startFront(prefixed, {
        pass(request, from, response) {
          if (!isHttp2(request) || !isEvents(request)) return false;
          response.writeHead(200, { "content-type": "text/event-stream" });
          const parts = [];
          from.on("data", (part) => {
            parts.push(part);
            if (Buffer.concat(parts).length > 2000) response.write(Buffer.concat(parts.splice(0)));
          });
          return true;
        },
      }),
    expert: "event streams are buffered over HTTP/2",
    expected: { outcome: "degraded", causes: ["http2-buffered"] },
  },
  {
    id: "h2-goaway-node",
    host: NODE,
    fault: "every connection of HTTP/2 is ended after a second",
    start: ({ paced }) =>
      startFront(paced, {
        session(session) {
          setTimeout(() => {
            if (session.destroyed) return;
            session.goaway(NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_much"));
            session.destroy();
          }, 1000);
        },
      }),
    expert: "connections of HTTP/2 are ended after a second, with GOAWAY",
    expected: { outcome: "degraded", causes: ["http2-cut"], evidence: /ENHANCE_YOUR_CALM/ },
  },
  {
    id: "h2-forbidden-nginx",
    host: "nginx",
    fault: "add_header Keep-Alive over HTTP/2",
    start: async ({ prefixed }) =>
      trusted(
        await nginx(
          `http2 on; ${TLS} ${location("/dante/", prefixed, 'proxy_buffering off; add_header Keep-Alive "timeout=5";')}`,
          { newest: true },
        ),
      ),
    expert: "Keep-Alive is forbidden in HTTP/2: Safari refuses the answer",
    expected: { outcome: "degraded", causes: ["http2-forbidden-header"], evidence: /keep-alive/ },
  },
  {
    id: "h2-connect-403-node",
    host: NODE,
    fault: "extended CONNECT is offered, and answered 403",
    start: ({ paced }) =>
      startFront(
        paced,
        {
          connect(_request, response) {
            response.writeHead(403).end();
            return true;
          },
        },
        { offers: true },
      ),
    expert: "WebSocket over HTTP/2 is offered and refused; browsers don't fall back",
    expected: { outcome: "degraded", causes: ["extended-connect-refused"], evidence: /403/ },
  },
  {
    id: "h2-connect-reset-node",
    host: NODE,
    fault: "extended CONNECT is offered, and reset",
    start: ({ paced }) =>
      startFront(
        paced,
        {
          connect(_request, response) {
            response.stream.close(NGHTTP2_REFUSED_STREAM);
            return true;
          },
        },
        { offers: true },
      ),
    expert: "WebSocket over HTTP/2 is offered and refused; browsers don't fall back",
    expected: { outcome: "degraded", causes: ["extended-connect-refused"], evidence: /REFUSED_STREAM/ },
  },
  {
    id: "h2-connect-envoy",
    host: "Envoy",
    // Envoy gives a server of HTTP/1.1 no Sec-WebSocket-Key (envoyproxy/envoy#8547).
    fault: "allow_connect before a server of HTTP/1.1",
    start: async ({ prefixed }) =>
      trusted(await envoy([prefixed], { tls: true, manager: `${UPGRADE}\n          ${OFFERS}` })),
    expert: "WebSocket over HTTP/2 is offered and fails; browsers don't fall back: take allow_connect out",
    expected: { outcome: "degraded", causes: ["extended-connect-refused"], remedy: /allow_connect/ },
  },
];

/** An application that is not Dante: an event each 200 ms. */
const startEvents = () =>
  listen(
    http.createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const clock = setInterval(() => response.write(`data: ${Date.now()}\n\n`), 200);
      response.once("close", () => clearInterval(clock));
    }),
  );

const applications = [
  {
    id: "h2-app-refused-node",
    fault: "another application's events are answered 502 over HTTP/2",
    start: async () =>
      startFront(
        await startEvents(),
        refused(() => true),
      ),
    expert: "the stream fails over HTTP/2, which browsers use",
    expected: { outcome: "broken", causes: ["http2-request-fails"], evidence: /502/ },
  },
  {
    id: "h2-app-healthy-node",
    fault: "none: another application's events, over HTTP/2, too",
    start: async () => startFront(await startEvents()),
    expert: "good",
    expected: { outcome: "good" },
  },
].map((it) => ({ host: NODE, args: ["--sse", "--for", "3s"], ...it }));

const h2Modules = { modules: ["ssl", "socache_shmcb", "http2"] };
const apacheTls = async (port, more = "") =>
  trusted(await apache(`Protocols h2 http/1.1\n${more}\n${APACHE_TLS}\n${pass(port)}`, h2Modules));

/** Each: its host, what it does, and how it is started. */
const healthy = [
  [
    "nginx 1.31",
    "http2 on",
    async ({ prefixed }) =>
      trusted(await nginx(`http2 on; ${TLS} ${location("/dante/", prefixed)}`, { newest: true })),
  ],
  [
    "HAProxy",
    "extended CONNECT",
    async ({ prefixed }) => trusted(await haproxy(`server dante 127.0.0.1:${prefixed}`, { bind: ALPN })),
  ],
  ["Envoy", "without allow_connect", async ({ prefixed }) => trusted(await envoy([prefixed], { tls: true }))],
  [
    "Envoy",
    "allow_connect, and a filter that adds the key which a server of HTTP/1.1 needs",
    async ({ prefixed }) =>
      trusted(
        await envoy([prefixed], {
          tls: true,
          manager: `${UPGRADE}\n          ${OFFERS}`,
          filters: [filter("lua", "lua.v3.Lua", { default_source_code: { inline_string: ADD_KEY } })],
        }),
      ),
  ],
  ["Apache", "without H2WebSockets", ({ prefixed }) => apacheTls(prefixed)],
  ["Apache", "H2WebSockets on", ({ prefixed }) => apacheTls(prefixed, "H2WebSockets on")],
  [
    "Caddy 2.11",
    "tls internal",
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
  [
    "h2o",
    "TLS",
    async ({ prefixed }) => trusted(await h2o(`http://127.0.0.1:${prefixed}/dante/`, { tls: true })),
  ],
  ["nghttpx", "TLS", async ({ prefixed }) => trusted(await nghttpx(prefixed, { tls: true }))],
  ["Traefik", "TLS", async ({ prefixed }) => trusted(await traefik([prefixed], { tls: "own" }))],
  [NODE, "extended CONNECT", ({ paced }) => startFront(paced, {}, { offers: true })],
  [
    NODE,
    "a polite GOAWAY after a second; streams live on",
    ({ paced }) => startFront(paced, { session: (session) => setTimeout(() => session.close(), 1000) }),
  ],
  [
    NODE,
    "HTTP_1_1_REQUIRED for the page",
    ({ paced }) =>
      startFront(
        paced,
        over2(isPage, (response) => response.stream.close(http2.constants.NGHTTP2_HTTP_1_1_REQUIRED)),
      ),
  ],
].map(([host, what, start], at) => ({
  id: `h2-healthy-${at + 1}`,
  host,
  fault: `none: HTTP/2, ${what}`,
  start,
  expert: "good",
  expected: { outcome: "good" },
}));

export default [...faults, ...applications, ...healthy].map((it) => ({ kind: "HTTP/2", ...it }));
