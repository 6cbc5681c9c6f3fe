// Streams that are held back or compressed, and what only looks as if it did so.

import { constants, createGzip } from "node:zlib";

import { apache, pass } from "../hosts/apache.js";
import { PIPE, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { mitmproxy } from "../hosts/python.js";
import { isEvents, standIn } from "../hosts/standin.js";

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
    id: "buffer-haproxy",
    host: "HAProxy",
    fault: "http-response wait-for-body, for event streams",
    start: ({ prefixed }) =>
      haproxy(
        `http-response wait-for-body time 20s at-least 16384 if { res.hdr(content-type) -m beg text/event-stream }
  server dante 127.0.0.1:${prefixed}`,
      ),
    expected: { ...HELD, remedy: /wait-for-body/ },
  },
  {
    id: "buffer-haproxy-exempt",
    host: "HAProxy",
    fault: "none: http-response wait-for-body, but not for event streams",
    start: ({ prefixed }) =>
      haproxy(
        `http-response wait-for-body time 2s at-least 64 unless { res.hdr(content-type) -m beg text/event-stream }
  server dante 127.0.0.1:${prefixed}`,
      ),
    expected: { outcome: "good" },
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

export default [...buffering, ...compression, ...heeded];
