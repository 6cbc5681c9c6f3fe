// Node's ws: /feed, a message twice a second; /quiet, one message and then silence; what is sent comes back. Its argument is a
// JSON object: `port`, and `twice` for a second WebSocketServer beside it, as its documentation warns of.

import { createServer } from "node:http";

import { WebSocketServer } from "ws";

const { port, twice } = JSON.parse(process.argv[2]);
const server = createServer((_request, response) => response.writeHead(426).end("Upgrade Required"));
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: { threshold: 0 },
  ...(twice && { path: "/feed" }),
});
if (twice) new WebSocketServer({ server, path: "/admin" });
sockets.on("connection", (socket, { url }) => {
  let number = 0;
  const tell = () =>
    socket.send(JSON.stringify({ number: ++number, text: "ché la diritta via era smarrita ".repeat(5) }));
  tell();
  const timer = url === "/quiet" ? undefined : setInterval(tell, 500);
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("close", () => clearInterval(timer));
});
server.listen(port, "127.0.0.1");
