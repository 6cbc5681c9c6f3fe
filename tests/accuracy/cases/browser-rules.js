// Hosts that let every stream through and are dead in a browser: what it does not load, not run, not send.

import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { traefik } from "../hosts/meshes.js";
import { TLS, location, nginx } from "../hosts/nginx.js";
import { twins } from "./backends.js";
import { answering, isPage, relabelling, rewriting, standIn } from "../hosts/standin.js";
import { trusted } from "../hosts/tls.js";

/** The same host by a name that is no name of this machine: browsers trust that one without TLS, too. */
function named(place, path = "/dante/") {
  const { port, protocol } = new URL(place);
  return {
    url: `${protocol}//dante.test:${port}${path}`,
    args: ["--resolve", `dante.test:${port}:127.0.0.1`],
  };
}

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

const CSP = {
  outcome: "broken",
  causes: ["blocked-by-csp"],
  remedy: /'self'|Content-Security-Policy|contentSecurityPolicy/,
};
const policy = (text) => `add_header Content-Security-Policy "${text}" always;`;

const policies = [
  {
    id: "csp-nginx-none",
    host: "nginx",
    fault: "add_header Content-Security-Policy: connect-src 'none'; script-src 'none'",
    start: ({ prefixed }) =>
      nginx(
        location("/dante/", prefixed, policy("default-src 'self'; connect-src 'none'; script-src 'none'")),
      ),
    expert: "a second policy forbids scripts and connections: take it out for this path",
    expected: { ...CSP, evidence: /2 of 2.*script-src 'none'/ },
  },
  {
    id: "csp-apache-old-name",
    host: "Apache",
    fault: "Header set Content-Security-Policy with another host in connect-src, as after a move",
    start: ({ prefixed }) =>
      apache(
        `Header always set Content-Security-Policy "default-src 'self'; connect-src https://old.example wss://old.example"\n${pass(prefixed)}`,
        { modules: ["headers"] },
      ),
    expert: "the policy lets the page connect to another host alone: connect-src 'self'",
    expected: { ...CSP, evidence: /connect-src https:\/\/old.example.*forbids/ },
  },
  {
    id: "csp-caddy-websocket",
    host: "Caddy",
    fault: "header Content-Security-Policy: connect-src has the host over http alone",
    start: ({ prefixed }) =>
      caddy(
        `header >Content-Security-Policy "default-src 'self'; connect-src http://{http.request.hostport}"
 reverse_proxy 127.0.0.1:${prefixed}`,
        { newest: true },
      ),
    expert: "the policy has the host over http and not over ws: WebSocket is forbidden, polling works",
    expected: { ...CSP, outcome: "degraded", evidence: /connect-src http.*forbids ws:/ },
  },
  {
    id: "csp-haproxy-two",
    host: "HAProxy",
    fault: "two policies, of which one has scripts and the other connections",
    start: ({ prefixed }) =>
      haproxy(`http-response set-header Content-Security-Policy "default-src 'self'"
  http-response add-header Content-Security-Policy "default-src 'none'; script-src 'self'; style-src 'self'"
  server dante 127.0.0.1:${prefixed}`),
    expert: "both policies apply, and the second has no connect-src: one policy",
    expected: { ...CSP, evidence: /2 of 2.*default-src 'none' forbids/ },
  },
  {
    id: "csp-traefik-styles",
    host: "Traefik",
    fault: "contentSecurityPolicy without style-src",
    start: ({ prefixed }) =>
      traefik([prefixed], {
        middleware: {
          headers: { contentSecurityPolicy: "default-src 'none'; script-src 'self'; connect-src 'self'" },
        },
      }),
    expert: "the policy has no style-src: the page has no styles",
    expected: { ...CSP, outcome: "degraded", remedy: /contentSecurityPolicy/ },
  },
  {
    id: "csp-haproxy-sandbox",
    host: "HAProxy",
    fault: "Content-Security-Policy: sandbox allow-scripts",
    start: ({ prefixed }) =>
      haproxy(`http-response add-header Content-Security-Policy "sandbox allow-scripts"
  server dante 127.0.0.1:${prefixed}`),
    expert: "the sandbox lacks allow-same-origin: the page may not ask its own host",
    expected: { ...CSP, evidence: /allow-same-origin/ },
  },
  {
    id: "csp-stand-in-meta",
    host: "rewriter (stand-in)",
    fault: "a meta element with a policy is put into the page",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        rewriting(isPage, (html) =>
          html.replace(
            "<head>",
            `<head><meta http-equiv="Content-Security-Policy" content="script-src 'nonce-r4nd0m'">`,
          ),
        ),
      ),
    expert: "a policy in the page allows no script of it",
    expected: { ...CSP, evidence: /meta/ },
  },
  {
    id: "csp-nginx-upgrade",
    host: "nginx",
    fault: "upgrade-insecure-requests on a host without TLS",
    async start({ prefixed }) {
      const place = await nginx(location("/dante/", prefixed, policy("upgrade-insecure-requests")));
      return named(place);
    },
    expert: "browsers ask for everything over https, where nobody listens: take it out, or turn on TLS",
    expected: { ...CSP, evidence: /upgrade-insecure-requests/ },
  },
  {
    id: "csp-apache-report-only",
    host: "Apache",
    fault: "none: a policy that only reports",
    start: ({ prefixed }) =>
      apache(`Header set Content-Security-Policy-Report-Only "default-src 'none'"\n${pass(prefixed)}`, {
        modules: ["headers"],
      }),
    expert: "healthy: it forbids nothing",
    expected: { outcome: "good" },
  },
  {
    id: "csp-nginx-strict",
    host: "nginx",
    fault: "none: a strict policy beside Dante's, with what the page needs",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          policy(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; upgrade-insecure-requests; frame-ancestors 'self'",
          ),
        ),
      ),
    expert: "healthy: the page gets all that it needs",
    expected: { outcome: "good" },
  },
  {
    id: "csp-nginx-beacon",
    host: "nginx",
    fault: "none that matters: sub_filter adds a script of another host, which Dante's own policy blocks",
    path: "/",
    start: ({ root }) =>
      nginx(
        location(
          "/",
          root,
          `proxy_set_header Accept-Encoding ""; sub_filter_once on;
 sub_filter "</head>" '<script defer src="https://statistics.example/beacon.js"></script></head>';`,
        ),
      ),
    expert: "healthy: a page without its statistics streams as well",
    expected: { outcome: "good", evidence: /statistics\.example/ },
  },
  {
    id: "mixed-nginx",
    host: "nginx",
    fault: "sub_filter writes http: URLs into a page that comes over https",
    async start({ prefixed }) {
      const place = await nginx(
        `${TLS} ${location(
          "/dante/",
          prefixed,
          `proxy_set_header Accept-Encoding ""; sub_filter_once off;
           sub_filter 'src="static' 'src="http://$http_host/dante/static';`,
        )}`,
      );
      return { ...trusted(place), ...named(place) };
    },
    expert: "scripts over http in a page over https are blocked: relative URLs, or https",
    expected: { outcome: "broken", causes: ["mixed-content"], remedy: /sub_filter/ },
  },
].map((it) => ({ kind: "Policies of the page", ...it }));

const DROPPED = { outcome: "degraded", causes: ["cookie-not-returned"], remedy: /cookie/i };
const STICKY = { outcome: "good", allowed: ["stickiness-by-cookie"] };

/** HAProxy before two Dantes, with a cookie. */
async function stickyHaproxy(attributes = "", insert = "insert indirect nocache") {
  const servers = (await twins()).map((port, at) => `server d${at} 127.0.0.1:${port} cookie d${at}`);
  return await haproxy(
    `balance roundrobin\n  cookie node ${insert} ${attributes}\n  ${servers.join("\n  ")}`,
  );
}

/** Apache's balancer before two Dantes, with a cookie. */
async function stickyApache(attributes) {
  const members = (await twins()).map(
    (port, at) => `BalancerMember http://127.0.0.1:${port} route=${at + 1} upgrade=websocket`,
  );
  return await apache(
    `Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; ${attributes}" env=BALANCER_ROUTE_CHANGED
<Proxy balancer://several>
${members.join("\n")}
ProxySet stickysession=ROUTEID
</Proxy>
ProxyPass /dante/ balancer://several/dante/`,
    { modules: ["headers", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm"] },
  );
}

const stickyTraefik = async (cookie) => await traefik(await twins(), { service: { sticky: { cookie } } });

const cookies = [
  {
    id: "cookie-apache-path",
    host: "Apache",
    fault: "the balancer's cookie has path=/app, and the page is at /dante/",
    start: () => stickyApache("path=/app"),
    expert: "the sticky cookie's path does not cover the engine: path=/",
    expected: { ...DROPPED, evidence: /ROUTEID.*Path does not cover/ },
  },
  {
    id: "cookie-nginx-path",
    host: "nginx before HAProxy",
    fault: "proxy_cookie_path / /app/ changes the sticky cookie of the balancer behind",
    start: async () =>
      await nginx(location("/dante/", new URL(await stickyHaproxy()).port, "proxy_cookie_path / /app/;")),
    expert: "nginx gives the sticky cookie a path that the page does not have: proxy_cookie_path",
    expected: { ...DROPPED, evidence: /Path does not cover/, remedy: /proxy_cookie_path/ },
  },
  {
    id: "cookie-haproxy-domain",
    host: "HAProxy",
    fault: "cookie … domain app.internal",
    start: () => stickyHaproxy("domain app.internal"),
    expert: "the sticky cookie is for another domain: without domain",
    expected: { ...DROPPED, evidence: /Domain is not/ },
  },
  {
    id: "cookie-traefik-secure",
    host: "Traefik",
    fault: "sticky cookie with secure, over plain HTTP",
    start: async () => named(await stickyTraefik({ name: "node", secure: true })),
    expert: "the sticky cookie is Secure, and there is no TLS",
    expected: { ...DROPPED, evidence: /Secure, and this is plain HTTP/, remedy: /secure/ },
  },
  {
    id: "cookie-traefik-same-site",
    host: "Traefik",
    fault: "sticky cookie with sameSite none, without secure",
    start: () => stickyTraefik({ name: "node", sameSite: "none" }),
    expert: "Chrome refuses SameSite=None without Secure",
    expected: { ...DROPPED, evidence: /SameSite=None needs Secure/ },
  },
  {
    id: "cookie-haproxy-healthy",
    host: "HAProxy",
    fault: "none: two Dantes, sticky by cookie",
    start: () => stickyHaproxy("httponly attr SameSite=Lax"),
    expert: "healthy for browsers, which send the cookie back",
    expected: STICKY,
  },
  {
    id: "cookie-traefik-healthy",
    host: "Traefik",
    fault: "none: two Dantes, sticky by cookie",
    start: () => stickyTraefik({ name: "node", httpOnly: true }),
    expert: "healthy for browsers, which send the cookie back",
    expected: STICKY,
  },
  {
    id: "cookie-apache-healthy",
    host: "Apache",
    fault: "none: two Dantes, sticky by cookie with the prefix for its path",
    start: () => stickyApache("path=/dante"),
    expert: "healthy for browsers, which send the cookie back",
    expected: STICKY,
  },
  {
    id: "cookie-other-healthy",
    host: "nginx",
    fault: "none: one Dante, and cookies that browsers do not send back",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          'add_header Set-Cookie "seen=1; Path=/other"; add_header Set-Cookie "ad=1; Domain=ads.example; SameSite=None";',
        ),
      ),
    expert: "healthy: nothing depends on these cookies",
    expected: { outcome: "good" },
  },
].map((it) => ({ kind: "Cookies", ...it }));

export default [...files, ...policies, ...cookies];
