// Redirects: to a login, to somewhere else, and those that lose something on the way.

import { apache, pass, TLS as APACHE_TLS } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { always, isPage, standIn, startSite } from "../hosts/standin.js";
import { BUNDLE, TRUSTING, trusted } from "../hosts/tls.js";

const FORM =
  '<!doctype html><title>Sign in</title><form method="post"><input name="user"><input type="password"></form>';

/** A site with a sign-in form; gives its port. */
const startLogin = () =>
  startSite((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(FORM));

/** Redirects what `which` picks. */
const redirecting = (which, status, to) => ({
  answer(request, response) {
    if (!which(request)) return false;
    response.writeHead(status, { location: to(request) }).end();
    return true;
  },
});

const LOGIN = {
  outcome: "broken",
  causes: ["login-required"],
  remedy: /sign in|log ?in|cookie|auth/i,
};

const logins = [
  {
    id: "login-nginx",
    host: "nginx",
    fault: "auth_request, and 401 becomes a redirect to a form",
    start: ({ prefixed }) =>
      nginx(
        `location = /check { internal; return 401; }
         location = /signin { default_type text/html; return 200 '${FORM}'; }
         location @signin { return 302 /signin?rd=$request_uri; }
         ${location("/dante/", prefixed, "auth_request /check; error_page 401 = @signin;")}`,
      ),
  },
  {
    id: "login-traefik",
    host: "Traefik",
    fault: "forwardAuth: 307 to a sign-in service on another host",
    async start({ prefixed }) {
      const login = await startLogin();
      const auth = await startSite((_request, response) =>
        response.writeHead(307, { location: `http://localhost:${login}/sso/start?next=dante` }).end(),
      );
      return await traefik([prefixed], {
        middleware: { forwardAuth: { address: `http://127.0.0.1:${auth}/` } },
      });
    },
  },
  {
    id: "login-express",
    host: "Express",
    fault: "303 to /users/sign_in on the same host",
    start: ({ prefixed }) => script("express.js", { to: prefixed, login: 303 }, { needs: ["express"] }),
  },
  {
    id: "login-apache",
    host: "Apache",
    fault: "a form instead of the page, with status 200, until a cookie is there",
    start: ({ prefixed }) =>
      apache(
        `RewriteEngine On
RewriteCond %{HTTP_COOKIE} !session=
RewriteRule ^/dante/ FOLDER/login.html [END]
DocumentRoot FOLDER
<Directory FOLDER>
Require all granted
ForceType text/html
</Directory>
${pass(prefixed)}`,
        { modules: ["rewrite"], files: { "login.html": FORM } },
      ),
  },
  {
    id: "login-engine",
    host: "nginx",
    fault: "the page is public, socket.io/ is redirected to a login",
    start: ({ prefixed }) =>
      nginx(
        `location = /accounts/login { default_type text/html; return 200 '${FORM}'; }
         location /dante/socket.io/ { if ($cookie_session = "") { return 302 /accounts/login; } ${UPGRADES} proxy_pass http://127.0.0.1:${prefixed}; }
         ${location("/dante/", prefixed)}`,
      ),
    expert: "socket.io/ asks for a login: exempt this path, or give the cookie",
    expected: { ...LOGIN, outcome: ["degraded", "broken"] },
  },
].map((it) => ({
  kind: "Logins",
  expert: "a login stands in front: give its cookie with --header, or exempt the path",
  expected: LOGIN,
  ...it,
}));

/** Dante's page without its last slash, which is redirected. */
const BARE = { path: "/dante" };

const lost = [
  {
    id: "port-apache",
    host: "Apache",
    fault: "Redirect /dante to a URL without the port",
    ...BARE,
    start: ({ prefixed }) =>
      apache(`RedirectMatch permanent ^/dante$ http://127.0.0.1/dante/\n${pass(prefixed)}`, {
        modules: ["alias"],
      }),
    expected: { outcome: "broken", causes: ["redirect-loses-port"] },
  },
  {
    id: "port-haproxy",
    host: "HAProxy",
    fault: "redirect to http://%[hdr(host),field(1,:)]/dante/",
    ...BARE,
    start: ({ prefixed }) =>
      haproxy(`server dante 127.0.0.1:${prefixed}`, {
        frontend:
          "http-request redirect code 302 location http://%[req.hdr(host),field(1,:)]/dante/ if { path /dante }",
      }),
    expected: { outcome: "broken", causes: ["redirect-loses-port"] },
  },
  {
    id: "port-app",
    host: "application (stand-in)",
    fault: "the page is redirected to the host's name with port 80 written out",
    ...BARE,
    start: ({ prefixed }) =>
      standIn(
        prefixed,
        redirecting(
          ({ url }) => url === "/dante",
          301,
          () => "http://127.0.0.1:80/dante/",
        ),
      ),
    expected: { outcome: "broken", causes: ["redirect-loses-port"] },
  },
  {
    id: "https-haproxy",
    host: "HAProxy",
    fault: "TLS ends here, and /dante is redirected to http://",
    start: async ({ prefixed }) =>
      trusted(
        await haproxy(`server dante 127.0.0.1:${prefixed}`, {
          bind: `ssl crt ${BUNDLE}`,
          frontend:
            "http-request redirect code 301 location http://%[req.hdr(host)]/dante/ if { path /dante }",
        }),
        "/dante",
      ),
    expected: { outcome: "broken", causes: ["redirect-loses-https"], remedy: /X-Forwarded-Proto|https/ },
  },
  {
    id: "https-apache",
    host: "Apache",
    fault: "TLS ends here, and a rule adds the slash with http://",
    start: async ({ prefixed }) =>
      trusted(
        await apache(
          `${APACHE_TLS}\nRewriteEngine On\nRewriteRule ^/dante$ http://%{HTTP_HOST}/dante/ [R=301,L]\n${pass(prefixed)}`,
          { modules: ["ssl", "socache_shmcb", "rewrite"] },
        ),
        "/dante",
      ),
    expected: { outcome: "broken", causes: ["redirect-loses-https"], remedy: /X-Forwarded-Proto|https/ },
  },
  {
    id: "https-app",
    host: "HAProxy before an application (stand-in)",
    fault: "the application builds its redirect without X-Forwarded-Proto",
    async start({ prefixed }) {
      const app = await standIn(
        prefixed,
        redirecting(
          ({ url }) => url === "/dante",
          302,
          ({ headers }) => `http://${headers.host}/dante/`,
        ),
      );
      const place = await haproxy(`server app ${new URL(app).host}`, { bind: `ssl crt ${BUNDLE}` });
      return trusted(place, "/dante");
    },
    expected: { outcome: "broken", causes: ["redirect-loses-https"], remedy: /X-Forwarded-Proto|https/ },
  },
].map((it) => ({
  kind: "Redirects that lose something",
  expert: "the redirect loses the port or https",
  ...it,
}));

const LOOP = { outcome: "broken", causes: ["redirect-loop"] };
const ELSEWHERE = { outcome: "broken", causes: ["redirect-elsewhere"] };

const wrong = [
  {
    id: "loop-slash",
    host: "nginx",
    fault: "strips the last slash, which Dante adds again",
    start: ({ prefixed }) => nginx(`rewrite ^(/dante)/$ $1 permanent; ${location("/dante", prefixed)}`),
    expert: "a loop: one side strips the slash, the other adds it",
    expected: LOOP,
  },
  {
    id: "loop-https",
    host: "HAProxy before nginx",
    fault: "TLS ends at the first; the second redirects to https, since it isn't told",
    async start({ prefixed }) {
      const second = await nginx(
        `if ($http_x_forwarded_proto != https) { return 301 https://$http_host$request_uri; } ${location("/dante/", prefixed)}`,
      );
      const first = await haproxy(`server next ${new URL(second).host}`, { bind: `ssl crt ${BUNDLE}` });
      return trusted(first);
    },
    expert: "a loop to the same URL: the first proxy must send X-Forwarded-Proto: https",
    expected: { ...LOOP, remedy: /X-Forwarded-Proto/ },
  },
  {
    id: "loop-hosts",
    host: "Caddy",
    fault: "two names, each redirected to the other",
    start: () =>
      caddy(
        "@www host localhost\n redir @www http://127.0.0.1:{http.request.port}{uri} 308\n redir http://localhost:{http.request.port}{uri} 308",
        { host: "" },
      ),
    expert: "a loop between two names",
    expected: LOOP,
  },
  {
    id: "elsewhere-apache",
    host: "Apache",
    fault: "Redirect permanent to the new site, which has no Dante",
    async start() {
      const site = await startSite((_request, response) =>
        response
          .writeHead(200, { "content-type": "text/html" })
          .end("<title>Our new site</title><h1>Hello</h1>"),
      );
      return await apache(`Redirect permanent /dante/ http://localhost:${site}/`, { modules: ["alias"] });
    },
    expert: "redirected to another site, where Dante is not",
    expected: ELSEWHERE,
  },
  {
    id: "elsewhere-unknown",
    host: "Traefik",
    fault: "redirectRegex to a name that isn't known",
    start: ({ prefixed }) =>
      traefik([prefixed], {
        middleware: {
          redirectRegex: { regex: "^http://.*?/(.*)", replacement: "http://new.dante.invalid/$1" },
        },
      }),
    expert: "redirected to another host, whose name is unknown",
    expected: { ...ELSEWHERE, causes: ["redirect-elsewhere", "name-unknown"] },
  },
  {
    id: "elsewhere-parked",
    host: "parked domain (stand-in)",
    fault: "302 to a page of the registrar",
    path: "/",
    async start({ root }) {
      const site = await startSite((_request, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<title>This domain is parked</title>"),
      );
      return await standIn(
        root,
        redirecting(always, 302, () => `http://localhost:${site}/lander`),
      );
    },
    expert: "redirected to another site, where Dante is not",
    expected: ELSEWHERE,
  },
  {
    id: "scheme-haproxy",
    host: "HAProxy",
    fault: "redirect scheme https, on a port without TLS",
    start: ({ prefixed }) =>
      haproxy(`server dante 127.0.0.1:${prefixed}`, { frontend: "http-request redirect scheme https" }),
    expert: "redirected to https on a port that speaks plain HTTP only",
    expected: { outcome: "broken", causes: ["tls-to-plain", "bad-redirect", "redirect-elsewhere"] },
  },
  {
    id: "redirect-nowhere",
    host: "application (stand-in)",
    fault: "302 without a usable Location",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        redirecting(isPage, 302, () => "http://"),
      ),
    expert: "the redirect points nowhere",
    expected: { outcome: ["degraded", "broken"], causes: ["bad-redirect"] },
  },
].map((it) => ({ kind: "Redirects that lead astray", ...it }));

const good = [
  {
    id: "redirect-to-https",
    host: "nginx before Apache",
    fault: "none: http is redirected (307) to https on another port",
    async start({ prefixed }) {
      const place = await apache(`${APACHE_TLS}\n${pass(prefixed)}`, { modules: ["ssl", "socache_shmcb"] });
      const first = await nginx(`return 307 ${place}$request_uri;`);
      return { url: `${first}/dante/`, env: TRUSTING };
    },
  },
  {
    id: "redirect-of-root",
    host: "Caddy",
    fault: "none: the root leads to /dante/ (302)",
    path: "/",
    start: ({ prefixed }) => caddy(`redir / /dante/ 302\n reverse_proxy 127.0.0.1:${prefixed}`),
  },
].map((it) => ({ kind: "Healthy: redirects", expert: "good", expected: { outcome: "good" }, ...it }));

export default [...logins, ...lost, ...wrong, ...good];
