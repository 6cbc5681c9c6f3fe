// The reading over plain WebSocket. A WebSocket does not come back by itself: here it does, with a
// back-off, and asks for the stanza that comes next.

import { Backoff, diagnose } from "./retry.js";

const NORMAL = 1000;
const TRIP_MS = 5000;

/**
 * @param {import("../reading.js").Reading} reading
 * @param {import("./stream.js").Listener} listener
 * @param {import("./stream.js").Places} places
 * @returns {import("./stream.js").Stream}
 */
export function openWebSocket(reading, listener, places) {
  const backoff = new Backoff();
  const url = new URL(places.websocket);
  /** @type {WebSocket} */
  let socket;
  let timer = 0;
  let closed = false;
  let trips = 0;
  /** @type {Map<number, () => void>} */
  const waiting = new Map();

  function connect() {
    clearTimeout(timer);
    const asked = performance.now();
    let opened = false;
    url.search = `format=json&${reading.query()}`;
    listener.connecting(url.pathname);
    socket = new WebSocket(Object.assign(new URL(url), { protocol: url.protocol.replace("http", "ws") }));

    socket.addEventListener("open", () => {
      opened = true;
      listener.hop("upgrade", asked, performance.now());
      listener.connected("websocket");
    });
    socket.addEventListener("message", ({ data }) => {
      const at = performance.now();
      const { event, text, ...content } = JSON.parse(data);
      if (event === "reading") {
        listener.opening(content);
      } else if (event === "divinecomedy") {
        backoff.reset();
        listener.stanza(text, content, at);
      } else if (event === "trip") {
        waiting.get(content.id)?.();
      }
    });
    socket.addEventListener("close", ({ code }) => broken(code, opened, asked));
  }

  /**
   * @param {number} code with which it was closed
   * @param {boolean} opened
   * @param {number} asked when it was
   */
  async function broken(code, opened, asked) {
    if (closed) return;
    if (code === NORMAL) {
      listener.ended();
      return;
    }
    let reason = `close ${code}`;
    if (!opened) {
      const failure = await diagnose(url);
      if (closed) return;
      listener.hop("upgrade", asked, performance.now(), failure.reason);
      if (failure.kind === "foreign") {
        reading.startOver();
        listener.foreign(failure.reason);
        connect();
        return;
      }
      if (failure.kind === "refused") {
        listener.refused(failure.reason);
        return;
      }
      reason = failure.reason;
    }
    const delay = backoff.next();
    timer = window.setTimeout(connect, delay);
    listener.lost(reason, performance.now() + delay);
  }

  connect();
  return {
    retry: connect,
    close() {
      closed = true;
      clearTimeout(timer);
      socket.close();
    },
    trip() {
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("not connected"));
      const start = performance.now();
      const id = (trips += 1);
      socket.send(JSON.stringify({ event: "trip", id }));
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("no answer"));
        }, TRIP_MS);
        waiting.set(id, () => {
          clearTimeout(late);
          waiting.delete(id);
          resolve(performance.now() - start);
        });
      });
    },
  };
}
