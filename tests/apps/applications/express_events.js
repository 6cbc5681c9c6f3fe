// An event stream of Express: /events, an event twice a second; /quiet, one event and then silence; a page at /. Its argument is a
// JSON object: `port`, and `compresses` for the middleware that many put before everything.

import { createRequire } from "node:module";

// The proxies of the other suite need these, too; they are installed there.
const require = createRequire(new URL("../../accuracy/package.json", import.meta.url));
const express = require("express");

const { port, compresses } = JSON.parse(process.argv[2]);
const app = express();
if (compresses) app.use(require("compression")());

const stream = (pauseMs) => (request, response) => {
  response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.flushHeaders();
  let number = 0;
  const tell = () => {
    const data = JSON.stringify({ number: ++number, text: "nel mezzo del cammin di nostra vita ".repeat(2) });
    response.write(`event: line\ndata: ${data}\n\n`);
  };
  tell();
  const timer = setInterval(tell, pauseMs);
  request.on("close", () => clearInterval(timer));
};
app.get("/", (_request, response) => {
  response.send("<!doctype html><title>Lines</title><script>new EventSource('events')</script>");
});
app.get("/events", stream(500));
app.get("/quiet", stream(600_000));
app.listen(port, "127.0.0.1");
