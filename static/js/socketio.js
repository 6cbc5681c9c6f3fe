// The reading over Socket.IO. The official client does the reconnecting; on each connection it asks
// anew, by the `auth` function, from where to go on.

/* global io */
import { Reading } from "./reading.js";
import { isForeignEdition } from "./retry.js";

const main = document.querySelector("main");
const reading = new Reading(main);
// Relative to the page, so that any prefix is right.
const path = new URL(`${main.dataset.root}socket.io/`, location.href).pathname;

if (typeof io === "undefined") {
  reading.say(`The client library did not load from ${path}socket.io.js. The prefix or the proxy's route to it is likely wrong.`, "refused");
} else {
  connect();
}

function connect() {
  const socket = io({
    path,
    transports: main.dataset.transports.split(","),
    // When the first is blocked, the next is tried.
    tryAllTransports: true,
    auth: (answer) => answer(reading.request()),
  });
  const streaming = () => {
    const name = socket.io.engine.transport.name;
    const how = name === "websocket" ? "over WebSocket" : "by long polling";
    reading.say(`Streaming ${how}.`, `streaming-${name}`);
  };

  socket.on("connect", () => {
    streaming();
    socket.io.engine.on("upgrade", streaming);
  });
  socket.on("reading", (opening) => reading.opened(opening));
  socket.on("divinecomedy", (text, place) => reading.heard(text, place));
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") reading.finish();
    else reading.say(`The stream broke off (${reason}). Trying again; it will go on at the next stanza.`, "lost");
  });
  socket.on("connect_error", (error) => {
    if (socket.active) {
      reading.say(`No connection (${error.message}). Trying again.`, "lost");
    } else if (isForeignEdition(error.message)) {
      reading.startOver(error.message);
      socket.connect();
    } else {
      reading.say(`The server refused the stream: ${error.message}`, "refused");
    }
  });
}
