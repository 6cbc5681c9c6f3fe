// The reading over Socket.IO, by the official client. On each connection, the `auth` function says where to resume.
// Retries are scheduled here and not by the client, so that the page can show them.

import { policyAgainst } from "../policy.js";
import { BROKEN, HANDSHAKE_PENDING, PATIENCE_MS, VAGUE } from "./causes.js";
import { diagnose, isForeignEdition, waitForRoom } from "./diagnose.js";
import { watchEngine } from "./frames.js";
import { watchHandshake } from "./handshake.js";
import { notices, wishes } from "./notices.js";
import { PING_EVENT, PING_TIMEOUT_MS } from "./ping.js";
import { Attempts } from "./retry.js";

/** A WebSocket that breaks off sooner has hardly worked. */
const EARLY_MS = 5000;
/** Once may be a server that starts anew; so often in a row, it is the way of WebSockets. */
const EARLY_BREAKS = 2;

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
    const missing = () => listener.refused(`${url.pathname}socket.io.js`);
    missing();
    // What it says may grow: see guard.js.
    document.addEventListener("explained", missing);
    return {
      retry: () => location.reload(),
      resume: () => {},
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
    // Each step has a limit of its own, below.
    timeout: 120_000,
    auth: (answer) => answer({ ...wishes(listener), ...reading.request() }),
  });
  let askedAt = 0;
  /** The transports that are tried: without WebSocket, once it was granted and led nowhere. */
  let names = transports;
  /** Why WebSocket failed, for when polling connects in its place. */
  let obstacle = "";
  /** @type {number | null} when the WebSocket in use began to work */
  let worksSince = null;
  /** How many broke off early, one after the other. */
  let breaks = 0;
  /** Whether the WebSocket leads nowhere, and the next transport is about to be tried. */
  let leaving = false;
  /** Whether the reading of this connection has begun: what the client still holds of the one before is not part of it. */
  let begun = false;
  /** @type {number | null} how long an upgrade took that was done before the connection was established */
  let early = null;

  const attempts = new Attempts(reading, listener, () => {
    askedAt = performance.now();
    if (names === transports) obstacle = VAGUE;
    listener.connecting(url.pathname);
    connect();
  });

  function connect() {
    // Stops what the client still does for the previous attempt.
    socket.disconnect();
    [leaving, worksSince, begun] = [false, null, false];
    socket.io.opts.transports = names;
    early = null;
    socket.connect();
    // The client makes an engine for each attempt.
    const engine = socket.io.engine;
    watchEngine(engine, listener);
    let opened = askedAt;
    if (engine.transport.name === "websocket") {
      // If the client tries its next transport all the same, an error came behind it (Firefox has one for a reset).
      engine.transport.once("open", () => (obstacle = "websocket closed"));
    }
    const mute = (/** @type {string} */ reason) => {
      if (attempts.closed || engine !== socket.io.engine) return;
      const left = reason === HANDSHAKE_PENDING ? [] : names.slice(names.indexOf("websocket") + 1);
      if (left.length) {
        listener.unanswered?.(reason);
        leave(left, reason);
        return;
      }
      // A host that answers nothing says nothing about WebSocket either.
      if (reason === HANDSHAKE_PENDING) names = transports;
      leaving = true;
      socket.disconnect();
      attempts.unanswered("handshake", askedAt, question, reason);
    };
    watchHandshake(socket, mute, attempts.patienceMs);
    engine.on("packet", () => listener.heard?.(performance.now()));
    engine.once("handshake", () => {
      opened = performance.now();
      listener.hop("handshake", askedAt, opened);
    });
    engine.on("upgrade", () => {
      const now = performance.now();
      worksSince = now;
      listener.hop("upgrade", opened, now);
      if (socket.connected) listener.upgraded(now - opened);
      else early = now - opened;
    });
    engine.on("upgradeError", (error) => {
      listener.hop("upgrade", opened, performance.now(), detail(error));
      obstructed(engine, detail(error), true);
    });
  }

  /**
   * Goes on without the WebSocket, for as long as the reader does not ask for another try.
   * @param {string[]} left the transports to try
   * @param {string} reason
   */
  function leave(left, reason) {
    const { engine } = socket.io;
    [names, obstacle, leaving] = [left, reason, true];
    listener.blocked(reason);
    // The client may be in the midst of closing the engine, and would close the next one with it.
    queueMicrotask(() => {
      if (!attempts.closed && engine === socket.io.engine) connect();
    });
  }

  /**
   * WebSocket does not get through, and the poem comes by polling.
   * @param {any} engine
   * @param {string} why as far as that is known
   * @param {boolean} vague whether more may be found out
   */
  function obstructed(engine, why, vague) {
    const policy = policyAgainst(url, true);
    listener.blocked(policy || why);
    if (vague && !policy) explain(engine, why);
  }

  /**
   * Browsers hide how an upgrade was refused, but its address answers a plain request.
   * @param {any} engine
   * @param {string} known
   */
  async function explain(engine, known) {
    const { reason } = await diagnose(question, PATIENCE_MS);
    if (attempts.closed || engine !== socket.io.engine || !/^[45]\d\d\b/.test(reason)) return;
    listener.blocked(`${known}, ${reason}`);
  }

  /** A connection was cut off. @param {string} reason */
  function cut(reason) {
    const soon = worksSince !== null && performance.now() - worksSince < EARLY_MS;
    breaks = soon ? breaks + 1 : 0;
    const left = names.filter((name) => name !== "websocket");
    if (breaks < EARLY_BREAKS || !left.length) {
      attempts.lost(reason);
      return;
    }
    listener.lost(reason, performance.now());
    askedAt = performance.now();
    leave(left, BROKEN);
  }

  socket.on("connect", () => {
    const name = /** @type {"websocket" | "polling"} */ (socket.io.engine.transport.name);
    // Connected by polling although WebSocket was tried first: WebSocket does not get through.
    if (name === "polling" && (names !== transports || names[0] === "websocket")) {
      obstructed(socket.io.engine, obstacle, obstacle === VAGUE);
    }
    if (name === "websocket") worksSince ??= performance.now();
    listener.connected(early === null ? name : "polling");
    if (early !== null) listener.upgraded(early);
  });
  socket.on("reading", (opening) => {
    begun = true;
    listener.opening(opening);
  });
  socket.on("divinecomedy", (text, place) => {
    if (!begun) return;
    attempts.worked();
    listener.stanza(text, place, performance.now());
  });
  for (const [event, tell] of notices(listener)) socket.on(event, tell);
  socket.on("disconnect", (reason) => {
    // Those are ends of our own making.
    if (leaving || reason === "io client disconnect") return;
    if (reason === "io server disconnect") listener.ended();
    else cut(reason);
  });
  socket.on("connect_error", (error) => {
    if (leaving) return;
    // An active socket means that the connection failed; otherwise the server itself refused it.
    if (socket.active) attempts.failed("handshake", askedAt, question, detail(error));
    else if (isForeignEdition(error.message)) attempts.startOver(error.message);
    else if (waitForRoom(error.message)) attempts.lost(error.message, waitForRoom(error.message));
    else listener.refused(error.message);
  });

  attempts.start();
  return {
    retry() {
      [names, breaks] = [transports, 0];
      attempts.start();
    },
    resume: () => attempts.start(),
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
