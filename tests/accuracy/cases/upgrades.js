// Upgrades that don't come through.

import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { squid, trafficServer, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { UPGRADES, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { answering, standIn } from "../hosts/standin.js";
import { h2o } from "../hosts/terminators.js";

const STRIPPED = { outcome: "degraded", causes: ["upgrade-stripped"] };
const HUNG = { outcome: "degraded", causes: ["upgrade-unanswered"], remedy: /ws: true|WebSocket|upgrade/i };

const upgrades = [
  {
    id: "upgrade-nginx",
    host: "nginx",
    fault: "proxy_pass alone: HTTP/1.0, no upgrade headers",
    start: ({ prefixed }) => nginx(`location /dante/ { proxy_pass http://127.0.0.1:${prefixed}; }`),
    expected: { ...STRIPPED, causes: ["upgrade-stripped", "http-1.0"], remedy: /proxy_set_header Upgrade/ },
  },
  {
    id: "upgrade-nginx-newest",
    host: "nginx 1.31",
    fault: "Connection is always set to keep-alive",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection keep-alive; proxy_pass http://127.0.0.1:${prefixed}; }`,
        { newest: true },
      ),
    expert: "Connection: upgrade is replaced: proxy_set_header Connection",
    expected: { ...STRIPPED, remedy: /proxy_set_header Connection/ },
  },
  {
    id: "upgrade-apache",
    host: "Apache",
    fault: "ProxyPass without upgrade=websocket",
    start: ({ prefixed }) => apache(`ProxyPass /dante/ http://127.0.0.1:${prefixed}/dante/`),
    expected: { ...STRIPPED, remedy: /upgrade=websocket/ },
  },
  {
    id: "upgrade-haproxy",
    host: "HAProxy",
    fault: "http-request del-header Upgrade",
    start: ({ prefixed }) => haproxy(`http-request del-header Upgrade\n  server dante 127.0.0.1:${prefixed}`),
    expected: { ...STRIPPED, remedy: /del-header|Upgrade/ },
  },
  {
    id: "upgrade-caddy",
    host: "Caddy 2.11",
    fault: "header_up -Upgrade",
    start: ({ prefixed }) =>
      caddy(`reverse_proxy 127.0.0.1:${prefixed} {\n  header_up -Upgrade\n  header_up -Connection\n }`, {
        newest: true,
      }),
    expected: { ...STRIPPED, remedy: /header_up/ },
  },
  {
    id: "upgrade-lighttpd",
    host: "lighttpd",
    fault: "streams pass, upgrades don't: no proxy.header",
    start: ({ prefixed }) => lighttpd.lighttpd(`${lighttpd.STREAMS}\n${lighttpd.pass(prefixed, "")}`),
    expected: { ...STRIPPED, remedy: /"upgrade" => "enable"/ },
  },
  {
    id: "upgrade-varnish",
    host: "Varnish",
    fault: "upgrades are piped, but vcl_pipe doesn't copy the headers",
    start: ({ prefixed }) =>
      varnish(prefixed, 'sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } }'),
    expected: { ...STRIPPED, remedy: /vcl_pipe|pipe/ },
  },
  {
    id: "upgrade-squid",
    host: "Squid",
    fault: "http_upgrade_request_protocols with WebSocket in capitals",
    start: ({ prefixed }) => squid(prefixed, "http_upgrade_request_protocols WebSocket allow all"),
    expert: "Squid compares the name with case: http_upgrade_request_protocols websocket allow all",
    expected: { ...STRIPPED, remedy: /http_upgrade_request_protocols/ },
  },
  {
    id: "upgrade-trafficserver",
    host: "Traffic Server",
    fault: "one map, for http:// only",
    start: ({ prefixed }) =>
      trafficServer((port) => `map http://127.0.0.1:${port}/ http://127.0.0.1:${prefixed}/`),
    expected: { ...STRIPPED, causes: ["upgrade-stripped", "upgrade-refused"], remedy: /map ws:/ },
  },
  {
    id: "upgrade-h2o",
    host: "h2o",
    fault: "without proxy.websocket: ON",
    start: ({ prefixed }) =>
      h2o(`http://127.0.0.1:${prefixed}/dante/`, { proxied: "proxy.timeout.io: 60000" }),
    expected: { ...STRIPPED, remedy: /proxy\.websocket/ },
  },
  {
    id: "upgrade-envoy",
    host: "Envoy",
    fault: "without upgrade_configs (403)",
    start: ({ prefixed }) => envoy([prefixed], { manager: "" }),
    expert: "Envoy allows no upgrades: upgrade_configs",
    expected: {
      outcome: "degraded",
      causes: ["upgrade-stripped", "websocket-forbidden", "upgrade-refused"],
      remedy: /upgrade_configs/,
    },
  },
  {
    id: "upgrade-traefik",
    host: "Traefik",
    fault: "a middleware empties Upgrade and Connection",
    start: ({ prefixed }) =>
      traefik([prefixed], {
        middleware: { headers: { customRequestHeaders: { Upgrade: "", Connection: "" } } },
      }),
    expected: STRIPPED,
  },
  {
    id: "upgrade-fastify",
    host: "@fastify/http-proxy",
    fault: "without websocket: true",
    start: ({ prefixed }) =>
      script("fastify.js", { to: prefixed, websocket: false }, { needs: ["fastify", "@fastify/http-proxy"] }),
    expected: { ...STRIPPED, causes: ["upgrade-stripped", "upgrade-refused"] },
  },
  {
    id: "upgrade-http-proxy",
    host: "http-proxy",
    fault: "upgrades are heard, and nothing is done about them",
    start: ({ prefixed }) =>
      script("http-proxy.js", { to: prefixed, library: "http-proxy", ws: false }, { needs: ["http-proxy"] }),
    expert: "upgrades are never answered: proxy.ws()",
    expected: HUNG,
  },
  {
    id: "upgrade-http-proxy-3",
    host: "http-proxy-3",
    fault: "upgrades are heard, and nothing is done about them",
    start: ({ prefixed }) =>
      script(
        "http-proxy.js",
        { to: prefixed, library: "http-proxy-3", ws: false },
        { needs: ["http-proxy-3"] },
      ),
    expert: "upgrades are never answered: proxy.ws()",
    expected: HUNG,
  },
  {
    id: "upgrade-vite",
    host: "Vite",
    fault: "server.proxy without ws: true",
    start: ({ prefixed }) => script("vite.js", { to: prefixed, ws: false }, { needs: ["vite"] }),
    expert: "upgrades are never answered: ws: true",
    expected: HUNG,
  },
  {
    id: "upgrade-webpack",
    host: "webpack-dev-server",
    fault: "the proxy without ws: true",
    start: ({ prefixed }) =>
      script("webpack.js", { to: prefixed, ws: false }, { needs: ["webpack", "webpack-dev-server"] }),
    expert: "upgrades are not passed on: ws: true",
    expected: {
      outcome: "degraded",
      causes: ["upgrade-unanswered", "upgrade-refused", "upgrade-stripped", "websocket-forbidden"],
    },
  },
  {
    id: "upgrade-express",
    host: "http-proxy-middleware",
    fault: "ws: false: the upgrade is passed on as a plain request, and its 101 is dropped",
    start: ({ prefixed }) =>
      script(
        "express.js",
        { to: prefixed, ws: false, subscribe: false },
        { needs: ["express", "http-proxy-middleware"] },
      ),
    expert: "upgrades are never answered: ws: true",
    expected: HUNG,
  },
  {
    id: "upgrade-forbidden",
    host: "HAProxy",
    fault: "http-request deny if Upgrade is websocket",
    start: ({ prefixed }) =>
      haproxy(`http-request deny if { hdr(Upgrade) -i websocket }\n  server dante 127.0.0.1:${prefixed}`),
    expert: "WebSocket is forbidden by a rule (403)",
    expected: { outcome: "degraded", causes: ["websocket-forbidden"] },
  },
  {
    id: "upgrade-forbidden-nginx",
    host: "nginx",
    fault: "403 if $http_upgrade is there",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/ { ${UPGRADES} if ($http_upgrade) { return 403; } proxy_pass http://127.0.0.1:${prefixed}; }`,
      ),
    expert: "WebSocket is forbidden by a rule (403)",
    expected: { outcome: "degraded", causes: ["websocket-forbidden"] },
  },
  {
    id: "upgrade-gateway",
    host: "API gateway (stand-in)",
    fault: '501 {"message":"WebSocket is not supported"}',
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(({ headers }) => headers.upgrade, 501, {
          type: "application/json",
          body: '{"message":"WebSocket is not supported"}',
          headers: { server: "gateway" },
          upgrades: true,
        }),
      ),
    expert: "the gateway knows no WebSocket (501)",
    expected: { outcome: "degraded", causes: ["upgrade-refused", "websocket-forbidden"] },
  },
].map((it) => ({ kind: "Upgrades", expert: "the headers of the upgrade don't reach Dante", ...it }));

export default upgrades;
