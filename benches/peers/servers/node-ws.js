// Plain WebSocket on Node.js, with ws.

import { createServer } from "node:http";

import { WebSocketServer } from "ws";

import { announce, opening, read } from "./poem.js";

const server = createServer();
const sockets = new WebSocketServer({ server, path: "/websocket/ws" });
sockets.on("connection", (socket, request) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const from = Number(query.get("from") ?? 0);
  const json = query.get("format") === "json";
  if (json) socket.send(JSON.stringify({ event: "reading", ...opening(from) }));
  const stop = read(
    from,
    ({ text, place }) => socket.send(json ? JSON.stringify({ event: "divinecomedy", text, ...place }) : text),
    () => socket.close(1000),
  );
  socket.on("close", stop);
  socket.on("error", stop);
});
server.listen(0, "127.0.0.1", () => announce(server.address().port));
