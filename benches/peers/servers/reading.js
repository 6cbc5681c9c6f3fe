// A reading over Socket.IO, the same code in Node.js and in Bun: only the engine below differs.

import { opening, read } from "./poem.js";

/** Reads the poem to whoever connects. */
export function serve(io) {
  // Keeps no request for each reader: https://socket.io/docs/v4/memory-usage/
  io.engine.on("connection", (rawSocket) => {
    rawSocket.request = null;
  });
  io.on("connection", (socket) => {
    const from = socket.handshake.auth.from ?? 0;
    socket.emit("reading", opening(from));
    const stop = read(
      from,
      ({ text, place }) => socket.emit("divinecomedy", text, place),
      () => socket.disconnect(),
    );
    socket.on("disconnect", stop);
  });
}
