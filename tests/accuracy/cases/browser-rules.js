// Hosts that let every stream through and are dead in a browser: what it does not load, not run, not send.

import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { location, nginx } from "../hosts/nginx.js";
import { answering, relabelling, standIn } from "../hosts/standin.js";

const isScript = ({ url }) => /\.js(\?|$)/.test(url);
const isStyle = ({ url }) => /\.css(\?|$)/.test(url);
const isStatic = ({ url }) => url.includes("/static/");

const MISSING = { outcome: "broken", causes: ["files-missing"], remedy: /static|path|below|location|handle/ };
const FALLBACK = {
  outcome: "broken",
  causes: ["html-instead-of-file"],
  remedy: /try_files|fallback|FallbackResource/i,
};
const TYPE = { outcome: "broken", causes: ["file-type-refused"], remedy: /Content-Type|default_type/i };
const APP = "<!doctype html><title>App</title><div id=root></div>";

const files = [
  {
    id: "files-nginx-endings",
    host: "nginx",
    fault: "location ~* \\.(js|css)$ serves files from a folder",
    start: ({ prefixed }) =>
      nginx(`location ~* \\.(js|css|svg)$ { root FOLDER; }\n${location("/dante/", prefixed)}`),
    expert: "a location for file endings takes scripts and styles (404): location ^~ /dante/",
    expected: { ...MISSING, remedy: /\^~/ },
  },
  {
    id: "files-apache-exempt",
    host: "Apache",
    fault: "ProxyPass /dante/static/ !",
    start: ({ prefixed }) => apache(`ProxyPass /dante/static/ !\n${pass(prefixed)}`),
    expert: "static/ is taken out of the proxy (404): pass on everything",
    expected: MISSING,
  },
  {
    id: "files-haproxy-backend",
    host: "HAProxy",
    fault: "http-request return status 404 if { path_beg /dante/static/ }",
    start: ({ prefixed }) =>
      haproxy(`server dante 127.0.0.1:${prefixed}`, {
        frontend: "http-request return status 404 if { path_beg /dante/static/ }",
      }),
    expert: "static/ is answered 404 by the host: pass it on",
    expected: MISSING,
  },
  {
    id: "files-stand-in",
    host: "gateway (stand-in)",
    fault: "only the page, socket.io and the streams pass; static/ is 404",
    path: "/",
    start: ({ root }) => standIn(root, answering(isStatic, 404, { body: "<h1>404</h1>" })),
    expert: "static/ is answered 404 by the host: pass it on",
    expected: MISSING,
  },
  {
    id: "files-nginx-fallback",
    host: "nginx",
    fault: "try_files gives the app's index.html for static/",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/static/ { default_type text/html; return 200 "${APP}"; }\n${location("/dante/", prefixed)}`,
      ),
    expert: "scripts and styles get the app's page: static/ must reach Dante",
    expected: { ...FALLBACK, remedy: /location/ },
  },
  {
    id: "files-caddy-fallback",
    host: "Caddy",
    fault: "handle /dante/static/* answers with the app's page",
    start: ({ prefixed }) =>
      caddy(`handle /dante/static/* {
  header Content-Type text/html
  respond "${APP}" 200
 }
 reverse_proxy 127.0.0.1:${prefixed}`),
    expert: "scripts and styles get the app's page: static/ must reach Dante",
    expected: { ...FALLBACK, remedy: /try_files/ },
  },
  {
    id: "files-nginx-types",
    host: "nginx",
    fault: "scripts and styles come as text/plain, with nosniff",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          "proxy_hide_header Content-Type; add_header Content-Type $kind always; add_header X-Content-Type-Options nosniff always;",
        ),
        {
          http: `map $upstream_http_content_type $kind { default $upstream_http_content_type; "~javascript" text/plain; "~css" text/plain; }`,
        },
      ),
    expert: "scripts as text/plain are refused under nosniff: pass on the server's Content-Type",
    expected: TYPE,
  },
  {
    id: "files-apache-types",
    host: "Apache",
    fault: "Header set Content-Type text/plain for .js",
    start: ({ prefixed }) =>
      apache(
        `<LocationMatch "\\.js$">\nHeader set Content-Type "text/plain"\n</LocationMatch>\n${pass(prefixed)}`,
        { modules: ["headers"] },
      ),
    expert: "modules as text/plain are refused: pass on the server's Content-Type",
    expected: TYPE,
  },
  {
    id: "files-haproxy-styles",
    host: "HAProxy",
    fault: "http-response set-header Content-Type text/html for styles, and nosniff is removed",
    start: ({ prefixed }) =>
      haproxy(`http-request set-var(txn.path) path
  http-response set-header Content-Type text/html if { var(txn.path) -m end .css }
  http-response del-header X-Content-Type-Options
  server dante 127.0.0.1:${prefixed}`),
    expert: "styles as text/html are refused: the page has none",
    expected: { ...TYPE, outcome: "degraded" },
  },
  {
    id: "files-no-sniffing-needed",
    host: "storage front (stand-in)",
    fault: "none: styles without a type, and old names of JavaScript's type, with nosniff removed",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        relabelling(
          (request) => isScript(request) || isStyle(request),
          ({ "content-type": kind, "x-content-type-options": _nosniff, ...headers }) =>
            kind.startsWith("text/css")
              ? headers
              : { ...headers, "content-type": "application/x-javascript" },
        ),
      ),
    expert: "healthy: browsers take these types",
    expected: { outcome: "good" },
  },
].map((it) => ({ kind: "Scripts and styles", ...it }));

export default [...files];
