// Answers that are changed on the way, or are not Dante's.

import net from "node:net";

import { listen } from "../../probe/support.js";
import { apache, pass } from "../hosts/apache.js";
import { caddy } from "../hosts/caddy.js";
import { haproxy } from "../hosts/haproxy.js";
import { location, nginx, UPGRADES } from "../hosts/nginx.js";
import { mitmproxy } from "../hosts/python.js";
import {
  always,
  answering,
  isEngine,
  isHandshake,
  isPage,
  isPoll,
  relabelling,
  rewriting,
  standIn,
} from "../hosts/standin.js";

const AD = '<script src="//ads.example/inject.js"></script>';

const bodies = [
  {
    id: "added-nginx",
    host: "nginx",
    fault: "add_after_body on every type",
    start: ({ prefixed }) =>
      nginx(
        `location = /banner { return 200 "${AD.replaceAll('"', "'")}"; }
         ${location("/dante/", prefixed, "addition_types *; add_after_body /banner; proxy_set_header Accept-Encoding '';")}`,
      ),
    expert: "something adds text to the answers",
    expected: { outcome: ["degraded", "broken"], causes: ["text-added"] },
  },
  {
    id: "added-mitmproxy",
    host: "mitmproxy",
    fault: "an addon adds a comment to every text",
    start: ({ prefixed }) =>
      mitmproxy(prefixed, {
        streaming: false,
        addon: `def responseheaders(flow):
    flow.response.stream = "event-stream" in flow.response.headers.get("content-type", "")

def response(flow):
    if flow.response.headers.get("content-type", "").startswith("text/") and flow.response.raw_content:
        flow.response.text += "<!-- scanned -->"
`,
      }),
    expert: "something adds text to the answers",
    expected: { outcome: ["degraded", "broken"], causes: ["text-added"] },
  },
  {
    id: "added-stand-in",
    host: "hotspot (stand-in)",
    fault: "polls get a script at their beginning",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        rewriting(
          (request) => isPoll(request) && request.method === "GET",
          (text) => AD + text,
        ),
      ),
    expert: "something adds text to the answers",
    expected: { outcome: ["degraded", "broken"], causes: ["text-added"] },
  },
  {
    id: "type-haproxy",
    host: "HAProxy",
    fault: "set-header Content-Type text/html for sse/",
    start: ({ prefixed }) =>
      haproxy(`http-request set-var(txn.path) path
  http-response set-header Content-Type "text/html; charset=utf-8" if { var(txn.path) -m sub /sse/ }
  server dante 127.0.0.1:${prefixed}`),
    expected: { outcome: "degraded", causes: ["wrong-content-type"] },
  },
  {
    id: "type-nginx",
    host: "nginx",
    fault: "Content-Type is hidden and set to application/octet-stream",
    start: ({ prefixed }) =>
      nginx(
        `location /dante/sse/ { ${UPGRADES} proxy_hide_header Content-Type; add_header Content-Type application/octet-stream; proxy_pass http://127.0.0.1:${prefixed}; }
         ${location("/dante/", prefixed)}`,
      ),
    expected: { outcome: "degraded", causes: ["wrong-content-type"] },
  },
  {
    id: "type-apache",
    host: "Apache",
    fault: "Header set Content-Type text/plain for sse/",
    start: ({ prefixed }) =>
      apache(`${pass(prefixed)}\n<Location /dante/sse/>\nHeader set Content-Type text/plain\n</Location>`, {
        modules: ["headers"],
      }),
    expected: { outcome: "degraded", causes: ["wrong-content-type"] },
  },
  {
    id: "upgrades-nginx",
    host: "nginx",
    fault: "sub_filter takes websocket out of the handshake",
    start: ({ prefixed }) =>
      nginx(
        location(
          "/dante/",
          prefixed,
          `sub_filter_types text/plain; sub_filter '"upgrades":["websocket"]' '"upgrades":[]'; proxy_set_header Accept-Encoding "";`,
        ),
      ),
    expert: "the offer of WebSocket is removed from the handshake: clients stay at polling",
    expected: { outcome: ["good", "degraded"], causes: ["upgrades-removed"] },
  },
  {
    id: "upgrades-stand-in",
    host: "gateway (stand-in)",
    fault: "the handshake is written anew, without upgrades",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        rewriting(isHandshake, (text) => text.replace('["websocket"]', "[]")),
      ),
    expert: "the offer of WebSocket is removed from the handshake: clients stay at polling",
    expected: { outcome: ["good", "degraded"], causes: ["upgrades-removed"] },
  },
  {
    id: "cut-page",
    host: "relay (stand-in)",
    fault: "the page is shorter than its Content-Length",
    path: "/",
    start: ({ root }) =>
      standIn(root, {
        pass(request, from, response) {
          if (!isPage(request)) return false;
          const { "transfer-encoding": _coding, ...headers } = from.headers;
          const parts = [];
          from.on("data", (part) => parts.push(part));
          from.on("end", () => {
            const body = Buffer.concat(parts);
            response.writeHead(200, { ...headers, "content-length": body.length + 25 });
            response.write(body, () => response.socket.end());
          });
          return true;
        },
      }),
    expert: "the body is shorter than its Content-Length",
    expected: { outcome: ["degraded", "broken"], causes: ["body-cut"] },
  },
  {
    id: "cut-poll",
    host: "relay (stand-in)",
    fault: "polls lose their last two bytes",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        rewriting(
          (request) => isPoll(request) && request.method === "GET",
          (text) => text.slice(0, -2),
        ),
      ),
    expert: "the handshake's body is cut",
    expected: { outcome: ["degraded", "broken"], causes: ["body-cut", "garbage"] },
  },
].map((it) => ({
  kind: "Answers that are changed",
  expert: "the type of the event stream is changed: browsers refuse it",
  ...it,
}));

const GATEWAY = { outcome: ["degraded", "broken"], causes: ["gateway-answers"] };
const json = (status, body, headers = {}) => ({
  type: "application/json",
  body: JSON.stringify(body),
  headers,
  upgrades: true,
  status,
});
const gateway = (which, { status, ...answer }) => answering(which, status, answer);

const gateways = [
  {
    id: "gateway-kong",
    host: "Kong (stand-in)",
    fault: "socket.io/ has no route: 404 as JSON",
    start: ({ root }) =>
      standIn(
        root,
        gateway(
          isEngine,
          json(404, { message: "no Route matched with those values" }, { server: "kong/3.4.2" }),
        ),
      ),
    expected: { ...GATEWAY, causes: ["gateway-answers", "no-socketio"] },
  },
  {
    id: "gateway-aws",
    host: "Amazon API Gateway (stand-in)",
    fault: 'socket.io/ is answered 403 {"message":"Missing Authentication Token"}',
    start: ({ root }) =>
      standIn(
        root,
        gateway(
          isEngine,
          json(
            403,
            { message: "Missing Authentication Token" },
            { "x-amzn-errortype": "MissingAuthenticationTokenException" },
          ),
        ),
      ),
    expected: GATEWAY,
  },
  {
    id: "gateway-spring",
    host: "Spring Cloud Gateway (stand-in)",
    fault: "socket.io/ is answered 200 with an error in JSON",
    start: ({ root }) =>
      standIn(
        root,
        gateway(
          isEngine,
          json(200, {
            timestamp: "2026-11-26T12:00:00Z",
            status: 404,
            error: "Not Found",
            path: "/socket.io/",
          }),
        ),
      ),
    expected: GATEWAY,
  },
].map((it) => ({
  kind: "Gateways that answer for the engine",
  path: "/",
  expert: "the gateway answers in the place of the engine: route socket.io/ to Dante",
  ...it,
}));

const strangers = [
  {
    id: "stranger-caddy",
    host: "Caddy",
    fault: "its own page; Dante is nowhere",
    start: () => caddy('respond "Hello, world!"'),
  },
  {
    id: "stranger-apache",
    host: "Apache",
    fault: "404 for /dante/; Dante is nowhere",
    start: () => apache("DocumentRoot FOLDER"),
    expected: { outcome: "broken", causes: ["not-dante", "page-refused", "prefix-mismatch"] },
  },
  {
    id: "stranger-smtp",
    host: "mail server (stand-in)",
    fault: "it speaks SMTP",
    async start() {
      const server = net.createServer((socket) => socket.write("220 mx.example ESMTP ready\r\n"));
      return `http://127.0.0.1:${await listen(server)}`;
    },
    expert: "no web server listens there",
    expected: { outcome: "broken", causes: ["garbage"] },
  },
  {
    id: "stranger-labelled",
    host: "CDN (stand-in)",
    fault: "none: headers of a CDN on every answer",
    path: "/",
    start: ({ root }) =>
      standIn(
        root,
        relabelling(always, (headers) => ({
          ...headers,
          server: "cloudflare",
          "cf-ray": "8f1-MXP",
          "cf-cache-status": "DYNAMIC",
        })),
      ),
    expert: "good",
    expected: { outcome: "good" },
  },
].map((it) => ({
  kind: "Strangers",
  expert: "another site answers, and not Dante",
  expected: { outcome: "broken", causes: ["not-dante"] },
  ...it,
}));

export default [...bodies, ...gateways, ...strangers];
