// What the stand-ins share: hosts that can't be had here, written in the shape of tests/probe/support.js.

import http from "node:http";

import { listen, refuse, respond, startHost } from "../../probe/support.js";

export const isEngine = ({ url }) => url.includes("/socket.io/?");
export const isPoll = (request) => isEngine(request) && request.url.includes("transport=polling");
export const isHandshake = (request) => isPoll(request) && !request.url.includes("sid=");
export const isEvents = ({ url }) => url.includes("/sse/stream");
export const isPage = ({ url }) => /^(\/dante)?\/(\?.*)?$/.test(url);
export const always = () => true;

/** A server of a site that is not Dante's. */
export async function startSite(serve) {
  return await listen(http.createServer(serve));
}

/** Answers what `which` picks; upgrades too, if they are asked for. */
export const answering = (
  which,
  status,
  { type = "text/html", body = "", headers = {}, upgrades = false },
) => ({
  answer(request, response) {
    if (!which(request)) return false;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    respond(response, status, type, body);
    return true;
  },
  upgrade(request, socket) {
    if (!upgrades || !which(request)) return false;
    const lines = Object.entries({ "Content-Type": type, ...headers }).map((pair) => pair.join(": "));
    refuse(socket, status, body, lines);
    return true;
  },
});

/** Passes on the answers that `which` picks, with other headers: those that `change` gives for the old ones. */
export const relabelling = (which, change) => ({
  pass(request, from, response) {
    if (!which(request)) return false;
    response.writeHead(from.statusCode, change(from.headers));
    response.flushHeaders();
    from.pipe(response);
    return true;
  },
});

/** Passes on the answers that `which` picks, with another body. */
export const rewriting = (which, change) => ({
  ask(request) {
    if (which(request)) delete request.headers["accept-encoding"];
  },
  pass(request, from, response) {
    if (!which(request)) return false;
    const parts = [];
    from.on("data", (part) => parts.push(part));
    from.on("end", () => {
      const body = Buffer.from(change(Buffer.concat(parts).toString(), request));
      const { "content-length": _old, "transfer-encoding": _coding, ...headers } = from.headers;
      response.writeHead(from.statusCode, { ...headers, "content-length": body.length }).end(body);
    });
    return true;
  },
});

/** A stand-in before a port. */
export const standIn = (port, spoil) => startHost(port, spoil);
