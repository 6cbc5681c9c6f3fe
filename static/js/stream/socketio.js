// The reading over Socket.IO, by the official client. On each connection, the `auth` function says where to resume.
// Retries are scheduled here and not by the client, so that the page can show them.

import { isForeignEdition } from "./diagnose.js";
import { watchHandshake } from "./handshake.js";
import { PING_EVENT, PING_TIMEOUT_MS } from "./ping.js";
import { Attempts } from "./retry.js";

/**
 * An error's message, with the HTTP status if it has one.
 * @param {Error & { description?: any, context?: any }} error as Engine.IO makes them
 */
function detail(error) {
  const status = error.context?.status ?? error.description;
  return typeof status === "number" && status > 0 ? `${error.message} (${status})` : error.message;
}

/**
 * @param {import("../reading.js").Reading} reading
 * @param {import("./stream.js").Listener} listener
 * @param {import("./stream.js").Places} places
 * @param {string[]} transports
 * @returns {import("./stream.js").Stream}
 */
export function openSocketIo(reading, listener, places, transports) {
  // Relative to the page, so that any prefix is right.
  const url = new URL("socket.io/", places.root);
  if (typeof io === "undefined") {
    listener.refused(`${url.pathname}socket.io.js`);
    return {
      retry: () => location.reload(),
      close: () => {},
      ping: () => Promise.reject(new Error("no client")),
    };
  }
  const question = new URL(url);
  question.search = "EIO=4&transport=websocket";
  const socket = io({
    path: url.pathname,
    // When the first is blocked, the next is tried.
    tryAllTransports: true,
    reconnection: false,
    forceNew: true,
    autoConnect: false,
    auth: (answer) => answer(reading.request()),
  });
  let askedAt = 0;
  /** Why WebSocket failed, for when polling connects in its place. */
  let obstacle = "";
  /** @type {number | null} how long an upgrade took that was done before the connection was established */
  let early = null;

  const attempts = new Attempts(reading, listener, () => {
    askedAt = performance.now();
    obstacle = "websocket error";
    listener.connecting(url.pathname);
    connect(transports);
  });

  /** @param {string[]} names of the transports to try */
  function connect(names) {
    // Stops what the client still does for the previous attempt.
    socket.disconnect();
    socket.io.opts.transports = names;
    early = null;
    socket.connect();
    // The client makes an engine for each attempt.
    const engine = socket.io.engine;
    let opened = askedAt;
    watchHandshake(engine, (reason) => {
      if (attempts.closed || engine !== socket.io.engine) return;
      const left = names.slice(names.indexOf("websocket") + 1);
      if (left.length) {
        obstacle = reason;
        listener.blocked(reason);
        connect(left);
      } else {
        socket.disconnect();
        attempts.failed("handshake", askedAt, question, reason);
      }
    });
    engine.once("handshake", () => {
      opened = performance.now();
      listener.hop("handshake", askedAt, opened);
    });
    engine.on("upgrade", () => {
      const now = performance.now();
      listener.hop("upgrade", opened, now);
      if (socket.connected) listener.upgraded(now - opened);
      else early = now - opened;
    });
    engine.on("upgradeError", (error) => {
      listener.hop("upgrade", opened, performance.now(), detail(error));
      listener.blocked(detail(error));
    });
  }

  socket.on("connect", () => {
    const name = /** @type {"websocket" | "polling"} */ (socket.io.engine.transport.name);
    // Connected by polling although WebSocket was tried first: WebSocket does not get through.
    if (name === "polling" && transports[0] === "websocket") listener.blocked(obstacle);
    listener.connected(early === null ? name : "polling");
    if (early !== null) listener.upgraded(early);
  });
  socket.on("reading", (opening) => listener.opening(opening));
  socket.on("divinecomedy", (text, place) => {
    attempts.worked();
    listener.stanza(text, place, performance.now());
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") listener.ended();
    else attempts.lost(reason);
  });
  socket.on("connect_error", (error) => {
    // An active socket means that the connection failed; otherwise the server itself refused it.
    if (socket.active) attempts.failed("handshake", askedAt, question, detail(error));
    else if (isForeignEdition(error.message)) attempts.startOver(error.message);
    else listener.refused(error.message);
  });

  attempts.start();
  return {
    retry: () => attempts.start(),
    close() {
      attempts.close();
      socket.disconnect();
    },
    async ping() {
      if (!socket.connected) throw new Error("not connected");
      const start = performance.now();
      await socket.timeout(PING_TIMEOUT_MS).emitWithAck(PING_EVENT);
      return performance.now() - start;
    },
  };
}
