// A server around http-proxy or http-proxy-3. Its argument is a JSON object: `port`, `to`, `library`, `ws` (whether upgrades are wired), and
// `strip` (whether the prefix is taken off).

import http from "node:http";

const { port, to, library, ws = true, strip } = JSON.parse(process.argv[2]);
const { default: whole, createProxyServer = whole.createProxyServer } = await import(library);

const proxy = createProxyServer({ target: `http://127.0.0.1:${to}`, ws });
proxy.on("error", (_error, _request, response) => {
  if (response?.writeHead) response.writeHead(502).end("bad gateway");
  else response?.destroy();
});
const asked = (request) => {
  if (strip) request.url = request.url.replace(/^\/dante\//, "/");
  return request;
};
const server = http.createServer((request, response) => proxy.web(asked(request), response));
if (ws) server.on("upgrade", (request, socket, head) => proxy.ws(asked(request), socket, head));
// An upgrade that somebody hears, and does nothing about.
else server.on("upgrade", (_request, socket) => socket.on("error", () => socket.destroy()));
server.listen(port, "127.0.0.1");
