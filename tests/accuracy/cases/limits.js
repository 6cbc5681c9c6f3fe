// Limits on how often one may ask, and on how many connections one may have.

import net from "node:net";

import { listen } from "../../probe/support.js";
import { apache } from "../hosts/apache.js";
import { haproxy } from "../hosts/haproxy.js";
import { envoy, filter, traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { script } from "../hosts/programs.js";
import { standIn } from "../hosts/standin.js";

const RATE = "requests are refused above a certain rate: raise the limit";
const CONNECTIONS = "only so many connections at once: raise the limit";
const LIMITED = { outcome: ["degraded", "broken"], causes: ["rate-limited"] };
const CROWDED = { outcome: ["degraded", "broken"], causes: ["connection-limited"] };

const rateZone = (rate) => `limit_req_zone $binary_remote_addr zone=asked:1m rate=${rate};`;
const CONNECTION_ZONE = "limit_conn_zone $binary_remote_addr zone=open:1m;";

/** Cloudflare's page for its error 1015, as far as words go. */
const PAGE_1015 =
  "<title>Access denied | dante.example used Cloudflare to restrict access</title><h1>Error 1015</h1><p>You are being rate limited</p>";

/** A bucket that is refilled so often: whether a request may pass. */
function bucket(size, perSecond) {
  let tokens = size;
  let last = Date.now();
  return () => {
    const now = Date.now();
    tokens = Math.min(size, tokens + ((now - last) / 1000) * perSecond);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

const rates = [
  {
    id: "rate-nginx-429",
    host: "nginx",
    fault: "limit_req 3r/s burst=4, answered 429",
    start: ({ paced }) =>
      nginx(`limit_req zone=asked burst=4 nodelay; limit_req_status 429; ${location("/dante/", paced)}`, {
        http: rateZone("3r/s"),
      }),
    expected: { ...LIMITED, remedy: /limit_req|burst/ },
  },
  {
    id: "rate-nginx-503",
    host: "nginx",
    fault: "limit_req 2r/s burst=3, answered 503 (the default)",
    start: ({ paced }) =>
      nginx(`limit_req zone=asked burst=3 nodelay; ${location("/dante/", paced)}`, {
        http: rateZone("2r/s"),
      }),
    expected: { ...LIMITED, causes: ["rate-limited", "connection-limited"], remedy: /limit_/ },
  },
  {
    id: "rate-nginx-444",
    host: "nginx",
    fault: "limit_req 3r/s burst=5, closed without an answer (444)",
    start: ({ paced }) =>
      nginx(`limit_req zone=asked burst=5 nodelay; limit_req_status 444; ${location("/dante/", paced)}`, {
        http: rateZone("3r/s"),
      }),
    expert: "some requests are closed without an answer: a limit, or a server that fails under load",
    expected: { ...LIMITED, causes: ["rate-limited", "connection-limited", "connections-reset"] },
  },
  {
    id: "rate-haproxy",
    host: "HAProxy",
    fault: "stick-table http_req_rate above 12 in 10 s: deny 429",
    start: ({ paced }) =>
      haproxy(`server dante 127.0.0.1:${paced}`, {
        frontend: `stick-table type ip size 1k expire 30s store http_req_rate(10s)
  http-request track-sc0 src
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 12 }`,
      }),
    expected: { ...LIMITED, remedy: /limit|rate/i },
  },
  {
    id: "rate-traefik",
    host: "Traefik",
    fault: "rateLimit: average 2, burst 3",
    start: ({ paced }) => traefik([paced], { middleware: { rateLimit: { average: 2, burst: 3 } } }),
    expected: { ...LIMITED, remedy: /rateLimit|burst/ },
  },
  {
    id: "rate-envoy",
    host: "Envoy",
    fault: "local_ratelimit: 6 tokens, 1 more each second",
    start: ({ paced }) =>
      envoy([paced], {
        filters: [
          filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {
            stat_prefix: "limit",
            token_bucket: { max_tokens: 6, tokens_per_fill: 1, fill_interval: "1s" },
            filter_enabled: { default_value: { numerator: 100 } },
            filter_enforced: { default_value: { numerator: 100 } },
          }),
        ],
      }),
    expected: { ...LIMITED, remedy: /limit/i },
  },
  {
    id: "rate-express",
    host: "Express",
    fault: "express-rate-limit: 15 requests a minute, 429 with RateLimit headers",
    start: ({ paced }) =>
      script("express.js", { to: paced, rateLimit: 15 }, { needs: ["express-rate-limit"] }),
    expected: { ...LIMITED, remedy: /limit/i },
  },
  {
    id: "rate-cloudflare",
    host: "Cloudflare (stand-in)",
    fault: "error 1015: 429 with Retry-After",
    start({ paced }) {
      const may = bucket(4, 1);
      const refused = {
        server: "cloudflare",
        "cf-ray": "8f1-FRA",
        "retry-after": "3",
        "content-type": "text/html",
      };
      return standIn(paced, {
        answer(_request, response) {
          if (may()) return false;
          response.writeHead(429, refused).end(PAGE_1015);
          return true;
        },
      });
    },
    expected: { ...LIMITED, remedy: /limit/i },
  },
].map((it) => ({ kind: "Rate limits", expert: RATE, ...it }));

const connections = [
  {
    id: "connections-nginx-503",
    host: "nginx",
    fault: "limit_conn 2 for each address",
    start: ({ paced }) =>
      nginx(`limit_conn open 2; ${location("/dante/", paced)}`, { http: CONNECTION_ZONE }),
    expected: { ...CROWDED, remedy: /limit_conn/ },
  },
  {
    id: "connections-nginx-429",
    host: "nginx",
    fault: "limit_conn 1 for each address, answered 429",
    start: ({ paced }) =>
      nginx(`limit_conn open 1; limit_conn_status 429; ${location("/dante/", paced)}`, {
        http: CONNECTION_ZONE,
      }),
    expected: { ...CROWDED, causes: ["connection-limited", "rate-limited"], remedy: /limit/ },
  },
  {
    id: "connections-haproxy-maxconn",
    host: "HAProxy",
    fault: "maxconn 1 on the server, timeout queue 400ms",
    start: ({ paced }) => haproxy(`timeout queue 400ms\n  server dante 127.0.0.1:${paced} maxconn 1`),
    expected: { ...CROWDED, remedy: /maxconn/ },
  },
  {
    id: "connections-haproxy-source",
    host: "HAProxy",
    fault: "more than 2 connections from one address: deny 429",
    start: ({ paced }) =>
      haproxy(`server dante 127.0.0.1:${paced}`, {
        frontend: `stick-table type ip size 1k expire 30s store conn_cur
  http-request track-sc0 src
  http-request deny deny_status 429 if { sc_conn_cur(0) gt 2 }`,
      }),
    expected: {
      ...CROWDED,
      causes: ["connection-limited", "rate-limited"],
      remedy: /limit|maxconn|track-sc/i,
    },
  },
  {
    id: "connections-traefik",
    host: "Traefik",
    fault: "inFlightReq: amount 2",
    start: ({ paced }) => traefik([paced], { middleware: { inFlightReq: { amount: 2 } } }),
    expected: { ...CROWDED, causes: ["connection-limited", "rate-limited"], remedy: /inFlightReq|limit/ },
  },
  {
    id: "connections-envoy",
    host: "Envoy",
    fault: "circuit breaker: max_requests 2, 503 with x-envoy-overloaded",
    start: ({ paced }) =>
      envoy([paced], {
        cluster:
          "circuit_breakers: { thresholds: [{ max_requests: 2, max_connections: 2, max_pending_requests: 1 }] }",
      }),
    expected: { ...CROWDED, remedy: /circuit|max_|limit/ },
  },
  {
    id: "connections-apache",
    host: "Apache",
    fault: "ProxyPass … max=1 acquire=300: 503 while one is open",
    start: ({ paced }) =>
      apache(`ProxyPass /dante/ http://127.0.0.1:${paced}/dante/ upgrade=websocket max=1 acquire=300`, {
        // The limit is each process's own.
        mpm: "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25",
      }),
    expected: { ...CROWDED, remedy: /max=|MaxRequestWorkers|limit/ },
  },
  {
    id: "connections-node",
    host: "Node.js relay",
    fault: "server.maxConnections = 2: more are closed at once",
    async start({ paced }) {
      const server = net.createServer((client) => {
        const upstream = net.connect(paced, "127.0.0.1");
        upstream.on("error", () => client.destroy());
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
        client.pipe(upstream).pipe(client);
      });
      server.maxConnections = 2;
      return `http://127.0.0.1:${await listen(server)}`;
    },
    expected: { ...CROWDED, causes: ["connection-limited", "connections-reset"] },
  },
].map((it) => ({ kind: "Connection limits", expert: CONNECTIONS, ...it }));

export default [...rates, ...connections];
