// Clients of server-sent events of other years, and the newest. Version 4 of eventsource and ws are in tests/js.

import { describe, test } from "node:test";

import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSource } from "eventsource";
import EventSource1 from "eventsource-1";
import EventSource2 from "eventsource-2";
import { WebSocket } from "ws";

import { Heard, startHosts } from "./reading.js";

/** Takes an event of a plain stream. */
function take(heard, data) {
  const { event, ...content } = JSON.parse(data);
  if (event === "reading") heard.opened(content);
  else if (event === "divinecomedy") heard.stanza(content.text, content.index);
}

/** Reads with a class that has the interface of the browsers' `EventSource`. */
const withClass = (Class) => (url) => {
  const heard = new Heard();
  const source = new Class(`${url}/sse/stream`);
  return new Promise((resolve) => {
    source.addEventListener("reading", ({ data }) => take(heard, data));
    source.addEventListener("divinecomedy", ({ data }) => take(heard, data));
    source.addEventListener("error", () => heard.ended("error"));
    source.addEventListener("end", () => {
      source.close();
      heard.ended("end");
      resolve(heard);
    });
  });
};

/** It is for browsers, and asks for these of theirs. */
async function withFetch(url) {
  globalThis.window ??= { fetch, setTimeout, clearTimeout };
  globalThis.document ??= { hidden: false, addEventListener() {}, removeEventListener() {} };
  const heard = new Heard();
  const leaving = new AbortController();
  await fetchEventSource(`${url}/sse/stream`, {
    signal: leaving.signal,
    onmessage({ event, data }) {
      if (event !== "end") return take(heard, data);
      leaving.abort();
      return heard.ended("end");
    },
    onerror(error) {
      throw error;
    },
  });
  return heard;
}

const withWs = (format) => async (url) => {
  const heard = new Heard();
  const socket = new WebSocket(`${url.replace("http", "ws")}/websocket/ws${format}`);
  let index = 0;
  socket.on("message", (data) => {
    if (format) take(heard, data);
    else heard.stanza(String(data), index++);
  });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => {
      heard.ended(`close ${code}`);
      resolve(heard);
    });
  });
};

const CLIENTS = {
  "eventsource 1.1": [withClass(EventSource1), { end: "end" }],
  "eventsource 2.0": [withClass(EventSource2), { end: "end" }],
  "eventsource 5.1": [withClass(EventSource), { end: "end" }],
  "fetch-event-source 2.0": [withFetch, { end: "end" }],
  "ws 8, JSON": [withWs("?format=json"), { end: "close 1000" }],
  "ws 8, texts": [withWs(""), { end: "close 1000", tells: false }],
};

for (const host of await startHosts()) {
  describe(host.place, { concurrency: true, timeout: 90_000 }, () => {
    for (const [name, [read, expected]] of Object.entries(CLIENTS)) {
      test(name, async () => (await read(host.origin + host.prefix)).assertWhole(host.texts, expected));
    }
  });
}
