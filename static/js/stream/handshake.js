// A watchdog for Socket.IO's WebSocket, which its client lacks. A host may accept a WebSocket without forwarding it: IIS's own
// WebSocket module answers 101 and closes, others pass nothing on, or one way only. The client falls back to its next transport only
// after an error before its handshake, and takes none of this for one: it would wait for its own timeout of 20 s, or for the first ping
// that is not answered, and then try the same again.

/** How long each step may take: the server's handshake after the WebSocket is accepted, and its answer after that. */
const PATIENCE_MS = 5000;

/** @typedef {"upgrade pending" | "websocket closed" | "websocket silent" | "websocket unheard"} Muteness */

/**
 * Watches a new engine of Socket.IO's client until its server has answered.
 * @param {AnySocket} socket
 * @param {(reason: Muteness) => void} mute called once, when a WebSocket is not answered, or was accepted and leads nowhere: it brings no handshake, or what
 *   is said on it gets no answer
 */
export function watchHandshake(socket, mute) {
  const { engine } = socket.io;
  let [accepted, heard] = [false, false];
  let timer = 0;
  const isWebSocket = () => engine.transport.name === "websocket";
  /** @returns {Muteness} */
  const silence = () => {
    if (heard) return "websocket unheard";
    return accepted ? "websocket silent" : "upgrade pending";
  };
  const wait = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (isWebSocket()) over(silence());
    }, PATIENCE_MS);
  };
  const opened = () => {
    accepted = true;
    wait();
  };
  /** @param {string} reason @param {any} [details] */
  const closed = (reason, details) => {
    // A machine that has gone offline says nothing about the way of WebSockets.
    const cut = reason === "transport close" && details?.description !== "network connection lost";
    over(cut && isWebSocket() ? "websocket closed" : null);
  };
  // Before the handshake, the client tries its next transport by itself.
  const broken = () => over(heard && isWebSocket() ? "websocket closed" : null);
  const handshaken = () => {
    heard = true;
    wait();
  };
  const answered = () => over(null);
  /** @param {Muteness | null} reason */
  function over(reason) {
    clearTimeout(timer);
    engine.off("close", closed);
    engine.off("error", broken);
    engine.off("handshake", handshaken);
    engine.transport.off("open", opened);
    socket.off("connect", answered);
    socket.off("connect_error", answered);
    if (reason) mute(reason);
  }
  engine.once("close", closed);
  engine.once("error", broken);
  engine.once("handshake", handshaken);
  engine.transport.once("open", opened);
  socket.once("connect", answered);
  socket.once("connect_error", answered);
  wait();
}
