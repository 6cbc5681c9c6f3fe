// The reading over server-sent events. An EventSource reconnects by itself for as long as nobody answers, every second and
// without a word; so each attempt has a new one, and this module decides when the next one is due.

import { patience } from "../awake.js";
import { STREAM_HELD, STREAM_PENDING } from "./causes.js";
import { notices, wishes } from "./notices.js";
import { PING_TIMEOUT_MS } from "./ping.js";
import { Attempts } from "./retry.js";

/**
 * @param {import("../reading.js").Reading} reading
 * @param {import("./stream.js").Listener} listener
 * @param {import("./stream.js").Places} places
 * @returns {import("./stream.js").Stream}
 */
export function openEvents(reading, listener, places) {
  const url = new URL("sse/stream", places.root);
  /** @type {EventSource} */
  let source;

  const attempts = new Attempts(reading, listener, (isOver) => {
    source?.close();
    const askedAt = performance.now();
    let stands = false;
    url.search = reading.query(wishes(listener));
    listener.connecting(url.pathname);
    source = new EventSource(url);
    const current = source;
    let stop = patience(attempts.patienceMs, () => {
      if (isOver()) return;
      current.close();
      attempts.unanswered("handshake", askedAt, url, STREAM_PENDING);
    });

    source.addEventListener("open", () => {
      stop();
      listener.hop("handshake", askedAt, performance.now());
      // What holds the events back may let them go later, all at once: the stream stays open.
      stop = patience(attempts.patienceMs, () => {
        if (!isOver()) listener.unanswered?.(STREAM_HELD);
      });
    });
    source.addEventListener("reading", ({ data }) => {
      stop();
      stands = true;
      listener.heard?.(performance.now());
      // Not when the headers arrive: a proxy may still hold back the body.
      listener.connected("sse");
      listener.opening(JSON.parse(data));
    });
    source.addEventListener("divinecomedy", ({ data }) => {
      const at = performance.now();
      attempts.worked();
      const { text, event: _, ...place } = JSON.parse(data);
      listener.heard?.(at);
      listener.stanza(text, place, at);
    });
    for (const [event, tell] of notices(listener)) {
      source.addEventListener(event, ({ data }) => tell(JSON.parse(data)));
    }
    source.addEventListener("end", () => {
      attempts.close();
      source.close();
      listener.ended();
    });
    source.addEventListener("error", () => {
      stop();
      if (isOver()) return;
      current.close();
      if (stands) attempts.lost("stream ended");
      else attempts.failed("handshake", askedAt, url);
    });
  });

  attempts.start();
  return {
    retry: () => attempts.start(),
    resume: () => attempts.start(),
    close() {
      attempts.close();
      source.close();
    },
    // The stream goes one way only, so a small request beside it is timed.
    async ping() {
      const start = performance.now();
      const answer = await fetch(new URL("hosting.json", places.root), {
        method: "HEAD",
        cache: "no-store",
        signal: AbortSignal.timeout(PING_TIMEOUT_MS),
      });
      // A body that is not read, even an empty one, may be reported as aborted.
      await answer.text();
      return performance.now() - start;
    },
  };
}
