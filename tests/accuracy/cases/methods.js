// Methods and bodies that a host does not let in.

import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { answering, isPoll, standIn } from "../hosts/standin.js";

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

export default [...methods, ...bodies];
