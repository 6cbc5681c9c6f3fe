// What an ordinary client sees of a stream, in a word: `ws`, `socket.io-client` and `fetch`.

import { io } from "socket.io-client-4";
import WebSocket from "ws";

/** So many messages in so many moments flow. */
const ENOUGH = 4;
/** What comes closer together came in one piece. */
const MOMENT_MS = 20;
/** How long a client waits for enough of them: each application says something at least twice a second. */
const PATIENCE_MS = 6000;
/** How long it waits for an end, where one is expected. */
const END_MS = 9000;

/**
 * What a client saw: "flows", "held back", "refused", "cut" or "broken frames"; and in which circumstances.
 * @typedef {{word: string, detail: string}} Truth
 */

/**
 * Watches until enough has come, or the stream has ended, or patience has.
 * @param {(on: {message: () => void, ended: (truth: Truth) => void, detail: (text: string) => void}) => () => void} open gives what closes it
 * @param {boolean} toTheEnd
 * @returns {Promise<Truth>}
 */
function watch(open, toTheEnd) {
  return new Promise((resolve) => {
    const moments = [];
    const details = [];
    let close = () => {};
    const done = (truth) => {
      clearTimeout(timer);
      close();
      resolve({ word: truth.word, detail: [...details, truth.detail].filter(Boolean).join("; ") });
    };
    const judge = () => done({ word: moments.length >= ENOUGH ? "flows" : "held back", detail: "" });
    const timer = setTimeout(judge, toTheEnd ? END_MS : PATIENCE_MS);
    close = open({
      message() {
        const now = performance.now();
        if (moments.length === 0 || now - moments.at(-1) > MOMENT_MS) moments.push(now);
        if (!toTheEnd && moments.length >= ENOUGH) judge();
      },
      ended: done,
      detail: (text) => details.push(text),
    });
  });
}

/** An event stream, or what answers a POST; pieces end with `separator`. */
export function watchAnswer(url, { separator = "\n\n", body, toTheEnd = false } = {}) {
  return watch(({ message, ended, detail }) => {
    const ending = new AbortController();
    const read = async () => {
      const answer = await fetch(url, {
        signal: ending.signal,
        headers: {
          accept: "text/event-stream",
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { method: "POST", body }),
      });
      if (answer.status !== 200) return ended({ word: "refused", detail: `${answer.status}` });
      const coding = answer.headers.get("content-encoding");
      if (coding) detail(coding);
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        if (part.includes(separator)) message();
      }
      ended({ word: "complete", detail: "" });
    };
    read().catch((error) => ended({ word: "cut", detail: error.cause?.code ?? error.message }));
    return () => ending.abort();
  }, toTheEnd);
}

/** A WebSocket, which offers compression as browsers do. */
export function watchWebSocket(url, { toTheEnd = false } = {}) {
  return watch(({ message, ended, detail }) => {
    const socket = new WebSocket(url.replace(/^http/, "ws"), {
      perMessageDeflate: true,
      rejectUnauthorized: false,
    });
    socket.on("unexpected-response", (_request, { statusCode }) => {
      ended({ word: "refused", detail: `${statusCode}` });
    });
    socket.on("open", () => socket.extensions && detail(socket.extensions.split(";", 1)[0]));
    socket.on("message", message);
    socket.on("error", (error) => ended({ word: wordOf(error), detail: error.message }));
    socket.on("close", (code) => ended({ word: "cut", detail: `close code ${code}` }));
    return () => {
      socket.removeAllListeners();
      // What closes before it is open says so as an error.
      socket.on("error", () => {});
      socket.terminate();
    };
  }, toTheEnd);
}

/** Frames that do not follow the protocol are the way's fault; anything else is a refusal. */
const wordOf = ({ code = "" }) => (code.startsWith("WS_ERR") ? "broken frames" : "refused");

/** What the transport said, of which the client makes an error of its own. */
const causeOf = (error) => error?.context?.error ?? error?.description?.error;

/** Socket.IO over one transport. */
function watchTransport(url, transport, toTheEnd) {
  return watch(({ message, ended }) => {
    const socket = io(url, {
      transports: [transport],
      reconnection: false,
      forceNew: true,
      rejectUnauthorized: false,
    });
    socket.on("news", message);
    socket.on("connect_error", (error) => {
      const cause = causeOf(error) ?? error;
      ended({ word: wordOf(cause), detail: cause.message });
    });
    socket.on("disconnect", (reason, details) => {
      const cause = causeOf(details);
      ended(cause ? { word: wordOf(cause), detail: cause.message } : { word: "cut", detail: reason });
    });
    return () => socket.removeAllListeners().close();
  }, toTheEnd);
}

/** Socket.IO over both, one after the other: the word is that of WebSocket, unless both have the same. */
export async function watchSocketio(url, { toTheEnd = false } = {}) {
  const [socket, polling] = await Promise.all(
    ["websocket", "polling"].map((transport) => watchTransport(url, transport, toTheEnd)),
  );
  return {
    word: socket.word === polling.word ? socket.word : `${socket.word}, polling ${polling.word}`,
    detail: [socket.detail && `websocket: ${socket.detail}`, polling.detail && `polling: ${polling.detail}`]
      .filter(Boolean)
      .join("; "),
  };
}
