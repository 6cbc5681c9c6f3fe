// Readers of every kind that write down what they hear, and the checks of what they wrote.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { EventSource } from "eventsource";
import io2 from "socket.io-client-2";
import { io as io3 } from "socket.io-client-3";
import { io as io4 } from "socket.io-client-4";
import { WebSocket } from "ws";

/** The official clients by their major version. */
export const VERSIONS = { 4: io4, 3: io3, 2: io2 };

/** What a server says at the end of a Socket.IO reading. */
export const END = "io server disconnect";

/** The events that come beside the poem. */
export const NOTICES = ["readers", "announcement", "room"];

const RETRY_MS = 50;

/** What one reader has received. */
export class Recording {
  /** Everything in its order: `reading`, the indices of stanzas, and the reasons why streams ended. */
  log = [];
  /** When each came, in milliseconds. */
  times = [];
  openings = [];
  stanzas = [];
  /** The names of the transports that Socket.IO used, one entry for each change. */
  transports = [];
  /** What came beside the poem: the events, each with its name. */
  notices = [];
  ended = false;
  #news = new EventEmitter();

  #add(entry) {
    this.log.push(entry);
    this.times.push(performance.now());
    this.#news.emit("news");
  }

  opened(opening) {
    this.openings.push(opening);
    this.#add("reading");
  }

  stanza(text, place) {
    this.stanzas.push({ text, place, at: performance.now() });
    this.#add(place?.index);
  }

  notice(event, content) {
    this.notices.push({ event, ...content });
    this.#news.emit("news");
  }

  over(reason, ended) {
    this.ended ||= ended;
    this.#add(reason);
  }

  using(transport) {
    if (this.transports.at(-1) !== transport) this.transports.push(transport);
    this.#news.emit("news");
  }

  /** What to ask for in order to go on from here. */
  request() {
    const opening = this.openings.at(-1);
    if (!opening) return {};
    const last = this.stanzas.at(-1)?.place.index ?? -1;
    return { from: Math.max(opening.from, last + 1), edition: opening.edition };
  }

  async until(condition) {
    while (!condition(this)) await once(this.#news, "news");
  }

  /** Waits for so many stanzas more than there are now, or the end. */
  more(count) {
    const goal = this.stanzas.length + count;
    return this.until(() => this.ended || this.stanzas.length >= goal);
  }

  end() {
    return this.until(() => this.ended);
  }

  /** Asserts that every stanza of a `poemFile(of)` came once and in order. */
  assertWhole(of, from = 0) {
    const indices = this.stanzas.map(({ place }) => place.index);
    assert.deepEqual(
      indices,
      Array.from({ length: of - from }, (_, at) => from + at),
    );
    this.stanzas.forEach(({ text, place }, at) => {
      const index = from + at;
      assert.equal(text, `Stanza ${index}`);
      const line = index + 1;
      assert.deepEqual(place, {
        index,
        of,
        canticle: null,
        canto: null,
        stanza: line,
        line,
      });
    });
  }
}

/** An official client, closed after the test. It tries again soon, so that a needless attempt shows. */
export function connect(version, url, options = {}) {
  const socket = VERSIONS[version](url, {
    forceNew: true,
    reconnectionDelay: RETRY_MS,
    reconnectionDelayMax: 4 * RETRY_MS,
    ...options,
  });
  after(() => socket.close());
  return socket;
}

/** Records what a Socket.IO client receives. */
export function follow(socket) {
  const recording = new Recording();
  const transport = () => recording.using(socket.io.engine.transport.name);
  // The client has made its engine by now, and it opens later.
  socket.io.engine.once("open", transport);
  socket.on("connect", () => {
    transport();
    socket.io.engine.once("upgrade", transport);
  });
  socket.on("reading", (opening) => recording.opened(opening));
  socket.on("divinecomedy", (text, place) => {
    transport();
    recording.stanza(text, place);
  });
  for (const event of NOTICES) socket.on(event, (content) => recording.notice(event, content));
  socket.on("disconnect", (reason) => recording.over(reason, reason === END));
  return recording;
}

/** A Socket.IO reader that tells on each connection from where to go on. */
export function readSocketIo(version, origin, options = {}) {
  // Clients of Socket.IO 2 know no `auth`.
  const auth = (answer) => answer(recording.request());
  const socket = connect(version, origin, version === "2" ? options : { auth, ...options });
  const recording = follow(socket);
  if (version === "2") {
    socket.io.on("reconnect_attempt", () => {
      socket.io.opts.query = recording.request();
    });
  }
  return recording;
}

/**
 * A reader over plain WebSocket that comes back as the page does, only sooner. It asks first for `request`; `options` are those of
 * `http.request`.
 */
export function readWebSocket(origin, request = {}, options = {}) {
  const recording = new Recording();
  const leaving = new AbortController();
  let socket;
  const open = () => {
    const query = new URLSearchParams({
      format: "json",
      ...request,
      ...recording.request(),
    });
    socket = new WebSocket(`${origin.replace("http", "ws")}/websocket/ws?${query}`, options);
    socket.on("message", (data) => {
      const { event, text, ...content } = JSON.parse(data);
      if (event === "reading") recording.opened(content);
      else if (NOTICES.includes(event)) recording.notice(event, { text, ...content });
      else if (event === "divinecomedy") recording.stanza(text, content);
    });
    // Whatever the error is, the close follows.
    socket.on("error", () => {});
    socket.on("close", (code) => {
      recording.over(`close ${code}`, code === 1000);
      if (code !== 1000) delay(RETRY_MS, null, leaving).then(open, () => {});
    });
  };
  open();
  after(() => {
    leaving.abort();
    socket.terminate();
  });
  return recording;
}

/** A reader over server-sent events; the event source comes back by itself. */
export function readSse(origin, query = "") {
  const recording = new Recording();
  const source = new EventSource(`${origin}/sse/stream${query}`);
  source.addEventListener("reading", ({ data }) => {
    const { event, ...opening } = JSON.parse(data);
    assert.equal(event, "reading");
    recording.opened(opening);
  });
  source.addEventListener("divinecomedy", ({ data }) => {
    const { event, text, ...place } = JSON.parse(data);
    assert.equal(event, "divinecomedy");
    recording.stanza(text, place);
  });
  source.addEventListener("end", () => {
    source.close();
    recording.over("end", true);
  });
  source.addEventListener("error", () => recording.over("error", false));
  after(() => source.close());
  return recording;
}

/** How the server refuses to make this a WebSocket. */
export async function refusedWebSocket(url) {
  const socket = new WebSocket(url.replace("http", "ws"));
  const answered = once(socket, "unexpected-response");
  const opened = once(socket, "open").then(() => assert.fail(`${url} is a WebSocket`));
  after(() => socket.terminate());
  // A socket that never opens fails this promise when it is terminated.
  opened.catch(() => {});
  const [, answer] = await Promise.race([answered, opened]);
  answer.setEncoding("utf8");
  let text = "";
  for await (const part of answer) text += part;
  return { status: answer.statusCode, text };
}
