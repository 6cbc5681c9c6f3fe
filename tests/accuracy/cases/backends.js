// Several servers behind the proxy, which differ or take turns.

import { freePort } from "../../support/programs.js";
import { startDante, poemFile } from "../../support/dante.js";
import { PACE } from "../../probe/support.js";
import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { UPGRADES, location, nginx } from "../hosts/nginx.js";
import { answering, standIn, startSite } from "../hosts/standin.js";
import { pen } from "../hosts/terminators.js";

const portOf = (origin) => Number(new URL(origin).port);

/** Another web site; gives its port. */
const startOther = () =>
  startSite((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<title>Welcome</title><h1>It works!</h1>"),
  );

const up = (ports, more = "") =>
  `upstream several { ${ports.map((port) => `server 127.0.0.1:${port} ${more};`).join(" ")} }`;
const toSeveral = (more = "") => `location /dante/ { ${UPGRADES} proxy_pass http://several; ${more} }`;

const TURNS = { outcome: ["degraded", "broken"], causes: ["answers-alternate"] };

const turns = [
  {
    id: "turns-haproxy-site",
    host: "HAProxy",
    fault: "roundrobin over Dante and another web site",
    async start({ prefixed }) {
      return await haproxy(`balance roundrobin
  server dante 127.0.0.1:${prefixed}
  server other 127.0.0.1:${await startOther()}`);
    },
  },
  {
    id: "turns-nginx-dead",
    host: "nginx",
    fault: "an upstream of Dante and of a dead server, proxy_next_upstream off",
    start: async ({ prefixed }) =>
      await nginx(toSeveral("proxy_next_upstream off;"), {
        http: up([prefixed, await freePort()], "max_fails=0"),
      }),
    expert: "every second request fails (502): one of two servers is dead",
  },
  {
    id: "turns-apache-site",
    host: "Apache",
    fault: "a balancer over Dante and another web site",
    start: async ({ prefixed }) =>
      await apache(
        `<Proxy balancer://several>
BalancerMember http://127.0.0.1:${prefixed} upgrade=websocket
BalancerMember http://127.0.0.1:${await startOther()} upgrade=websocket
</Proxy>
ProxyPass /dante/ balancer://several/dante/`,
        { modules: ["proxy_balancer", "lbmethod_byrequests", "slotmem_shm"] },
      ),
  },
  {
    id: "turns-pen-site",
    host: "pen",
    fault: "each connection goes to the next of Dante and another web site",
    start: async ({ prefixed }) => await pen([prefixed, await startOther()], ["-r"]),
  },
  {
    id: "turns-envoy-dead",
    host: "Envoy",
    fault: "a cluster of Dante and of a dead server, without health checks or retries",
    start: async ({ prefixed }) => await envoy([prefixed, await freePort()]),
    expert: "every second request fails (503): one of two endpoints is dead",
  },
  {
    id: "turns-traefik-site",
    host: "Traefik",
    fault: "two servers: Dante and another web site",
    start: async ({ prefixed }) => await traefik([prefixed, await startOther()]),
  },
  {
    id: "turns-haproxy-upgrade",
    host: "HAProxy before nginx",
    fault: "two ways to the same Dante, of which one passes on no upgrade",
    async start({ prefixed }) {
      const good = await nginx(location("/dante/", prefixed));
      const bad = await nginx(
        `location /dante/ { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${prefixed}; }`,
      );
      return await haproxy(`balance roundrobin
  server one ${new URL(good).host}
  server two ${new URL(bad).host}`);
    },
    expert: "upgrades fail every other time: one of two ways passes none on",
    expected: { ...TURNS, outcome: "degraded" },
  },
  {
    id: "turns-stand-in-404",
    host: "CDN with two origins (stand-in)",
    fault: "every second request goes to an origin that has no Dante (404)",
    path: "/",
    start({ root }) {
      let turn = 0;
      const second = () => (turn += 1) % 2 === 0;
      return standIn(
        root,
        answering(second, 404, {
          body: "<h1>No such bucket</h1>",
          headers: { server: "bucket" },
          upgrades: true,
        }),
      );
    },
  },
].map((it) => ({
  kind: "Servers that take turns",
  expert: "answers alternate between Dante and another server: one of them doesn't belong there",
  expected: TURNS,
  ...it,
}));

const NOT_STICKY = { outcome: "degraded", causes: ["no-stickiness"] };
/** Two Dantes that know nothing of each other; gives their ports. */
export const twins = async () => {
  const both = await Promise.all([1, 2].map(() => startDante([...PACE, "--prefix", "/dante"])));
  return both.map(({ port }) => port);
};
const strangers = async (args = []) => {
  const poem = ["--poem", poemFile(80)];
  const both = await Promise.all(
    [[], poem].map((more) => startDante([...PACE, "--prefix", "/dante", ...args, ...more])),
  );
  return both.map(({ port }) => port);
};

const nodes = [
  {
    id: "sticky-nginx",
    host: "nginx",
    fault: "an upstream of two Dantes, in turn",
    start: async () => await nginx(toSeveral(), { http: up(await twins()) }),
    expected: { ...NOT_STICKY, remedy: /hash|ip_hash/ },
  },
  {
    id: "sticky-traefik",
    host: "Traefik",
    fault: "two Dantes without a sticky cookie",
    start: async () => await traefik(await twins()),
    expected: { ...NOT_STICKY, remedy: /sticky/i },
  },
  {
    id: "sticky-envoy",
    host: "Envoy",
    fault: "a cluster of two Dantes, ROUND_ROBIN",
    start: async () => await envoy(await twins()),
    expected: { ...NOT_STICKY, remedy: /hash|sticky/i },
  },
  {
    id: "sticky-apache",
    host: "Apache",
    fault: "a balancer over two Dantes without stickysession",
    async start() {
      const members = (await twins()).map(
        (port) => `BalancerMember http://127.0.0.1:${port} upgrade=websocket`,
      );
      return await apache(
        `<Proxy balancer://several>\n${members.join("\n")}\n</Proxy>\nProxyPass /dante/ balancer://several/dante/`,
        { modules: ["proxy_balancer", "lbmethod_byrequests", "slotmem_shm"] },
      );
    },
    expected: { ...NOT_STICKY, remedy: /stickysession/ },
  },
  {
    id: "sticky-caddy",
    host: "Caddy 2.11",
    fault: "two upstreams, lb_policy round_robin",
    start: async () =>
      await caddy(
        `reverse_proxy ${(await twins()).map((port) => `127.0.0.1:${port}`).join(" ")} {\n  lb_policy round_robin\n }`,
        { newest: true },
      ),
    expected: { ...NOT_STICKY, remedy: /lb_policy/ },
  },
  {
    id: "editions-nginx",
    host: "nginx",
    fault: "two Dantes with different poems, WebSocket only",
    start: async () => await nginx(toSeveral(), { http: up(await strangers(["--transports", "websocket"])) }),
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["polling-disabled-by-server"],
      remedy: /--poem/,
    },
  },
  {
    id: "editions-traefik",
    host: "Traefik",
    fault: "two Dantes with different poems, sticky by cookie",
    start: async () =>
      await traefik(await strangers(), { service: { sticky: { cookie: { name: "node" } } } }),
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["stickiness-by-cookie"],
      remedy: /--poem/,
    },
  },
  {
    id: "editions-haproxy",
    host: "HAProxy",
    fault: "two Dantes with different poems, by the hash of the whole URL",
    start: async () => {
      const servers = (await strangers(["--transports", "websocket"])).map(
        (port, at) => `server dante${at} 127.0.0.1:${port}`,
      );
      return await haproxy(`balance roundrobin\n  ${servers.join("\n  ")}`);
    },
    expert: "the nodes have different poems: one edition for all",
    expected: {
      outcome: "degraded",
      causes: ["editions-differ"],
      allowed: ["polling-disabled-by-server"],
      remedy: /--poem/,
    },
  },
  {
    id: "sticky-cookie-lost",
    host: "Traefik before HAProxy",
    fault: "HAProxy sticks by cookie, and Traefik removes cookies",
    async start() {
      const servers = (await twins()).map((port, at) => `server d${at} 127.0.0.1:${port} cookie d${at}`);
      const second = await haproxy(
        `balance roundrobin\n  cookie node insert indirect nocache\n  ${servers.join("\n  ")}`,
      );
      return await traefik([portOf(second)], {
        middleware: { headers: { customRequestHeaders: { Cookie: "" } } },
      });
    },
    expert: "the cookie that should stick is removed on the way",
    expected: NOT_STICKY,
  },
].map((it) => ({
  kind: "Several Dantes",
  expert: "requests of one session reach different Dantes: turn on sticky sessions",
  ...it,
}));

export default [...turns, ...nodes];
