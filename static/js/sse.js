// The reading over server-sent events. An EventSource comes back by itself, with Last-Event-ID, unless it
// was answered with anything but a stream; then it is made anew here.

import { Reading } from "./reading.js";
import { Backoff, isForeignEdition, refusal } from "./retry.js";

const main = document.querySelector("main");
const reading = new Reading(main);
const backoff = new Backoff();

connect();

function connect() {
  const url = new URL(main.dataset.endpoint, location.href);
  url.search = reading.query();
  const source = new EventSource(url);

  source.addEventListener("open", () => reading.say("Streaming by server-sent events.", "streaming-sse"));
  source.addEventListener("reading", ({ data }) => reading.opened(JSON.parse(data)));
  source.addEventListener("divinecomedy", ({ data }) => {
    backoff.reset();
    const { text, ...place } = JSON.parse(data);
    reading.heard(text, place);
  });
  source.addEventListener("end", () => {
    source.close();
    reading.finish();
  });
  source.addEventListener("error", async () => {
    reading.say("The stream broke off. Trying again; it will go on at the next stanza.", "lost");
    if (source.readyState !== EventSource.CLOSED) return;
    url.search = reading.query();
    const refused = await refusal(url);
    if (refused && isForeignEdition(refused)) {
      reading.startOver(refused);
    } else if (refused) {
      reading.say(`The server refused the stream: ${refused}`, "refused");
      return;
    }
    setTimeout(connect, backoff.next());
  });
}
