// A server of the npm package `socket.io`, version 2 or 4. Its argument is a JSON object: `port`, `version`, and options of the server.

import http from "node:http";

const { port, version, refusing, ...options } = JSON.parse(process.argv[2]);
const server = http.createServer((_request, response) => response.writeHead(404).end());
if (version === 2) {
  const { default: start } = await import("socket.io-2");
  start(server, options);
} else {
  const { Server } = await import("socket.io");
  const allowRequest = (_request, answer) => answer("not today", false);
  new Server(server, { ...options, ...(refusing && { allowRequest }) });
}
server.listen(port, "127.0.0.1");
