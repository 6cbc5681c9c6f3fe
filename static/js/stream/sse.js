// The reading over server-sent events. An EventSource comes back by itself, with Last-Event-ID, unless it
// was answered with anything but a stream; then it is made anew here.

import { Backoff, diagnose } from "./retry.js";

/** What the server asks event sources to wait, `retry:` in its stream. */
const RETRY_MS = 1000;

/**
 * @param {import("../reading.js").Reading} reading
 * @param {import("./stream.js").Listener} listener
 * @param {import("./stream.js").Places} places
 * @returns {import("./stream.js").Stream}
 */
export function openEvents(reading, listener, places) {
  const backoff = new Backoff();
  const url = new URL("sse/stream", places.root);
  /** @type {EventSource} */
  let source;
  let timer = 0;
  let closed = false;

  function connect() {
    clearTimeout(timer);
    source?.close();
    let asked = performance.now();
    url.search = reading.query();
    listener.connecting(url.pathname);
    source = new EventSource(url);

    source.addEventListener("open", () => {
      listener.hop("handshake", asked, performance.now());
      listener.connected("sse");
    });
    source.addEventListener("reading", ({ data }) => listener.opening(JSON.parse(data)));
    source.addEventListener("divinecomedy", ({ data }) => {
      const at = performance.now();
      backoff.reset();
      const { text, event: _, ...place } = JSON.parse(data);
      listener.stanza(text, place, at);
    });
    source.addEventListener("end", () => {
      closed = true;
      source.close();
      listener.ended();
    });
    source.addEventListener("error", () => {
      // Its own attempt is the server's `retry:` away, and what fails then comes here again.
      if (source.readyState === EventSource.CLOSED) failed(asked);
      else listener.lost("stream ended", performance.now() + RETRY_MS);
      asked = performance.now();
    });
  }

  /** @param {number} asked when the connection was */
  async function failed(asked) {
    if (closed) return;
    url.search = reading.query();
    const { kind, reason } = await diagnose(url);
    if (closed) return;
    listener.hop("handshake", asked, performance.now(), reason);
    if (kind === "foreign") {
      reading.startOver();
      listener.foreign(reason);
      connect();
    } else if (kind === "refused") {
      listener.refused(reason);
    } else {
      const delay = backoff.next();
      timer = window.setTimeout(connect, delay);
      listener.lost(reason, performance.now() + delay);
    }
  }

  connect();
  return {
    retry: connect,
    close() {
      closed = true;
      clearTimeout(timer);
      source.close();
    },
    // The stream goes one way only: a small request beside it makes the trip.
    async trip() {
      const start = performance.now();
      await fetch(new URL("hosting.json", places.root), { method: "HEAD", cache: "no-store" });
      return performance.now() - start;
    },
  };
}
