// Usual limits, slow lines and odd manners, which don't hurt.

import { setTimeout as delay } from "node:timers/promises";
import net from "node:net";

import { listen } from "../../probe/support.js";
import { haproxy } from "../hosts/haproxy.js";
import { traefik } from "../hosts/meshes.js";
import { location, nginx } from "../hosts/nginx.js";
import { standIn } from "../hosts/standin.js";

const ZONES =
  "limit_req_zone $binary_remote_addr zone=asked:1m rate=10r/s; limit_conn_zone $binary_remote_addr zone=open:1m;";

const limits = [
  [
    "nginx",
    "limit_req 10r/s burst=20 nodelay",
    ({ paced }) =>
      nginx(`limit_req zone=asked burst=20 nodelay; ${location("/dante/", paced)}`, { http: ZONES }),
  ],
  [
    "nginx",
    "limit_req 10r/s burst=20, delaying",
    ({ paced }) => nginx(`limit_req zone=asked burst=20; ${location("/dante/", paced)}`, { http: ZONES }),
  ],
  [
    "nginx",
    "limit_conn 10",
    ({ paced }) => nginx(`limit_conn open 10; ${location("/dante/", paced)}`, { http: ZONES }),
  ],
  [
    "nginx",
    "limit_conn 6",
    ({ paced }) => nginx(`limit_conn open 6; ${location("/dante/", paced)}`, { http: ZONES }),
  ],
  [
    "HAProxy",
    "http_req_rate above 100 in 10 s: 429",
    ({ paced }) =>
      haproxy(`server dante 127.0.0.1:${paced}`, {
        frontend: `stick-table type ip size 1k expire 30s store http_req_rate(10s)
  http-request track-sc0 src
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 }`,
      }),
  ],
  [
    "Traefik",
    "rateLimit: average 20, burst 40",
    ({ paced }) => traefik([paced], { middleware: { rateLimit: { average: 20, burst: 40 } } }),
  ],
  [
    "Traefik",
    "inFlightReq: amount 8",
    ({ paced }) => traefik([paced], { middleware: { inFlightReq: { amount: 8 } } }),
  ],
  [
    "HAProxy",
    "maxconn 6 on the server",
    ({ paced }) => haproxy(`timeout queue 2s\n  server dante 127.0.0.1:${paced} maxconn 6`),
  ],
  [
    "nginx",
    "client_max_body_size 1k",
    ({ prefixed }) => nginx(`client_max_body_size 1k; ${location("/dante/", prefixed)}`),
  ],
].map(([host, what, start]) => ({
  id: `ok-${`${host} ${what}`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-")}`,
  kind: "Healthy: usual limits",
  host,
  fault: `none: ${what}`,
  start,
}));

/** A line to a port: each way, bytes take so long, and no more than so many come in a second; once it stands still. */
async function line(to, { delayMs = 0, bytesPerSecond = Infinity, stall } = {}) {
  let standstill = 0;
  if (stall) setTimeout(() => (standstill = Date.now() + stall.forMs), stall.afterMs).unref();
  const carry = (from, into) => {
    let due = 0;
    let arrived = Promise.resolve();
    from.on("data", (bytes) => {
      due = Math.max(due, Date.now()) + (bytes.length / bytesPerSecond) * 1000;
      const at = due + delayMs;
      // It fills no more than what is on the way.
      if (bytesPerSecond < Infinity) from.pause();
      arrived = arrived.then(async () => {
        await delay(Math.max(0, Math.max(at, standstill) - Date.now()));
        if (!into.destroyed) into.write(bytes);
        from.resume();
      });
    });
    from.once("end", () => arrived.then(() => into.end()));
  };
  const server = net.createServer((client) => {
    const upstream = net.connect(to, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    carry(client, upstream);
    carry(upstream, client);
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

const lines = [
  ["150 ms each way", { delayMs: 150 }, ["slow-line"]],
  ["350 ms each way", { delayMs: 350 }, ["slow-line"]],
  ["one stall of 2 s", { stall: { afterMs: 2000, forMs: 2000 } }, ["line-stalled"]],
  ["64 KB a second", { bytesPerSecond: 65_536 }, ["slow-line"]],
].map(([what, settings, allowed]) => ({
  id: `ok-line-${what.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`,
  kind: "Healthy: lines",
  host: "line (stand-in)",
  fault: `none: ${what}`,
  start: ({ paced }) => line(paced, settings),
  expected: { outcome: "good", allowed },
}));

const odd = [
  {
    id: "ok-early-hints",
    host: "CDN (stand-in)",
    fault: "none: 103 Early Hints before each page",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        answer(_request, response) {
          response.writeEarlyHints({ link: "</static/site.css>; rel=preload; as=style" });
          return false;
        },
      }),
  },
  {
    id: "ok-closing",
    host: "old proxy (stand-in)",
    fault: "none: every answer closes its connection",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        pass(_request, from, response) {
          response.writeHead(from.statusCode, { ...from.headers, connection: "close" });
          response.flushHeaders();
          from.pipe(response);
          return true;
        },
      }),
  },
  {
    id: "ok-held",
    host: "HAProxy",
    fault: "none: held for 8 s",
    args: ["--hold", "8s"],
    start: ({ prefixed }) => haproxy(`server dante 127.0.0.1:${prefixed}`),
  },
].map((it) => ({ kind: "Healthy: oddities", ...it }));

export default [...limits, ...lines, ...odd].map((it) => ({
  expert: "good",
  expected: { outcome: "good" },
  ...it,
}));
