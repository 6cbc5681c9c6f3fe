// Socket.IO on Bun, with the engine that Socket.IO's authors made for it: https://socket.io/docs/v4/server-initialization/#with-bun

import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";

import { announce } from "./poem.js";
import { serve } from "./reading.js";

const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
serve(io);
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  // More than the engine's 25 s between pings, as its documentation asks for.
  idleTimeout: 30,
  ...engine.handler(),
});
announce(server.port);
