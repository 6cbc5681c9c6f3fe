// Limits on silence and on age, which `--hold` finds, and connections that end in the middle.

import { setTimeout as delay } from "node:timers/promises";

import { startDante } from "../../support/dante.js";
import { PACE } from "../../probe/support.js";
import { apache } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { PIPE, varnish } from "../hosts/caches.js";
import { haproxy } from "../hosts/haproxy.js";
import { envoy, traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { isEvents, isPoll, standIn } from "../hosts/standin.js";

const HOLD = { args: ["--hold", "9s"] };
const IDLE = { outcome: "degraded", causes: ["idle-cut"] };
const AGE = { outcome: "degraded", causes: ["age-cut"] };

/** Ends a pair of sockets after so many milliseconds, or after so long a silence. */
const ending = (event, ms) => ({
  tunnelled(_request, client, upstream) {
    const cut = () => [client, upstream].forEach((socket) => socket.destroy());
    if (event === "age") setTimeout(cut, ms).unref();
    else [client, upstream].forEach((socket) => socket.setTimeout(ms, cut));
  },
});

const idle = [
  {
    id: "idle-haproxy-tunnel",
    host: "HAProxy",
    fault: "timeout tunnel 4s",
    start: ({ prefixed }) => haproxy(`timeout tunnel 4s\n  server dante 127.0.0.1:${prefixed}`),
    expected: { ...IDLE, remedy: /timeout tunnel/ },
  },
  {
    id: "idle-haproxy-server",
    host: "HAProxy",
    fault: "timeout server 4s: polls that wait are answered 504",
    start: ({ prefixed }) => haproxy(`timeout server 4s\n  server dante 127.0.0.1:${prefixed}`),
    expected: { ...IDLE, remedy: /timeout server/ },
  },
  {
    id: "idle-nginx",
    host: "nginx",
    fault: "proxy_read_timeout 5s",
    start: ({ prefixed }) => nginx(location("/dante/", prefixed, "proxy_read_timeout 5s;")),
    expected: { ...IDLE, remedy: /proxy_read_timeout/ },
  },
  {
    id: "idle-apache",
    host: "Apache",
    fault: "ProxyTimeout 4",
    start: ({ prefixed }) =>
      apache(`ProxyTimeout 4\nProxyPass /dante/ http://127.0.0.1:${prefixed}/dante/ upgrade=websocket`),
    expected: { ...IDLE, remedy: /ProxyTimeout|timeout=/ },
  },
  {
    id: "idle-envoy",
    host: "Envoy",
    fault: "stream_idle_timeout 4s",
    start: ({ prefixed }) =>
      envoy([prefixed], {
        manager: "upgrade_configs: [{ upgrade_type: websocket }]\n          stream_idle_timeout: 4s",
      }),
    expected: { ...IDLE, remedy: /idle_timeout/ },
  },
  {
    id: "idle-varnish",
    host: "Varnish",
    fault: "between_bytes_timeout 4s",
    start: ({ prefixed }) =>
      varnish(
        prefixed,
        `${PIPE}\nsub vcl_backend_fetch { set bereq.between_bytes_timeout = 4s; set bereq.first_byte_timeout = 4s; }`,
      ),
    expected: { ...IDLE, remedy: /_timeout/ },
  },
  {
    id: "idle-stand-in",
    host: "load balancer (stand-in)",
    fault: "WebSockets are cut after 3 s of silence",
    path: "/",
    start: ({ root }) => standIn(root, ending("silence", 3000)),
    expected: IDLE,
  },
].map((it) => ({
  kind: "Limits on silence",
  expert: "connections are cut when they are silent: raise the idle timeout",
  ...HOLD,
  ...it,
}));

const age = [
  {
    id: "age-envoy",
    host: "Envoy",
    fault: "a route timeout of 5 s, whatever flows",
    start: ({ prefixed }) => envoy([prefixed], { route: "timeout: 5s" }),
    expected: { ...AGE, remedy: /timeout: 0s/ },
  },
  {
    id: "age-caddy",
    host: "Caddy 2.11",
    fault: "servers { timeouts { write 5s } }",
    start: ({ prefixed }) =>
      caddy(`reverse_proxy 127.0.0.1:${prefixed}`, {
        newest: true,
        options: "servers {\n   timeouts {\n    write 5s\n   }\n  }",
      }),
    expected: { ...AGE, remedy: /write|timeouts/ },
  },
  {
    id: "age-traefik",
    host: "Traefik",
    fault: "respondingTimeouts.writeTimeout 5s",
    start: ({ prefixed }) =>
      traefik([prefixed], { args: ["--entrypoints.front.transport.respondingTimeouts.writeTimeout=5s"] }),
    expected: { ...AGE, remedy: /writeTimeout/ },
  },
  {
    id: "age-stand-in",
    host: "load balancer (stand-in)",
    fault: "WebSockets are cut at an age of 4 s",
    path: "/",
    start: ({ root }) => standIn(root, ending("age", 4000)),
    expected: AGE,
  },
  {
    id: "age-events",
    host: "gateway (stand-in)",
    fault: "event streams are cut after 2 s in full flow, before any --hold",
    path: "/",
    args: [],
    start: ({ root }) =>
      standIn(root, {
        pass(request, from, response) {
          if (!isEvents(request)) return false;
          response.writeHead(200, from.headers).flushHeaders();
          from.pipe(response);
          setTimeout(() => response.destroy(), 2000).unref();
          return true;
        },
      }),
    expected: { ...AGE, causes: ["age-cut", "early-end"] },
  },
].map((it) => ({
  kind: "Limits on age",
  expert: "connections are cut at an age, though data flows: raise the limit on the whole time",
  ...HOLD,
  ...it,
}));

const ends = [
  {
    id: "restart-term",
    host: "Dante alone",
    fault: "it is stopped and started again while the probe listens",
    async start() {
      const first = await startDante([...PACE, "--grace", "1s"]);
      const again = async () => {
        await delay(2500);
        await first.end();
        await startDante(PACE, { port: first.port });
      };
      return { url: `${first.origin}/`, meanwhile: again };
    },
    expert: "the server was restarted during the probe: probe again",
    expected: { outcome: ["good", "degraded", "broken"], causes: ["server-restarted"] },
  },
  {
    id: "restart-kill",
    host: "HAProxy",
    fault: "Dante behind it is killed, and is back a second later",
    async start() {
      const first = await startDante([...PACE, "--prefix", "/dante"]);
      const place = await haproxy(`server dante 127.0.0.1:${first.port}`);
      const again = async () => {
        await delay(2500);
        await first.end("SIGKILL");
        await delay(1000);
        await startDante([...PACE, "--prefix", "/dante"], { port: first.port });
      };
      return { url: `${place}/dante/`, meanwhile: again };
    },
    expert: "the server was restarted during the probe: probe again",
    expected: { outcome: ["good", "degraded", "broken"], causes: ["server-restarted"] },
  },
  {
    id: "slow-start",
    host: "sleeping host (stand-in)",
    fault: "the first answer takes 4 s, the others none",
    path: "/",
    start({ root }) {
      let awake = null;
      return standIn(root, {
        answer(request, response) {
          awake ??= Date.now() + 4000;
          const wait = awake - Date.now();
          if (wait <= 0) return false;
          delay(wait).then(async () => {
            const answer = await fetch(`http://127.0.0.1:${root}${request.url}`);
            const { status } = answer;
            const body = Buffer.from(await answer.arrayBuffer());
            response
              .writeHead(status, { "content-type": answer.headers.get("content-type") ?? "text/html" })
              .end(body);
          });
          return true;
        },
      });
    },
    expert: "good, with a note: the first answer took 4 s, since the server had to wake up",
    expected: { outcome: "good", causes: ["slow-start"] },
  },
  {
    id: "polls-held",
    host: "inspecting proxy (stand-in)",
    fault: "every poll's answer is held for 2 s",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        pass(request, from, response) {
          if (!isPoll(request) || request.method !== "GET" || !request.url.includes("sid=")) return false;
          setTimeout(() => {
            response.writeHead(from.statusCode, from.headers);
            from.pipe(response);
          }, 2000);
          return true;
        },
      }),
    expert: "polls are held back: stanzas come in lumps",
    expected: { outcome: "degraded", causes: ["buffered"] },
  },
].map((it) => ({ kind: "Restarts and delays", ...it }));

export default [...idle, ...age, ...ends];
