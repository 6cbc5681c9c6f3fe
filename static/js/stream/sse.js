// The reading over server-sent events. An EventSource comes back by itself, with Last-Event-ID, unless it
// was answered with anything but a stream; then it is made anew here.

import { Attempts } from "./retry.js";

/** What the server asks event sources to wait, `retry:` in its stream. */
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
    url.search = reading.query();
    listener.connecting(url.pathname);
    source = new EventSource(url);

    source.addEventListener("open", () => listener.hop("handshake", askedAt, performance.now()));
    source.addEventListener("reading", ({ data }) => {
      // Not with the head of the answer: what follows it may be held back on the way.
      listener.connected("sse");
      listener.opening(JSON.parse(data));
    });
    source.addEventListener("divinecomedy", ({ data }) => {
      const at = performance.now();
      attempts.worked();
      const { text, event: _, ...place } = JSON.parse(data);
      listener.stanza(text, place, at);
    });
    source.addEventListener("end", () => {
      attempts.close();
      source.close();
      listener.ended();
    });
    source.addEventListener("error", () => {
      // Its own attempt is the server's `retry:` away, and what fails then comes here again.
      if (source.readyState !== EventSource.CLOSED) {
        listener.lost("stream ended", performance.now() + RETRY_MS);
        askedAt = performance.now();
        return;
      }
      url.search = reading.query();
      attempts.failed("handshake", askedAt, url);
    });
  });

  attempts.start();
  return {
    retry: () => attempts.start(),
    close() {
      attempts.close();
      source.close();
    },
    // The stream goes one way only, so a small request beside it is timed.
    async ping() {
      const start = performance.now();
      const answer = await fetch(new URL("hosting.json", places.root), { method: "HEAD", cache: "no-store" });
      // What is not read to its end, be it empty, may count as broken off.
      await answer.text();
      return performance.now() - start;
    },
  };
}
