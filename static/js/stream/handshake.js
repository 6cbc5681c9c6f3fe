// A watchdog for Socket.IO's handshake, which its client lacks. A host may accept a WebSocket without forwarding it: IIS's own
// WebSocket module answers 101 and closes, others pass nothing on, or one way only, or never answer the upgrade. The client falls back
// to its next transport only after an error before its handshake, and takes none of this for one: it would wait for its own timeout of
// 20 s, or for the first ping that is not answered, and then try the same again.

import { patience } from "../awake.js";
import { AT_ONCE_MS, CLOSED, HANDSHAKE_PENDING, PATIENCE_MS, SILENT, UNANSWERED, UNHEARD } from "./causes.js";
import { Upgrade } from "./upgrades.js";

/**
 * Watches a new engine of Socket.IO's client until its server has answered.
 * @param {AnySocket} socket
 * @param {(reason: string) => void} mute called once, when the handshake is not answered, or a WebSocket was accepted and leads nowhere:
 *   it brings no handshake, or what is said on it gets no answer
 * @param {number} [ms] how long each step may take: the answer to the upgrade, the server's handshake after it, and its answer after that
 */
export function watchHandshake(socket, mute, ms = PATIENCE_MS) {
  const { engine } = socket.io;
  let [accepted, heard] = [false, false];
  let stop = () => {};
  /** Since when the step has lasted. */
  let since = performance.now();
  const isWebSocket = () => engine.transport.name === "websocket";
  const silence = () => {
    if (!isWebSocket()) return HANDSHAKE_PENDING;
    if (heard) return UNHEARD;
    return accepted ? SILENT : UNANSWERED;
  };
  const ending = () => (performance.now() - since < AT_ONCE_MS ? CLOSED : silence());
  const expired = (/** @type {any} */ transport) => {
    // The client has gone on to its next transport meanwhile, whose time begins.
    if (transport === engine.transport) over(silence());
    else wait();
  };
  const wait = () => {
    stop();
    since = performance.now();
    const { transport } = engine;
    stop = patience(ms, () => expired(transport));
  };
  const opened = () => {
    accepted = true;
    wait();
  };
  /** @param {string} reason @param {any} [details] */
  const closed = (reason, details) => {
    // A machine that has gone offline says nothing about the way of WebSockets.
    const cut = reason === "transport close" && details?.description !== "network connection lost";
    over(cut && isWebSocket() ? ending() : null);
  };
  // Before the handshake, the client tries its next transport by itself.
  const broken = () => over(heard && isWebSocket() ? ending() : null);
  const handshaken = () => {
    heard = true;
    wait();
  };
  const answered = () => over(null);
  /** @param {string | null} reason */
  function over(reason) {
    stop();
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
  if (isWebSocket()) {
    const { transport } = engine;
    const upgrade = new Upgrade(ms, () => expired(transport));
    stop = () => upgrade.over();
  } else {
    wait();
  }
}
