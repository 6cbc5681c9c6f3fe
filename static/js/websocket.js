// The reading over plain WebSocket. A WebSocket does not come back by itself: here it does, with a
// back-off, and asks for the stanza that comes next.

import { Reading } from "./reading.js";
import { Backoff, isForeignEdition, refusal } from "./retry.js";

const NORMAL = 1000;

const main = document.querySelector("main");
const reading = new Reading(main);
const backoff = new Backoff();

connect();

function connect() {
  const url = new URL(main.dataset.endpoint, location.href);
  url.search = `format=json&${reading.query()}`;
  const socket = new WebSocket(Object.assign(new URL(url), { protocol: url.protocol.replace("http", "ws") }));
  let opened = false;

  socket.addEventListener("open", () => {
    opened = true;
    reading.say("Streaming over a plain WebSocket.", "streaming-websocket");
  });
  socket.addEventListener("message", ({ data }) => {
    backoff.reset();
    const { event, ...content } = JSON.parse(data);
    if (event === "reading") reading.opened(content);
    else reading.heard(content.text, content);
  });
  socket.addEventListener("close", async ({ code }) => {
    if (code === NORMAL) {
      reading.finish();
      return;
    }
    const refused = opened ? null : await refusal(url);
    if (refused && isForeignEdition(refused)) {
      reading.startOver(refused);
    } else if (refused) {
      reading.say(`The server refused the stream: ${refused}`, "refused");
      return;
    } else {
      const what = opened ? "The stream broke off" : "No WebSocket could be opened";
      reading.say(`${what} (code ${code}). Trying again; it will go on at the next stanza.`, "lost");
    }
    setTimeout(connect, backoff.next());
  });
}
