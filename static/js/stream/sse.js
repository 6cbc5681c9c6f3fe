// The reading over server-sent events. An EventSource reconnects by itself, with Last-Event-ID, unless the answer
// was not an event stream; then a new one is created here.

import { size } from "./frames.js";
import { notices, wishes } from "./notices.js";
import { Attempts } from "./retry.js";

/** The delay that the server asks for, `retry:` in its stream. */
const RETRY_MS = 1000;

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

  const attempts = new Attempts(reading, listener, () => {
    source?.close();
    let askedAt = performance.now();
    url.search = reading.query(wishes(listener));
    listener.connecting(url.pathname);
    source = new EventSource(url);

    for (const name of ["reading", "divinecomedy", "readers", "announcement", "end"]) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        const note = lastEventId && `id ${lastEventId}`;
        listener.frame?.({ way: "in", kind: "event", name, bytes: size(data), note });
      });
    }
    source.addEventListener("open", () => {
      listener.frame?.({ way: "", kind: "open" });
      const now = performance.now();
      // It may have asked sooner than was said.
      askedAt = Math.min(askedAt, now);
      listener.hop("handshake", askedAt, now);
    });
    source.addEventListener("reading", ({ data }) => {
      // Not when the headers arrive: a proxy may still hold back the body.
      listener.connected("sse", askedAt);
      listener.opening(JSON.parse(data));
    });
    source.addEventListener("divinecomedy", ({ data }) => {
      const at = performance.now();
      attempts.worked();
      const { text, event: _, ...place } = JSON.parse(data);
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
      listener.frame?.({ way: "", kind: source.readyState === EventSource.CLOSED ? "close" : "error" });
      // It retries by itself after the server's `retry:`, and reports here again if that fails.
      if (source.readyState !== EventSource.CLOSED) {
        // No event says when it asks again.
        askedAt = performance.now() + RETRY_MS;
        listener.lost("stream ended", askedAt);
        return;
      }
      url.search = reading.query(wishes(listener));
      attempts.failed("handshake", askedAt, url);
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
      const answer = await fetch(new URL("hosting.json", places.root), { method: "HEAD", cache: "no-store" });
      // A body that is not read, even an empty one, may be reported as aborted.
      await answer.text();
      return performance.now() - start;
    },
  };
}
