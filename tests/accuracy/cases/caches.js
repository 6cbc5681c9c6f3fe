// Caches that answer in the place of the engine.

import { apache, pass } from "../hosts/apache.js";
import { squid, SQUID_UPGRADES, maps, trafficServer, varnish, PIPE } from "../hosts/caches.js";
import { location, nginx } from "../hosts/nginx.js";
import { isHandshake, isPage, relabelling, standIn } from "../hosts/standin.js";

const EXPERT = "a cache answers for the engine, whatever the server says: no caching for socket.io/";
const CACHED = { outcome: ["degraded", "broken"], causes: ["engine-cached"], allowed: ["stale-answer"] };

/** Clients that add a parameter of their own to each request get past a cache whose key has the query. */
const WITH_QUERY = ["good", "degraded", "broken"];

/** A cache of answers to what `which` picks. */
function keeping(which, key, headers) {
  const kept = new Map();
  return {
    answer(request, response) {
      const found = which(request) && kept.get(key(request));
      if (!found) return false;
      const age = `${Math.round((Date.now() - found.at) / 1000)}`;
      response.writeHead(found.status, { ...found.headers, ...headers, age }).end(found.body);
      return true;
    },
    pass(request, from, response) {
      if (!which(request)) return false;
      const parts = [];
      from.on("data", (part) => parts.push(part));
      from.on("end", () => {
        const body = Buffer.concat(parts);
        const { "transfer-encoding": _coding, ...kind } = from.headers;
        kept.set(key(request), { at: Date.now(), status: from.statusCode, headers: kind, body });
        response.writeHead(from.statusCode, kind).end(body);
      });
      return true;
    },
  };
}

export default [
  {
    id: "cache-nginx",
    host: "nginx",
    fault: "proxy_cache with a key of path and transport",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          "proxy_cache kept; proxy_cache_key $uri$arg_transport; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires;",
        ),
        { http: "proxy_cache_path FOLDER/cache keys_zone=kept:1m;" },
      ),
    expected: { ...CACHED, remedy: /proxy_cache/ },
  },
  {
    id: "cache-varnish",
    host: "Varnish",
    fault: "vcl_backend_response keeps everything for a minute",
    start: ({ prefixed }) =>
      varnish(
        prefixed,
        `${PIPE}
sub vcl_recv { if (req.method == "GET" && req.url !~ "/sse/") { return (hash); } }
sub vcl_backend_response { if (bereq.url !~ "/sse/") { set beresp.ttl = 1m; return (deliver); } }`,
      ),
    expected: { ...CACHED, outcome: WITH_QUERY, remedy: /pass|vcl|cach/i },
  },
  {
    id: "cache-squid",
    host: "Squid",
    fault: "refresh_pattern . with ignore-no-store and override-expire",
    start: ({ prefixed }) =>
      squid(
        prefixed,
        `${SQUID_UPGRADES}\ncache_mem 8 MB\nrefresh_pattern . 10 100% 10 ignore-no-store ignore-private override-expire override-lastmod store-stale ignore-reload`,
      ),
    expected: { ...CACHED, outcome: WITH_QUERY, remedy: /cach|refresh_pattern/i },
  },
  {
    id: "cache-trafficserver",
    host: "Traffic Server",
    fault: "required_headers 0, no-store ignored, ttl-in-cache",
    start: ({ prefixed }) =>
      trafficServer((port) => maps(port, prefixed), {
        records: `CONFIG proxy.config.http.cache.required_headers INT 0
CONFIG proxy.config.http.cache.ignore_server_no_cache INT 1
CONFIG proxy.config.http.cache.cache_responses_to_cookies INT 1`,
        cache: "url_regex=socket.io ttl-in-cache=60s",
      }),
    expected: { ...CACHED, outcome: WITH_QUERY, remedy: /cach/i },
  },
  {
    id: "cache-apache",
    host: "Apache",
    fault: "mod_cache: CacheStoreNoStore, CacheIgnoreCacheControl, CacheIgnoreQueryString",
    start: ({ prefixed }) =>
      apache(
        `CacheRoot FOLDER/cache
CacheEnable disk /dante/socket.io/
CacheDirLevels 1
CacheIgnoreCacheControl On
CacheStoreNoStore On
CacheStorePrivate On
CacheStoreExpired On
CacheIgnoreNoLastMod On
CacheIgnoreQueryString On
CacheDefaultExpire 3600
CacheMinExpire 3600
CacheQuickHandler On
${pass(prefixed)}`,
        { modules: ["cache", "cache_disk"], folders: ["cache"] },
      ),
    expected: { ...CACHED, remedy: /CacheDisable|cach/i },
  },
  {
    id: "cache-cdn",
    host: "CDN (stand-in)",
    fault: "“cache everything”: handshakes come with Age and X-Cache: HIT",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        keeping(isHandshake, () => "handshake", { "x-cache": "HIT, HIT" }),
      ),
    expected: CACHED,
  },
  {
    id: "cache-page",
    host: "CDN (stand-in)",
    fault: "the page comes from a cache and is 9 days old; it asks for a library that has changed",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        ask(request) {
          if (isPage(request)) delete request.headers["accept-encoding"];
        },
        pass(request, from, response) {
          if (!isPage(request)) return false;
          const parts = [];
          from.on("data", (part) => parts.push(part));
          from.on("end", () => {
            const text = Buffer.concat(parts).toString();
            const body = Buffer.from(text.replaceAll(/\?v=[0-9a-f]+/g, "?v=0ld0ld0ld0ld0ld0"));
            const { "transfer-encoding": _coding, ...headers } = from.headers;
            const kept = { age: "777600", "cf-cache-status": "HIT", server: "cloudflare" };
            response.writeHead(200, { ...headers, ...kept, "content-length": body.length }).end(body);
          });
          return true;
        },
      }),
    expert: "the page is stale: it comes from a cache",
    expected: { outcome: ["good", "degraded"], causes: ["stale-answer"], remedy: /cach/i },
  },
  {
    id: "cache-status",
    host: "CDN (stand-in)",
    fault: "hosting.json comes from a cache of another server",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        answer({ url }, response) {
          if (!url.startsWith("/hosting.json")) return false;
          const old = { edition: "0ld0ld0l", of: 3, intervalMs: 5000, node: "0ld", transports: ["polling"] };
          const request = { http: "HTTP/1.0", path: "/other/hosting.json", host: "other", forwarded: [] };
          const body = { ...old, prefix: { value: "/other" }, host: { value: "iisnode" }, request };
          const kept = { age: "5000", "x-cache": "HIT", "content-type": "application/json" };
          response.writeHead(200, kept).end(JSON.stringify(body));
          return true;
        },
      }),
    expert: "hosting.json is stale: it comes from a cache",
    expected: { outcome: ["good", "degraded"], causes: ["stale-answer"], remedy: /cach/i },
  },
  {
    id: "cache-age-only",
    host: "CDN (stand-in)",
    fault: "none: every answer says X-Cache: MISS, and Age: 0",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        relabelling(
          () => true,
          (headers) => ({ ...headers, "x-cache": "MISS", age: "0" }),
        ),
      ),
    expert: "good: a CDN that keeps nothing",
    expected: { outcome: "good" },
  },
].map((it) => ({ kind: "Caches", expert: EXPERT, ...it }));
