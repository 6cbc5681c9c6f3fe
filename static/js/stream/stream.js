// The interface of a stream, and how one is opened. Each transport has a module of its own beside this one; they
// share only this interface, the retries, and the diagnosis of a failed attempt.

import { openEvents } from "./sse.js";
import { openSocketIo } from "./socketio.js";
import { openWebSocket } from "./websocket.js";

/** @typedef {import("../reading.js").Reading} Reading */
/** @typedef {import("../reading.js").Place} Place */
/** @typedef {import("../reading.js").Opening} Opening */

/**
 * What a reader may choose: Socket.IO as the server offers it, by one of its transports alone, or without it.
 * @typedef {"socketio" | "socketio-websocket" | "socketio-polling" | "websocket" | "sse"} TransportChoice
 */

/**
 * The callbacks of a stream. Times are those of `performance.now()`.
 * @typedef {object} Listener
 * @property {(path: string) => void} connecting a connection is being opened, the first or another one
 * @property {(transport: "websocket" | "polling" | "sse") => void} connected the connection is established
 * @property {(ms: number) => void} upgraded from polling to WebSocket, so long after the connection was established
 * @property {(reason: string) => void} blocked WebSocket does not get through, or led nowhere, for this reason; polling goes on
 * @property {(reason: string) => void} [unanswered] what was asked for has had no answer for seconds; it is awaited on,
 *   or its address is asked why
 * @property {(at: number) => void} [heard] something has come, if only a sign of life
 * @property {(opening: Opening) => void} opening the reading begins or resumes
 * @property {(text: string, place: Place, at: number) => void} stanza
 * @property {(reason: string, retryAt: number | null) => void} lost it was cut off or could not be opened; when the
 *   next attempt will be made, if that is known: a device that is offline waits for its network
 * @property {(reason: string) => void} refused the request was refused, and there will be no further attempt
 * @property {(reason: string) => void} foreign the text on the server has changed; the stream starts over
 * @property {() => void} ended after the last stanza
 * @property {(name: string, start: number, end: number, failure?: string) => void} hop one step of the connection
 *   took this long, or failed
 * @property {(readers: import("./notices.js").Readers) => void} [readers] so many read now; only who listens for it is told
 * @property {(news: import("./notices.js").RoomNews) => void} [room] who else is in the room, and whether it is held
 * @property {(announcement: import("./notices.js").Announcement) => void} [announcement] the host says something to all readers
 * @property {(frame: import("./frames.js").Frame) => void} [frame] something went over the wire
 */

/**
 * An open stream.
 * @typedef {object} Stream
 * @property {() => void} retry tries again now, rather than when it is due
 * @property {() => void} resume asks again for the stanza that the reading needs next, over a new connection of the same transport
 * @property {() => void} close for good
 * @property {() => Promise<number>} ping measures a round trip, in milliseconds; fails when there is no connection
 */

/**
 * The URLs and Socket.IO transports that the page names.
 * @typedef {{root: URL, websocket: URL, transports: string[]}} Places
 */

/** @returns {Places} */
export function placesOf(page = document.body) {
  const root = new URL(page.dataset.root || ".", location.href);
  return {
    root,
    websocket: new URL(page.dataset.websocket ?? "websocket/ws", root),
    transports: (page.dataset.transports ?? "").split(","),
  };
}

/**
 * Opens a stream. It reconnects by itself, and then resumes where the reading stopped.
 * @param {TransportChoice} choice
 * @param {Reading} reading
 * @param {Listener} listener
 * @param {Places} places
 * @returns {Stream}
 */
export function open(choice, reading, listener, places) {
  switch (choice) {
    case "websocket":
      return openWebSocket(reading, listener, places);
    case "sse":
      return openEvents(reading, listener, places);
    case "socketio-websocket":
      return openSocketIo(reading, listener, places, ["websocket"]);
    case "socketio-polling":
      return openSocketIo(reading, listener, places, ["polling"]);
    default:
      return openSocketIo(reading, listener, places, places.transports);
  }
}
