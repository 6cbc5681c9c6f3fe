// A watchdog for Socket.IO's handshake, which its client lacks.

/** How long a WebSocket may stay without a handshake: enough for a slow network and a busy server. */
const PATIENCE_MS = 8000;

/**
 * Watches the handshake of a new engine of Socket.IO's client. A proxy may accept a WebSocket without forwarding it:
 * IIS's own WebSocket module answers 101 and closes, others stay silent. The client falls back to its next transport
 * only after an error, and takes neither for one: it would wait for its own timeout of 20 s, and then try the same
 * again.
 * @param {ReturnType<typeof io>["io"]["engine"]} engine
 * @param {(reason: "websocket closed" | "websocket silent") => void} mute called when its WebSocket was accepted and
 *   brings no handshake
 */
export function watchHandshake(engine, mute) {
  /** @param {"websocket closed" | "websocket silent"} reason */
  const judge = (reason) => {
    if (engine.transport.name === "websocket") mute(reason);
  };
  const timer = setTimeout(() => judge("websocket silent"), PATIENCE_MS);
  const closed = (/** @type {string} */ reason) => {
    clearTimeout(timer);
    if (reason === "transport close") judge("websocket closed");
  };
  engine.once("close", closed);
  engine.once("handshake", () => {
    clearTimeout(timer);
    engine.off("close", closed);
  });
}
