// Methods, bodies and people that a host does not let in.

import { writeFileSync } from "node:fs";

import { openFolder } from "../../support/programs.js";
import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { always, answering, isEngine, isPoll, standIn } from "../hosts/standin.js";

const POST_EXPERT = "POST is refused, GET is not: polling clients can't send; allow POST";
const POST = { outcome: "degraded", causes: ["post-refused"], remedy: /POST|method|limit|deny|rule/i };
const BODY = { outcome: "degraded", causes: ["body-limit"] };
const isPost = (request) => isPoll(request) && request.method === "POST";

const methods = [
  {
    id: "post-nginx",
    host: "nginx",
    fault: "POST below socket.io/ is answered 405",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/socket.io/ { ${UPGRADES} if ($request_method = POST) { return 405; } proxy_pass http://127.0.0.1:${prefixed}; }
         ${location("/dante/", prefixed)}`,
      ),
  },
  {
    id: "post-apache",
    host: "Apache",
    fault: "<LimitExcept GET HEAD>: Require all denied",
    start: ({ prefixed }) =>
      apache(`${pass(prefixed)}
<Location /dante/>
<LimitExcept GET HEAD>
Require all denied
</LimitExcept>
</Location>`),
  },
  {
    id: "post-haproxy",
    host: "HAProxy",
    fault: "http-request deny if METH_POST",
    start: ({ prefixed }) => haproxy(`http-request deny if METH_POST\n  server dante 127.0.0.1:${prefixed}`),
  },
  {
    id: "post-lighttpd",
    host: "lighttpd",
    fault: "url.access-deny for POST",
    start: ({ prefixed }) =>
      lighttpd.lighttpd(
        `${lighttpd.STREAMS}\n${lighttpd.pass(prefixed)}\n$HTTP["request-method"] == "POST" { url.access-deny = ("") }`,
        { modules: ["mod_access"] },
      ),
  },
  {
    id: "post-traefik",
    host: "Traefik",
    fault: "the rule has Method(`GET`): POST finds no route (404)",
    start: ({ prefixed }) => traefik([prefixed], { rule: "PathPrefix(`/dante`) && Method(`GET`)" }),
  },
  {
    id: "post-envoy",
    host: "Envoy",
    fault: "the route matches GET only: POST finds no route (404)",
    start: ({ prefixed }) =>
      envoy([prefixed], {
        match: 'prefix: "/dante/", headers: [{ name: ":method", string_match: { exact: GET } }]',
      }),
  },
  {
    id: "post-static",
    host: "static host (stand-in)",
    fault: "405 with Allow: GET, HEAD for each POST",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(isPost, 405, { body: "<h1>Method Not Allowed</h1>", headers: { allow: "GET, HEAD" } }),
      ),
  },
  {
    id: "post-waf",
    host: "firewall (stand-in)",
    fault: "bodies of type text/plain are answered 403",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering((request) => isPost(request) && /text\/plain/.test(request.headers["content-type"]), 403, {
          body: "<h1>Forbidden</h1><p>You don't have permission to access this resource.</p>",
        }),
      ),
    expert: "POST is refused (403), GET is not: a firewall's rule on methods or types",
  },
].map((it) => ({ kind: "Methods refused", expert: POST_EXPERT, expected: POST, ...it }));

const bodies = [
  {
    id: "body-nginx",
    host: "nginx",
    fault: "client_max_body_size 1 below socket.io/",
    start: ({ prefixed }) =>
      nginx(
        location("/dante/socket.io/", prefixed, "client_max_body_size 1;") + location("/dante/", prefixed),
      ),
    expected: { ...BODY, remedy: /client_max_body_size/ },
  },
  {
    id: "body-haproxy",
    host: "HAProxy",
    fault: "http-request deny 413 if req.body_len is above 1",
    start: ({ prefixed }) =>
      haproxy(`option http-buffer-request
  http-request deny deny_status 413 if { req.body_len gt 1 }
  server dante 127.0.0.1:${prefixed}`),
    expected: { ...BODY, remedy: /bod(y|ies)/i },
  },
  {
    id: "body-caddy",
    host: "Caddy 2.11",
    fault: "request_body max_size 1B",
    start: ({ prefixed }) =>
      caddy(`request_body {\n max_size 1B\n }\n reverse_proxy 127.0.0.1:${prefixed}`, { newest: true }),
    expert: "bodies of requests are refused (413, or cut off and answered 502): raise max_size",
    expected: { ...BODY, causes: ["body-limit", "post-refused"] },
  },
  {
    id: "body-envoy",
    host: "Envoy",
    fault: "the buffer filter with max_request_bytes 1; it also holds back upgrades",
    start: ({ prefixed }) =>
      envoy([prefixed], { filters: [filter("buffer", "buffer.v3.Buffer", { max_request_bytes: 1 })] }),
    expert: "413: raise max_request_bytes; the filter waits for the end of an upgrade's body, too",
    expected: {
      ...BODY,
      causes: ["body-limit", "upgrade-unanswered"],
      remedy: /buffer|max_request_bytes|bodies/i,
    },
  },
  {
    id: "body-gateway",
    host: "API gateway (stand-in)",
    fault: '413 {"message":"Request Too Long"}',
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(isPost, 413, { type: "application/json", body: '{"message":"Request Too Long"}' }),
      ),
    expected: { ...BODY, remedy: /bod(y|ies)/i },
  },
].map((it) => ({ kind: "Bodies refused", expert: "413: a limit on the size of bodies; raise it", ...it }));

/** A file of one user, whose password is `beatrice` (openssl passwd -apr1). */
function passwords() {
  const file = `${openFolder()}/passwords`;
  writeFileSync(file, "dante:$apr1$inferno1$3UYkGq8s/KTKl4O0H7zVs1\n");
  return file;
}

const CREDENTIALS = { causes: ["credentials-required"], remedy: /auth|Require/i };
const BASIC = `AuthType Basic\nAuthName private\nAuthUserFile PASSWORDS\nRequire valid-user`;
const AUTH = ["auth_basic", "authn_core", "authn_file", "authz_user"];

const credentials = [
  {
    id: "auth-nginx",
    host: "nginx",
    fault: "auth_basic on everything",
    start: ({ prefixed }) =>
      nginx(location("/dante/", prefixed, `auth_basic "private"; auth_basic_user_file ${passwords()};`)),
    expected: { ...CREDENTIALS, outcome: "broken" },
  },
  {
    id: "auth-apache-engine",
    host: "Apache",
    fault: "basic authentication on socket.io/ alone",
    start: ({ prefixed }) =>
      apache(
        `${pass(prefixed)}\n<Location /dante/socket.io/>\n${BASIC.replace("PASSWORDS", passwords())}\n</Location>`,
        { modules: AUTH },
      ),
    expert: "401 at socket.io/: credentials, or no authentication on this path",
    expected: { ...CREDENTIALS, outcome: ["degraded", "broken"] },
  },
  {
    id: "auth-caddy-events",
    host: "Caddy 2.11",
    fault: "basic_auth on sse/ and websocket/",
    start: ({ prefixed }) =>
      caddy(
        `basic_auth /dante/sse/* {
  dante $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
 }
 basic_auth /dante/websocket/* {
  dante $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
 }
 reverse_proxy 127.0.0.1:${prefixed}`,
        { newest: true },
      ),
    expert: "401 at sse/ and websocket/: credentials, or no authentication on these paths",
    expected: { ...CREDENTIALS, outcome: "degraded" },
  },
  {
    id: "auth-haproxy",
    host: "HAProxy",
    fault: "http-request auth unless it is given",
    start: ({ prefixed }) =>
      haproxy(
        `http-request auth realm Private unless { http_auth(people) }\n  server dante 127.0.0.1:${prefixed}`,
        {
          sections: "userlist people\n  user dante insecure-password beatrice",
        },
      ),
    expected: { ...CREDENTIALS, outcome: "broken" },
  },
  {
    id: "auth-gateway",
    host: "API gateway (stand-in)",
    fault: "401 without WWW-Authenticate, as JSON",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(always, 401, {
          type: "application/json",
          body: '{"error":"unauthorized"}',
          upgrades: true,
        }),
      ),
    expected: { ...CREDENTIALS, outcome: "broken" },
  },
].map((it) => ({
  kind: "Credentials",
  expert: "401: the host wants credentials; give them with --header",
  ...it,
}));

const CHALLENGED = { outcome: "broken", causes: ["blocked-by-firewall"] };
/** Of real pages, the words by which a person knows them. */
const CHALLENGE =
  "<title>Just a moment...</title><noscript>Enable JavaScript and cookies to continue</noscript>";
const INCAPSULA =
  '<iframe src="/_Incapsula_Resource?edet=12">Request unsuccessful. Incapsula incident ID: 42-1</iframe>';
const AKAMAI =
  '<TITLE>Access Denied</TITLE><H1>Access Denied</H1>You don\'t have permission to access "http&#58;&#47;&#47;dante/" on this server.<P>Reference&#32;&#35;18&#46;2d1</P>';

const denied = (body, headers = {}, status = 403) =>
  answering(always, status, { body, headers, upgrades: true });

const firewalls = [
  {
    id: "firewall-cloudflare",
    host: "Cloudflare (stand-in)",
    fault: "403 with cf-mitigated: challenge",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        denied(CHALLENGE, { server: "cloudflare", "cf-mitigated": "challenge", "cf-ray": "8f1-MXP" }),
      ),
    expert: "a challenge that only a browser passes: exempt these paths",
    expected: { ...CHALLENGED, remedy: /challenge|exempt|rule/i },
  },
  {
    id: "firewall-akamai",
    host: "Akamai (stand-in)",
    fault: "403 Access Denied, Reference #",
    path: "/",
    start: ({ root }) => standIn(root, denied(AKAMAI, { server: "AkamaiGHost" })),
    expected: { ...CHALLENGED, causes: ["blocked-by-firewall", "user-agent-refused"] },
  },
  {
    id: "firewall-imperva",
    host: "Imperva (stand-in)",
    fault: "200 with an Incapsula incident",
    path: "/",
    start: ({ root }) => standIn(root, denied(INCAPSULA, { "x-iinfo": "1-2-3", "x-cdn": "Imperva" }, 200)),
    expected: { ...CHALLENGED },
  },
  {
    id: "firewall-engine",
    host: "Cloudflare (stand-in)",
    fault: "a challenge for socket.io/ alone",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        answering(isEngine, 403, {
          body: CHALLENGE,
          headers: { server: "cloudflare", "cf-mitigated": "challenge", "cf-ray": "8f1-MXP" },
          upgrades: true,
        }),
      ),
    expert: "a challenge at socket.io/ that only a browser's page load passes: exempt this path",
    expected: { ...CHALLENGED, outcome: ["degraded", "broken"] },
  },
  {
    id: "agent-nginx",
    host: "nginx",
    fault: "403 to programs: a User-Agent without Mozilla",
    start: ({ prefixed }) =>
      nginx(`if ($http_user_agent !~* "mozilla|opera") { return 403; } ${location("/dante/", prefixed)}`),
    expected: {
      outcome: ["good", "broken", "degraded"],
      causes: ["user-agent-refused"],
      remedy: /user.agent/i,
    },
  },
  {
    id: "agent-apache",
    host: "Apache",
    fault: "RewriteCond on User-Agent: 403 to bots",
    start: ({ prefixed }) =>
      apache(
        `RewriteEngine On
RewriteCond %{HTTP_USER_AGENT} (^$|bot|curl|wget|python|dante) [NC]
RewriteRule ^ - [F]
${pass(prefixed)}`,
        { modules: ["rewrite"] },
      ),
    expected: {
      outcome: ["good", "broken", "degraded"],
      causes: ["user-agent-refused"],
      remedy: /user.agent/i,
    },
  },
  {
    id: "agent-haproxy",
    host: "HAProxy",
    fault: "a User-Agent that is not a browser's is answered 406",
    start: ({ prefixed }) =>
      haproxy(
        `http-request return status 406 content-type text/plain string "Not Acceptable" unless { hdr_sub(user-agent) -i mozilla }\n  server dante 127.0.0.1:${prefixed}`,
      ),
    expected: {
      outcome: ["good", "broken", "degraded"],
      causes: ["user-agent-refused"],
      remedy: /user.agent|http-request/i,
    },
  },
  {
    id: "addresses-apache",
    host: "Apache",
    fault: "Require ip 192.0.2.0/24: others get 403",
    start: ({ prefixed }) =>
      apache(`${pass(prefixed)}\n<Location /dante/>\nRequire ip 192.0.2.0/24\n</Location>`, {
        modules: ["authz_host"],
      }),
    expert: "403 to everybody here, also as a browser: a rule on addresses or on the path",
    expected: { outcome: "broken", causes: ["page-refused", "blocked-by-firewall"] },
  },
].map((it) => ({
  kind: "Firewalls and filters",
  expert: "a firewall or filter refuses this client: exempt it",
  ...it,
}));

export default [...methods, ...bodies, ...credentials, ...firewalls];
