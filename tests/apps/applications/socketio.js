// Node's socket.io: news twice a second for everybody, and an echo. Its argument is a JSON object: `port`.

import { createServer } from "node:http";

import { Server } from "socket.io";

const { port } = JSON.parse(process.argv[2]);
const server = createServer((_request, response) => response.writeHead(404).end("no page here"));
const io = new Server(server, { perMessageDeflate: { threshold: 0 } });
io.on("connection", (socket) => socket.on("echo", (text, answer) => answer(text)));
let number = 0;
setInterval(
  () => io.emit("news", { number: ++number, text: "mi ritrovai per una selva oscura ".repeat(5) }),
  500,
);
server.listen(port, "127.0.0.1");
