// The reading over plain WebSocket. A WebSocket does not reconnect by itself: this module does, with a back-off, and
// asks for the next stanza.

import { notices, wishes } from "./notices.js";
import { PING_EVENT, PING_TIMEOUT_MS } from "./ping.js";
import { Attempts } from "./retry.js";

const NORMAL = 1000;

/** How long a WebSocket that was accepted may stay silent. */
const PATIENCE_MS = 5000;

/**
 * @param {import("../reading.js").Reading} reading
 * @param {import("./stream.js").Listener} listener
 * @param {import("./stream.js").Places} places
 * @returns {import("./stream.js").Stream}
 */
export function openWebSocket(reading, listener, places) {
  const url = new URL(places.websocket);
  /** @type {WebSocket | undefined} */
  let socket;
  let pings = 0;
  /** @type {Map<number, () => void>} */
  const waiting = new Map();
  const told = new Map(notices(listener));

  const attempts = new Attempts(reading, listener, (isOver) => {
    socket?.close();
    const askedAt = performance.now();
    // A proxy may accept a WebSocket without forwarding it, so it counts as connected with the first message.
    let stands = false;
    url.search = reading.query({ format: "json", ...wishes(listener) });
    listener.connecting(url.pathname);
    try {
      socket = new WebSocket(Object.assign(new URL(url), { protocol: url.protocol.replace("http", "ws") }));
    } catch {
      // Firefox, and Safari up to 15, where a policy forbids it.
      attempts.failed("upgrade", askedAt, url);
      return;
    }

    /** @type {number | undefined} */
    let silence;
    let [given, closed] = [false, false];
    const failed = () => {
      given = true;
      attempts.failed("upgrade", askedAt, url);
    };
    const current = socket;
    socket.addEventListener("open", () => {
      listener.hop("upgrade", askedAt, performance.now());
      silence = window.setTimeout(() => {
        if (isOver()) return;
        failed();
        // Its end is not waited for: nobody may answer.
        current.close();
      }, PATIENCE_MS);
    });
    socket.addEventListener("message", ({ data }) => {
      clearTimeout(silence);
      if (given || isOver()) return;
      const at = performance.now();
      const { event, text, ...content } = JSON.parse(data);
      if (event === "reading") {
        stands = true;
        listener.connected("websocket");
        listener.opening(content);
      } else if (event === "divinecomedy") {
        attempts.worked();
        listener.stanza(text, content, at);
      } else if (event === PING_EVENT) {
        waiting.get(content.id)?.();
      } else {
        told.get(event)?.({ text, ...content });
      }
    });
    // Chromium closes a WebSocket that a policy forbids with an error alone.
    socket.addEventListener("error", () => {
      window.setTimeout(() => {
        if (current.readyState === WebSocket.CLOSED && !closed && !given && !isOver()) failed();
      });
    });
    socket.addEventListener("close", ({ code }) => {
      closed = true;
      clearTimeout(silence);
      if (given || isOver()) return;
      if (!stands) failed();
      else if (code === NORMAL) listener.ended();
      else attempts.lost(`close ${code}`);
    });
  });

  attempts.start();
  return {
    retry: () => attempts.start(),
    resume: () => attempts.start(),
    close() {
      attempts.close();
      socket?.close();
    },
    ping() {
      if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("not connected"));
      const start = performance.now();
      const id = (pings += 1);
      socket.send(JSON.stringify({ event: PING_EVENT, id }));
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("no answer"));
        }, PING_TIMEOUT_MS);
        waiting.set(id, () => {
          clearTimeout(late);
          waiting.delete(id);
          resolve(performance.now() - start);
        });
      });
    },
  };
}
