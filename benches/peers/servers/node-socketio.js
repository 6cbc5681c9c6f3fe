// Socket.IO's own server on Node.js, with ws and its native add-on: https://socket.io/docs/v4/performance-tuning/

import { createServer } from "node:http";

import { Server } from "socket.io";

import { announce } from "./poem.js";
import { serve } from "./reading.js";

const server = createServer();
serve(new Server(server));
server.listen(0, "127.0.0.1", () => announce(server.address().port));
