// Two proxies, one behind the other: which of them is it?

import net from "node:net";

import { listen } from "../../probe/support.js";
import { freePort } from "../../support/programs.js";
import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { PIPE, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import * as lighttpd from "../hosts/lighttpd.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { BUNDLE, trusted } from "../hosts/tls.js";

const portOf = (origin) => Number(new URL(origin).port);
const STRIPPED = { outcome: "degraded", causes: ["upgrade-stripped"] };

/** HAProxy before nginx, but for the engine, whose backend is this. */
async function beforeNginx(to, engine) {
  const second = await nginx(location("/dante/", to));
  return await haproxy(`server next ${new URL(second).host}`, {
    frontend: "use_backend engine if { path_beg /dante/socket.io/ }",
    sections: `backend engine\n  ${engine}`,
  });
}

/** A server that takes requests and says nothing. */
const startMute = () => listen(net.createServer((socket) => socket.resume()));

/** What an expert says where only the first of the two has seen the request: the second cannot mend it. */
const BY_THE_FIRST = {
  outcome: "degraded",
  remedy: /^(?!.*proxy_pass).*server dante/s,
};

export default [
  {
    id: "chain-varnish-nginx",
    host: "Varnish → nginx",
    fault: "the first has no pipe for upgrades; the second is right",
    start: async ({ prefixed }) => await varnish(portOf(await nginx(location("/dante/", prefixed))), ""),
    expert: "upgrades get lost at Varnish: return (pipe)",
    expected: { ...STRIPPED, remedy: /pipe/ },
  },
  {
    id: "chain-haproxy-nginx",
    host: "HAProxy → nginx",
    fault: "the second has no upgrade headers",
    async start({ prefixed }) {
      const second = await nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${prefixed}; }`,
      );
      return await haproxy(`server next ${new URL(second).host}`);
    },
    expert: "upgrades get lost at nginx: proxy_set_header Upgrade",
    expected: { ...STRIPPED, remedy: /proxy_set_header Upgrade/ },
  },
  {
    id: "chain-haproxy-nginx-dead",
    fault: "the first finds nobody for the engine (503); the second has the rest",
    start: async ({ prefixed }) => await beforeNginx(prefixed, `server gone 127.0.0.1:${await freePort()}`),
    expected: { ...BY_THE_FIRST, causes: ["guest-not-started"] },
  },
  {
    id: "chain-haproxy-nginx-dead-own-page",
    fault: "the same, with a page of the site's own for 503",
    start: async ({ prefixed }) =>
      await beforeNginx(
        prefixed,
        `server gone 127.0.0.1:${await freePort()}
  http-error status 503 content-type text/html string "<h1>Back soon</h1>"`,
      ),
    expected: { ...BY_THE_FIRST, causes: ["guest-not-started", "maintenance"] },
  },
  {
    id: "chain-haproxy-nginx-slow",
    fault: "the first waits 2.5 s for the engine, which says nothing (504)",
    start: async ({ prefixed }) =>
      await beforeNginx(prefixed, `timeout server 2500ms\n  server mute 127.0.0.1:${await startMute()}`),
    expected: { ...BY_THE_FIRST, causes: ["guest-too-slow"], remedy: /^(?!.*proxy_).*timeout server/s },
  },
  {
    id: "chain-caddy-apache",
    host: "Caddy → Apache",
    fault: "the second has no upgrade=websocket",
    async start({ prefixed }) {
      const second = await apache(`ProxyPass /dante/ http://127.0.0.1:${prefixed}/dante/`);
      return await caddy(`reverse_proxy 127.0.0.1:${portOf(second)}`, { newest: true });
    },
    expert: "upgrades get lost at Apache: upgrade=websocket",
    expected: { ...STRIPPED, remedy: /upgrade=websocket/ },
  },
  {
    id: "chain-nginx-lighttpd",
    host: "nginx → lighttpd",
    fault: "the second holds streams back",
    start: async ({ prefixed }) =>
      await nginx(location("/dante/", portOf(await lighttpd.lighttpd(lighttpd.pass(prefixed))))),
    expert: "streams are held back, at lighttpd or at nginx",
    expected: { outcome: "degraded", causes: ["buffered", "silent"] },
  },
  {
    id: "chain-nginx-varnish-dead",
    host: "nginx → Varnish",
    fault: "nobody is behind the second (503)",
    start: async () => await nginx(location("/dante/", portOf(await varnish(await freePort(), PIPE)))),
    expert: "Dante isn't running, or not where Varnish looks for it",
    expected: { outcome: "broken", causes: ["guest-not-started"], remedy: /start|listen|log|backend/i },
  },
  {
    id: "chain-traefik-nginx-auth",
    host: "Traefik → nginx",
    fault: "the second wants credentials",
    async start({ prefixed }) {
      const second = await nginx(
        location("/dante/", prefixed, 'auth_basic "private"; auth_basic_user_file /dev/null;'),
      );
      return await traefik([portOf(second)]);
    },
    expert: "401: credentials",
    expected: { outcome: "broken", causes: ["credentials-required"], remedy: /auth/i },
  },
  {
    id: "chain-haproxy-apache-prefix",
    host: "HAProxy (TLS) → Apache",
    fault: "the second adds a prefix that Dante doesn't have",
    async start({ root }) {
      const second = await apache(pass(root));
      return trusted(await haproxy(`server next ${new URL(second).host}`, { bind: `ssl crt ${BUNDLE}` }));
    },
    expert: "the prefix that arrives is not Dante's",
    expected: { outcome: "broken", causes: ["prefix-mismatch"], remedy: /--prefix|strip/ },
  },
  {
    id: "chain-envoy-haproxy-post",
    host: "Envoy → HAProxy",
    fault: "the second refuses POST",
    async start({ prefixed }) {
      const second = await haproxy(`http-request deny if METH_POST\n  server dante 127.0.0.1:${prefixed}`);
      return await envoy([portOf(second)]);
    },
    expert: "POST is refused, GET is not: allow POST",
    expected: { outcome: "degraded", causes: ["post-refused"], remedy: /POST|method|deny/i },
  },
].map((it) => ({
  kind: "Chains of two proxies",
  host: "HAProxy → nginx",
  expert: "the page is HAProxy's, and so is the remedy: nginx has not seen the request",
  ...it,
}));
