// The reading over Socket.IO. The official client does the reconnecting; on each connection it asks
// anew, by the `auth` function, from where to go on.

/* global io */
import { isForeignEdition } from "./retry.js";

/** @typedef {import("./stream.js").Listener} Listener */

/** How long an answer to a trip may take. */
const TRIP_MS = 5000;

/** What an error says beyond its message: the status with which a request was answered. */
function detail(error) {
  const status = error.description?.status ?? error.context?.status ?? error.description;
  return typeof status === "number" && status > 0 ? `${error.message} (${status})` : error.message;
}

/**
 * @param {import("../reading.js").Reading} reading
 * @param {Listener} listener
 * @param {import("./stream.js").Places} places
 * @param {string[]} transports
 * @returns {import("./stream.js").Stream}
 */
export function openSocketIo(reading, listener, places, transports) {
  // Relative to the page, so that any prefix is right.
  const path = new URL("socket.io/", places.root).pathname;
  if (typeof io === "undefined") {
    listener.refused(`${path}socket.io.js`);
    return { retry: () => location.reload(), close: () => {}, trip: () => Promise.reject(new Error("no client")) };
  }
  const socket = io({
    path,
    transports,
    // When the first is blocked, the next is tried.
    tryAllTransports: true,
    forceNew: true,
    autoConnect: false,
    auth: (answer) => answer(reading.request()),
  });
  const manager = socket.io;
  let asked = 0;

  const connecting = () => {
    asked = performance.now();
    listener.connecting(path);
    const engine = manager.engine;
    const opened = performance.now();
    engine.once("handshake", () => listener.hop("handshake", asked, performance.now()));
    engine.on("upgrade", () => {
      const now = performance.now();
      listener.hop("upgrade", opened, now);
      listener.upgraded(now - opened);
    });
    engine.on("upgradeError", (error) => {
      listener.hop("upgrade", opened, performance.now(), detail(error));
      listener.blocked(detail(error));
    });
  };

  socket.on("connect", () => {
    const name = manager.engine.transport.name;
    // Reached by polling although WebSocket was to be tried first: it does not get through.
    if (name === "polling" && transports[0] === "websocket") listener.blocked("websocket error");
    listener.connected(name);
  });
  socket.on("reading", (opening) => listener.opening(opening));
  socket.on("divinecomedy", (text, place) => listener.stanza(text, place, performance.now()));
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") listener.ended();
    else if (reason !== "io client disconnect") listener.lost(reason, null);
  });
  socket.on("connect_error", (error) => {
    if (socket.active) {
      listener.hop("handshake", asked, performance.now(), detail(error));
      listener.lost(detail(error), null);
    } else if (isForeignEdition(error.message)) {
      reading.startOver();
      listener.foreign(error.message);
      socket.connect();
    } else {
      listener.refused(error.message);
    }
  });
  manager.on("reconnect_attempt", () => queueMicrotask(connecting));
  socket.connect();
  connecting();

  return {
    retry() {
      // The manager waits for its own time; closed and opened, it starts at once.
      manager.engine?.close();
      socket.disconnect();
      socket.connect();
      connecting();
    },
    close: () => socket.disconnect(),
    async trip() {
      const start = performance.now();
      await socket.timeout(TRIP_MS).emitWithAck("trip");
      return performance.now() - start;
    },
  };
}
