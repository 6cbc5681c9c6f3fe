// Streams that are held back, compressed, changed or cut; upgrades that don't come through.

import { constants, createGzip } from "node:zlib";

import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { PIPE, squid, trafficServer, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { mitmproxy } from "../hosts/python.js";
import { answering, isEvents, standIn } from "../hosts/standin.js";
import { h2o } from "../hosts/terminators.js";

const HELD = { outcome: "degraded", causes: ["buffered", "silent"], allowed: ["compressed-stream"] };

const buffering = [
  {
    id: "buffer-nginx",
    host: "nginx",
    fault: "HTTP/1.0 to sse/ and proxy_ignore_headers X-Accel-Buffering: gathered to 4 KB",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/sse/ { proxy_ignore_headers X-Accel-Buffering; proxy_pass http://127.0.0.1:${prefixed}; }
         ${location("/dante/", prefixed)}`,
      ),
    expected: { ...HELD, allowed: ["http-1.0"], remedy: /proxy_buffering off/ },
  },
  {
    id: "buffer-traefik",
    host: "Traefik",
    fault: "the buffering middleware",
    start: ({ prefixed }) =>
      traefik([prefixed], { middleware: { buffering: { memResponseBodyBytes: 500_000 } } }),
    expected: { ...HELD, remedy: /buffering/ },
  },
  {
    id: "buffer-lighttpd",
    host: "lighttpd",
    fault: "upgrades are passed on, streams are held back (the default)",
    start: ({ prefixed }) => lighttpd.lighttpd(lighttpd.pass(prefixed)),
    expected: { ...HELD, remedy: /server\.stream-response-body/ },
  },
  {
    id: "buffer-varnish",
    host: "Varnish",
    fault: "beresp.do_stream = false",
    start: ({ prefixed }) =>
      varnish(prefixed, `${PIPE}\nsub vcl_backend_response { set beresp.do_stream = false; }`),
    expected: { ...HELD, remedy: /do_stream/ },
  },
  {
    id: "buffer-mitmproxy",
    host: "mitmproxy",
    fault: "every answer is read whole (the default)",
    start: ({ prefixed }) => mitmproxy(prefixed, { streaming: false }),
    expected: HELD,
  },
  {
    id: "buffer-gathering",
    host: "express-http-proxy",
    fault: "userResDecorator: every answer is read whole; upgrades are not known",
    start: ({ prefixed }) =>
      script("express.js", { to: prefixed, gathering: true }, { needs: ["express-http-proxy"] }),
    expert: "this middleware reads answers whole and passes no upgrades on: another one is needed",
    expected: {
      outcome: "degraded",
      causes: ["buffered", "silent", "upgrade-stripped", "upgrade-unanswered", "upgrade-refused"],
      allowed: ["compressed-stream"],
    },
  },
  {
    id: "buffer-cdn",
    host: "CDN (stand-in)",
    fault: "event streams are gathered to 2 KB",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        pass(request, from, response) {
          if (!isEvents(request)) return false;
          response.writeHead(from.statusCode, from.headers).flushHeaders();
          let kept = Buffer.alloc(0);
          from.on("data", (part) => {
            kept = Buffer.concat([kept, part]);
            if (kept.length < 2048) return;
            response.write(kept);
            kept = Buffer.alloc(0);
          });
          from.once("end", () => response.end(kept));
          return true;
        },
      }),
    expected: HELD,
  },
].map((it) => ({ kind: "Buffering", expert: "the stream is held back: turn buffering off", ...it }));

const EVEN = { outcome: "good", causes: ["compressed-stream"] };

const compression = [
  {
    id: "gzip-apache",
    host: "Apache",
    fault: "SetOutputFilter DEFLATE below sse/",
    start: ({ prefixed }) =>
      apache(`${pass(prefixed)}\n<Location /dante/sse/>\nSetOutputFilter DEFLATE\n</Location>`, {
        modules: ["filter", "deflate"],
      }),
    expected: { ...EVEN, remedy: /deflate|no-gzip/i },
  },
  {
    id: "gzip-nginx",
    host: "nginx",
    fault: "gzip_types text/event-stream",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          "gzip on; gzip_proxied any; gzip_min_length 1; gzip_types text/event-stream;",
        ),
      ),
    expected: { ...EVEN, remedy: /gzip/ },
  },
  {
    id: "gzip-stand-in",
    host: "CDN (stand-in)",
    fault: "event streams are compressed, and flushed at each event",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        pass(request, from, response) {
          if (!isEvents(request) || !/gzip/.test(request.headers["accept-encoding"] ?? "")) return false;
          response.writeHead(200, { ...from.headers, "content-encoding": "gzip" });
          const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
          from.pipe(gzip).pipe(response);
          response.once("close", () => gzip.destroy());
          return true;
        },
      }),
    expected: EVEN,
  },
].map((it) => ({
  kind: "Compression of streams",
  expert: "event streams are compressed, against no-transform, but come evenly: a note",
  ...it,
}));

const heeded = [
  {
    id: "no-transform-haproxy",
    host: "HAProxy",
    fault: "none: compression type text/event-stream, which heeds no-transform",
    start: ({ prefixed }) =>
      haproxy(
        `compression algo gzip\n  compression type text/event-stream text/html\n  server dante 127.0.0.1:${prefixed}`,
      ),
  },
  {
    id: "no-transform-envoy",
    host: "Envoy",
    fault: "none: the compressor filter for text/event-stream, which heeds no-transform",
    start: ({ prefixed }) =>
      envoy([prefixed], {
        filters: [
          filter("compressor", "compressor.v3.Compressor", {
            response_direction_config: {
              common_config: { min_content_length: 1, content_type: ["text/event-stream"] },
            },
            compressor_library: {
              name: "gzip",
              typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip",
              },
            },
          }),
        ],
      }),
  },
  {
    id: "no-transform-express",
    host: "Express",
    fault: "none: the middleware compression, which heeds no-transform",
    start: ({ prefixed }) =>
      script(
        "express.js",
        { to: prefixed, compression: true },
        { needs: ["compression", "http-proxy-middleware"] },
      ),
  },
  {
    id: "buffer-filter-apache",
    host: "Apache",
    fault: "none: SetOutputFilter BUFFER, which mod_proxy flushes at each pause",
    start: ({ prefixed }) =>
      apache(`${pass(prefixed)}\n<Location /dante/>\nSetOutputFilter BUFFER\n</Location>`, {
        modules: ["filter", "buffer"],
      }),
  },
  {
    id: "buffer-on-nginx",
    host: "nginx",
    fault: "none: proxy_buffering on with HTTP/1.1, which passes each chunk on",
    start: ({ prefixed }) =>
      nginx(location("/dante/", prefixed, "proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;")),
  },
].map((it) => ({
  kind: "Healthy: buffers and compression that don't hurt",
  expert: "good",
  expected: { outcome: "good" },
  ...it,
}));

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

export default [...buffering, ...compression, ...upgrades, ...heeded];
