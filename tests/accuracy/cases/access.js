// People that a host does not let in: credentials, firewalls and filters.

import { writeFileSync } from "node:fs";

import { openFolder } from "../../support/programs.js";
import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { location, nginx } from "../hosts/nginx.js";
import { always, answering, isEngine, standIn } from "../hosts/standin.js";

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

export default [...credentials, ...firewalls];
