// What happens to the URL on the way: the prefix, the query, the letters.

import { startDante } from "../../support/dante.js";
import { PACE } from "../../probe/support.js";
import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { PIPE, maps, trafficServer, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { standIn } from "../hosts/standin.js";
import { h2o } from "../hosts/terminators.js";

const PREFIX = { outcome: "broken", causes: ["prefix-mismatch"], remedy: /--prefix|strip/ };

const prefixes = [
  {
    id: "prefix-caddy",
    host: "Caddy",
    fault: "handle keeps the prefix, and Dante isn't told of one",
    start: ({ root }) => caddy(`handle /dante/* {\n  reverse_proxy 127.0.0.1:${root}\n }`),
  },
  {
    id: "prefix-haproxy",
    host: "HAProxy",
    fault: "the prefix is kept, and Dante isn't told of one",
    start: ({ root }) => haproxy(`server dante 127.0.0.1:${root}`),
  },
  {
    id: "prefix-traefik",
    host: "Traefik",
    fault: "addPrefix instead of stripPrefix: /dante/dante/…",
    start: ({ root }) => traefik([root], { middleware: { addPrefix: { prefix: "/dante" } } }),
  },
  {
    id: "prefix-trafficserver",
    host: "Traffic Server",
    fault: "the map leads to another folder, /app/",
    start: ({ root }) => trafficServer((port) => maps(port, root, "/app/")),
  },
  {
    id: "prefix-h2o",
    host: "h2o",
    fault: "proxy.reverse.url has the prefix, and Dante isn't told of one",
    start: ({ root }) => h2o(`http://127.0.0.1:${root}/dante/`),
  },
  {
    id: "prefix-upgrades",
    host: "http-proxy-middleware",
    fault: "mounted: the prefix is taken off requests, and left on upgrades",
    start: ({ root }) =>
      script("express.js", { to: root, mounted: true }, { needs: ["express", "http-proxy-middleware"] }),
    expert: "upgrades arrive with the prefix, other requests without: --prefix serves both",
    expected: { ...PREFIX, outcome: "degraded" },
  },
].map((it) => ({
  kind: "Prefixes",
  expert: "the prefix that arrives is not Dante's: strip it, or start Dante with --prefix",
  expected: PREFIX,
  ...it,
}));

const SLASHES = { outcome: "broken", causes: ["double-slash"], remedy: /slash|\// };

const slashes = [
  {
    id: "slash-apache",
    host: "Apache",
    fault: "ProxyPass /dante http://…/: a slash too many",
    start: ({ root }) => apache(`ProxyPass /dante http://127.0.0.1:${root}/ upgrade=websocket`),
  },
  {
    id: "slash-haproxy",
    host: "HAProxy",
    fault: "replace-path /dante(.*) /\\1",
    start: ({ root }) =>
      haproxy(`http-request replace-path /dante(.*) /\\1\n  server dante 127.0.0.1:${root}`),
  },
  {
    id: "slash-envoy",
    host: "Envoy",
    fault: "prefix /dante, prefix_rewrite /",
    start: ({ root }) =>
      envoy([root], { match: 'prefix: "/dante"', route: 'timeout: 0s, prefix_rewrite: "/"' }),
  },
].map((it) => ({
  kind: "Double slashes",
  expert: "the path arrives as //…: slashes at both ends, or at none",
  expected: SLASHES,
  ...it,
}));

const QUERY = { outcome: ["degraded", "broken"], causes: ["query-lost"], remedy: /quer|\$args|QS[AD]/i };
const SID = { outcome: ["degraded", "broken"], causes: ["sid-lost"], remedy: /quer|sid|args/i };

const queries = [
  {
    id: "query-nginx",
    host: "nginx",
    fault: "a location with a captured path, and no $is_args$args",
    start: ({ root }) =>
      nginx(`location ~ ^/dante/(?<rest>.*)$ { ${UPGRADES} proxy_pass http://127.0.0.1:${root}/$rest; }`),
  },
  {
    id: "query-apache",
    host: "Apache",
    fault: "RewriteRule … [P,QSD]",
    start: ({ prefixed }) =>
      apache(
        `RewriteEngine On\nRewriteRule ^/dante/socket.io/(.*)$ http://127.0.0.1:${prefixed}/dante/socket.io/$1 [P,QSD]\n${pass(prefixed)}`,
        { modules: ["rewrite"] },
      ),
  },
  {
    id: "query-haproxy",
    host: "HAProxy",
    fault: "http-request set-uri %[path]",
    start: ({ prefixed }) => haproxy(`http-request set-uri %[path]\n  server dante 127.0.0.1:${prefixed}`),
  },
  {
    id: "query-varnish",
    host: "Varnish",
    fault: 'regsub(req.url, "\\?.*", "") for better hits',
    start: ({ prefixed }) =>
      varnish(prefixed, `sub vcl_recv { set req.url = regsub(req.url, "\\?.*$", ""); }\n${PIPE}`),
  },
  {
    id: "query-caddy",
    host: "Caddy 2.11",
    fault: "rewrite * {path}?",
    start: ({ prefixed }) =>
      caddy(`rewrite /dante/socket.io/* {path}?\n reverse_proxy 127.0.0.1:${prefixed}`, { newest: true }),
  },
  {
    id: "sid-varnish",
    host: "Varnish",
    fault: "removes parameters that look like session ids",
    start: ({ prefixed }) =>
      varnish(
        prefixed,
        `sub vcl_recv { set req.url = regsuball(req.url, "&(sid|phpsessid)=[^&]*", ""); }\n${PIPE}`,
      ),
    expert: "sid gets lost on the way: every poll opens a new session",
    expected: SID,
  },
  {
    id: "sid-haproxy",
    host: "HAProxy",
    fault: "set-query with sid cut out",
    start: ({ prefixed }) =>
      haproxy(`http-request set-query %[query,regsub(&?sid=[^&]*,,g)]\n  server dante 127.0.0.1:${prefixed}`),
    expert: "sid gets lost on the way: every poll opens a new session",
    expected: SID,
  },
  {
    id: "sid-caddy",
    host: "Caddy 2.11",
    fault: "uri query -sid",
    start: ({ prefixed }) => caddy(`uri query -sid\n reverse_proxy 127.0.0.1:${prefixed}`, { newest: true }),
    expert: "sid gets lost on the way: every poll opens a new session",
    expected: SID,
  },
].map((it) => ({
  kind: "Queries",
  expert: "the query gets lost on the way: pass it on",
  expected: QUERY,
  ...it,
}));

const CHANGED = { outcome: ["degraded", "broken"], causes: ["url-changed"] };
const DECODED = { outcome: "broken", causes: ["url-decoded"] };
/** A Dante below a prefix that looks different when it is decoded. */
const startSpaced = async () => await startDante([...PACE, "--prefix", "/my dante"]);
const SPACED = { path: "/my%20dante/" };

const letters = [
  {
    id: "case-haproxy",
    host: "HAProxy",
    fault: "set-uri %[url,lower]",
    start: ({ prefixed }) =>
      haproxy(`http-request set-uri %[url,lower]\n  server dante 127.0.0.1:${prefixed}`),
  },
  {
    id: "case-varnish",
    host: "Varnish",
    fault: "std.tolower(req.url), for better hits",
    start: ({ prefixed }) =>
      varnish(prefixed, `import std;\nsub vcl_recv { set req.url = std.tolower(req.url); }\n${PIPE}`),
  },
  {
    id: "case-stand-in",
    host: "rewriter (stand-in)",
    fault: "the query's values are upper-cased",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        ask(request) {
          request.url = request.url.replace(/sid=[^&]*/, (text) => `sid=${text.slice(4).toUpperCase()}`);
        },
      }),
  },
  {
    id: "decoded-nginx",
    host: "nginx",
    fault: "proxy_pass http://…$uri: the path arrives decoded",
    ...SPACED,
    async start() {
      const { port } = await startSpaced();
      return await nginx(`location / { ${UPGRADES} proxy_pass http://127.0.0.1:${port}$uri$is_args$args; }`);
    },
    expert: "the path is decoded on the way: no $uri in proxy_pass",
    expected: { ...DECODED, remedy: /uri|decod|encod/i },
  },
  {
    id: "decoded-haproxy",
    host: "HAProxy",
    fault: "set-path %[path,url_dec]",
    ...SPACED,
    async start() {
      const { port } = await startSpaced();
      return await haproxy(`http-request set-path %[path,url_dec]\n  server dante 127.0.0.1:${port}`);
    },
    expert: "the path is decoded on the way",
    expected: DECODED,
  },
  {
    id: "decoded-varnish",
    host: "Varnish",
    fault: "regsub that turns %20 into a space",
    ...SPACED,
    async start() {
      const { port } = await startSpaced();
      return await varnish(port, `sub vcl_recv { set req.url = regsuball(req.url, "%20", " "); }\n${PIPE}`);
    },
    expert: "the path is decoded on the way",
    expected: DECODED,
  },
].map((it) => ({
  kind: "URLs that are changed",
  expert: "the URL is changed on the way: sid arrives in other letters",
  expected: CHANGED,
  ...it,
}));

const PARTIAL = {
  outcome: ["degraded", "broken"],
  causes: [
    "only-part-passed",
    "prefix-mismatch",
    "no-socketio",
    "library-missing",
    "html-instead-of-handshake",
    "stream-refused",
  ],
  remedy: /path|prefix|location|below|route|url/i,
};

const routes = [
  {
    id: "route-nginx",
    host: "nginx",
    fault: "location = /dante/: only the page is passed on",
    start: ({ prefixed }) => nginx(location("= /dante/", prefixed)),
  },
  {
    id: "route-caddy",
    host: "Caddy",
    fault: "only the page and static/ are passed on; the rest is an empty 200",
    start: ({ prefixed }) =>
      caddy(
        `@some path /dante/ /dante/static/* /dante/hosting.json\n reverse_proxy @some 127.0.0.1:${prefixed}`,
      ),
  },
  {
    id: "route-spa",
    host: "nginx",
    fault: "try_files gives the app's index.html for socket.io/",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/socket.io/ { default_type text/html; return 200 "<!doctype html><title>App</title><div id=root></div>"; }
         ${location("/dante/", prefixed)}`,
      ),
    expert: "socket.io/ gets the app's page: give it a location of its own",
    expected: { ...PARTIAL, causes: ["html-instead-of-handshake"], remedy: /try_files|location/ },
  },
  {
    id: "route-lighttpd",
    host: "lighttpd",
    fault: "only /dante/socket.io/ is passed on, and the page",
    start: ({ prefixed }) =>
      lighttpd.lighttpd(
        `${lighttpd.STREAMS}
$HTTP["url"] =~ "^/dante/($|static/|hosting.json|socket.io/)" {
  proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${prefixed})))
  ${lighttpd.UPGRADES}
}`,
      ),
    expert: "websocket/ and sse/ don't reach Dante: pass everything below the prefix",
    expected: {
      ...PARTIAL,
      outcome: "degraded",
      causes: [...PARTIAL.causes, "upgrade-refused", "upgrade-stripped"],
    },
  },
  {
    id: "route-host",
    host: "nginx",
    fault: "the Host header is emptied on the way",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_set_header Host ""; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrading; proxy_pass http://127.0.0.1:${prefixed}; }`,
      ),
    expert: "Host is missing: proxy_set_header Host $http_host",
    expected: { outcome: "broken", causes: ["host-header-lost"], remedy: /Host \$http_host/ },
  },
  {
    id: "route-host-list",
    host: "HAProxy",
    fault: "421: the proxy knows other names only",
    start: ({ prefixed }) =>
      haproxy(`server dante 127.0.0.1:${prefixed}`, {
        frontend: "http-request deny deny_status 421 unless { hdr(host) -i dante.example }",
      }),
    expert: "421 Misdirected Request: the proxy doesn't serve this name",
    expected: { outcome: "broken", causes: ["misdirected"] },
  },
].map((it) => ({
  kind: "Routes",
  expert: "only a part of the paths reaches Dante: pass everything below the prefix",
  expected: PARTIAL,
  ...it,
}));

export default [...prefixes, ...slashes, ...queries, ...letters, ...routes];
