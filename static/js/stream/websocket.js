// The reading over plain WebSocket. A WebSocket does not reconnect by itself: this module does, with a back-off, and
// asks for the next stanza.

import { patience } from "../awake.js";
import { AT_ONCE_MS, CLOSED, SILENT, UNANSWERED } from "./causes.js";
import { size } from "./frames.js";
import { notices, wishes } from "./notices.js";
import { PING_EVENT, PING_TIMEOUT_MS } from "./ping.js";
import { Attempts } from "./retry.js";
import { Upgrade } from "./upgrades.js";

const NORMAL = 1000;

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

    const current = socket;
    const { patienceMs } = attempts;
    /** @type {number | null} */
    let acceptedAt = null;
    let [given, closed] = [false, false];
    /** Nothing has come for so long. @param {string} what */
    const giveUp = (what) => {
      if (given || isOver()) return;
      given = true;
      attempts.unanswered("upgrade", askedAt, url, what);
      // Its end is not waited for: nobody may answer.
      current.close();
    };
    const upgrade = new Upgrade(patienceMs, () => giveUp(UNANSWERED));
    // Said as soon as it is so, although the browser may not have sent it yet.
    let stop = patience(patienceMs, () => {
      if (!isOver()) listener.unanswered?.(UNANSWERED);
    });
    socket.addEventListener("open", () => {
      acceptedAt = performance.now();
      upgrade.over();
      stop();
      listener.frame?.({ way: "", kind: "open" });
      listener.hop("upgrade", askedAt, acceptedAt);
      stop = patience(patienceMs, () => giveUp(SILENT));
    });
    socket.addEventListener("message", ({ data }) => {
      stop();
      if (given || isOver()) return;
      const at = performance.now();
      listener.heard?.(at);
      const { event, text, ...content } = JSON.parse(data);
      const kind = typeof data === "string" ? "text" : "binary";
      listener.frame?.({ way: "in", kind, name: event, bytes: size(data) });
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
        if (current.readyState !== WebSocket.CLOSED || closed || given || isOver()) return;
        given = true;
        upgrade.over();
        stop();
        attempts.failed("upgrade", askedAt, url);
      });
    });
    socket.addEventListener("close", ({ code, reason }) => {
      closed = true;
      upgrade.over();
      stop();
      listener.frame?.({ way: "in", kind: "close", code, note: reason });
      if (given || isOver()) return;
      if (!stands) attempts.failed("upgrade", askedAt, url, fate(acceptedAt));
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
      const question = JSON.stringify({ event: PING_EVENT, id });
      socket.send(question);
      listener.frame?.({ way: "out", kind: "text", name: PING_EVENT, bytes: size(question) });
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

/** What became of a WebSocket that brought nothing: a refused upgrade is none that was accepted. @param {number | null} acceptedAt */
function fate(acceptedAt) {
  if (acceptedAt === null) return "";
  return performance.now() - acceptedAt < AT_ONCE_MS ? CLOSED : SILENT;
}
