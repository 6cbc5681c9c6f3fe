// `--against` with applications in frameworks that people use: answers to a POST, Socket.IO, and streams that are quiet. What real
// hosts do to them is named, and nothing else.

import assert from "node:assert/strict";

import { EVENTS, SOCKETIO, WEBSOCKET, node, post, uvicorn } from "../apps/applications.js";
import { haproxy } from "../accuracy/hosts/haproxy.js";
import { location, nginx } from "../accuracy/hosts/nginx.js";
import { describeVerdict, probe, startHost, together } from "./support.js";

const [model, socketio, websocket, express] = await Promise.all(
  [uvicorn("language_model:app"), node("socketio.js"), node("websocket.js"), node("express_events.js")].map(
    (start) => start(),
  ),
);
/** An answer of so many words takes two and a half seconds, and fits into any buffer. */
const POST = post("\n", { prompt: "Sing, goddess", words: 25 }).args;

/** Probes an application at a host and at its origin, and expects these verdicts and no others, each with what the comparison says beside it. */
async function expect(host, port, path, args, expected) {
  const other = ["--against", `http://127.0.0.1:${port}${path}`];
  const { verdicts } = await probe(`${host}${path}`, [...args, ...other, "--for", "3s"]);
  const seen = verdicts.map((verdict) => {
    const also = verdict.also.filter(({ hop }) => hop === "against");
    return [describeVerdict(verdict), ...also.map(({ id }) => id)];
  });
  assert.deepEqual(seen, expected, JSON.stringify(verdicts, null, 1));
}

/** nginx that gathers what is answered. */
const gathering = (port) =>
  nginx(`location / { proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:${port}; }`);
const streaming = (port, more = "") => nginx(location("/", port, `proxy_buffering off; ${more}`));
const balancer = (port, lines) => haproxy(`${lines}\n  server application 127.0.0.1:${port}`);

/** What is cut when it has said nothing for a second, at an age that may be its limit as well. */
const CUT = [["degraded idle-cut at stream, or age-cut", "cut-by-host"]];

together("the same stream of an application at its origin", {
  async "an answer to a POST behind nginx that passes it on: nothing to say"() {
    const host = await streaming(model);
    for (const path of ["/v1/chat/completions", "/api/generate"]) {
      await expect(host, model, path, POST, []);
    }
  },
  async "an answer of events, behind nginx that gathers it"() {
    const path = "/v1/chat/completions";
    await expect(await gathering(model), model, path, POST, [["degraded buffered at stream", "buffered"]]);
  },
  async "an answer of lines, behind nginx that gathers it"() {
    await expect(await gathering(model), model, "/api/generate", POST, [
      ["degraded buffered at stream", "buffered"],
    ]);
  },
  async "Socket.IO behind nginx that passes everything on: nothing to say"() {
    await expect(await streaming(socketio), socketio, "/", SOCKETIO.args, []);
  },
  async "Socket.IO behind nginx that does not pass the upgrade on"() {
    await expect(await gathering(socketio), socketio, "/", SOCKETIO.args, [
      ["degraded upgrade-stripped at upgrade", "stream-refused"],
    ]);
  },
  async "Socket.IO behind a host that holds the answers of polls"() {
    const host = await startHost(socketio, {
      pass({ url }, from, response) {
        if (!url.includes("transport=polling") || !url.includes("sid=")) return false;
        setTimeout(() => {
          response.writeHead(from.statusCode, from.headers);
          from.pipe(response);
        }, 1500);
        return true;
      },
    });
    await expect(host, socketio, "/", SOCKETIO.args, [["degraded buffered at against"]]);
  },
  async "a quiet WebSocket behind nginx whose patience is short"() {
    const host = await streaming(websocket, "proxy_read_timeout 1s;");
    await expect(host, websocket, WEBSOCKET.quiet, ["--ws"], CUT);
  },
  async "a quiet event stream behind nginx whose patience is short"() {
    const host = await streaming(express, "proxy_read_timeout 1s;");
    await expect(host, express, EVENTS.quiet, EVENTS.args, CUT);
  },
  async "a quiet WebSocket behind HAProxy whose patience is short"() {
    const host = await balancer(websocket, "timeout tunnel 1s");
    await expect(host, websocket, WEBSOCKET.quiet, ["--ws"], CUT);
  },
  async "a quiet event stream behind HAProxy whose patience is short"() {
    const host = await balancer(express, "timeout server 1s");
    await expect(host, express, EVENTS.quiet, EVENTS.args, CUT);
  },
});
