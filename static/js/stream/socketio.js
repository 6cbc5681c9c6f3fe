// The reading over Socket.IO, by the official client. On each connection it asks anew, by the `auth`
// function, from where to go on. When to try again is decided here, so that the page can show it.

import { Backoff, diagnose, isForeignEdition } from "./retry.js";

/** How long an answer to a trip may take. */
const TRIP_MS = 5000;

/**
 * What an error says beyond its message: the status with which a request was answered.
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
      trip: () => Promise.reject(new Error("no client")),
    };
  }
  const backoff = new Backoff();
  const socket = io({
    path: url.pathname,
    transports,
    // When the first is blocked, the next is tried.
    tryAllTransports: true,
    reconnection: false,
    forceNew: true,
    autoConnect: false,
    auth: (answer) => answer(reading.request()),
  });
  let timer = 0;
  let asked = 0;
  let closed = false;
  /** @type {number | null} how long an upgrade took that was through before the connection stood */
  let early = null;

  function connect() {
    clearTimeout(timer);
    asked = performance.now();
    early = null;
    listener.connecting(url.pathname);
    socket.connect();
    // The client makes an engine for each attempt.
    const engine = socket.io.engine;
    let opened = asked;
    engine.once("handshake", () => {
      opened = performance.now();
      listener.hop("handshake", asked, opened);
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

  /** @param {string} reason */
  function lost(reason) {
    if (closed) return;
    const delay = backoff.next();
    timer = window.setTimeout(connect, delay);
    listener.lost(reason, performance.now() + delay);
  }

  /** @param {string} reason */
  function startOver(reason) {
    reading.startOver();
    listener.foreign(reason);
    connect();
  }

  /** No connection came about. @param {Error} error */
  async function failed(error) {
    listener.hop("handshake", asked, performance.now(), detail(error));
    const question = new URL(url);
    question.search = "EIO=4&transport=websocket";
    const { kind, reason } = await diagnose(question);
    if (closed) return;
    if (kind === "refused") listener.refused(reason);
    else lost(reason === "websocket blocked" ? reason : `${detail(error)}, ${reason}`);
  }

  socket.on("connect", () => {
    const name = /** @type {"websocket" | "polling"} */ (socket.io.engine.transport.name);
    // Reached by polling although WebSocket was tried first: it does not get through.
    if (name === "polling" && transports[0] === "websocket") listener.blocked("websocket error");
    listener.connected(early === null ? name : "polling");
    if (early !== null) listener.upgraded(early);
  });
  socket.on("reading", (opening) => listener.opening(opening));
  socket.on("divinecomedy", (text, place) => {
    backoff.reset();
    listener.stanza(text, place, performance.now());
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") listener.ended();
    else lost(reason);
  });
  socket.on("connect_error", (error) => {
    // Active means that the connection failed; otherwise the server itself has refused it.
    if (socket.active) failed(error);
    else if (isForeignEdition(error.message)) startOver(error.message);
    else listener.refused(error.message);
  });
  connect();

  return {
    retry: connect,
    close() {
      closed = true;
      clearTimeout(timer);
      socket.disconnect();
    },
    async trip() {
      if (!socket.connected) throw new Error("not connected");
      const start = performance.now();
      await socket.timeout(TRIP_MS).emitWithAck("trip");
      return performance.now() - start;
    },
  };
}
