// Counts the requests of each stream, from the browser's own records.

/** WebSockets leave no record, and event streams leave one only when they end. */
const COUNTED = ["fetch", "xmlhttprequest"];

/**
 * Tells to which choice of transport each request of the page's scripts belongs, when it is over.
 * @param {import("./stream/stream.js").Places} places
 * @param {(choice: string) => void} noted
 */
export function watchRequests({ root, websocket }, noted) {
  const choices = new Map([
    [websocket.pathname, "websocket"],
    [new URL("sse/stream", root).pathname, "sse"],
  ]);
  const engine = new URL("socket.io/", root).pathname;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(entry instanceof PerformanceResourceTiming) || !COUNTED.includes(entry.initiatorType)) continue;
      const { pathname, searchParams } = new URL(entry.name);
      const choice =
        pathname === engine ? `socketio-${searchParams.get("transport")}` : choices.get(pathname);
      if (choice) noted(choice);
    }
    // The browser keeps them up to a limit, which long polling soon reaches.
    performance.clearResourceTimings();
  });
  observer.observe({ type: "resource" });
}
