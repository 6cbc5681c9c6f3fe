// A client of Engine.IO that does nothing by itself: what it sends and what comes are packets, over either transport.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after } from "node:test";

import { WebSocket } from "ws";

/** Packets separated as Engine.IO 4 does. */
const SEPARATOR = "\x1e";

/** The packets of a payload (Engine.IO 4, "Packet encoding"; 3, "Payload", where a length is in UTF-16 units). */
function decode(version, payload) {
  if (version === 4) return payload.split(SEPARATOR);
  const packets = [];
  let rest = payload;
  while (rest) {
    const [, length] = rest.match(/^(\d+):/);
    const start = length.length + 1;
    packets.push(rest.slice(start, start + Number(length)));
    rest = rest.slice(start + Number(length));
  }
  return packets;
}

function encode(version, packets) {
  if (version === 4) return packets.join(SEPARATOR);
  return packets.map((packet) => `${packet.length}:${packet}`).join("");
}

/** One that polls. */
export class Polling {
  transport = "polling";
  #t = 0;
  #waiting = [];

  constructor(url, version, open) {
    this.url = url;
    this.version = version;
    this.open = open;
    this.sid = open.sid;
  }

  static async open(origin, version) {
    const url = `${origin}/socket.io/?EIO=${version}&transport=polling`;
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    const [first, ...others] = decode(version, await answer.text());
    assert.equal(first[0], "0");
    const client = new Polling(url, version, JSON.parse(first.slice(1)));
    client.#waiting.push(...others);
    return client;
  }

  request(options) {
    this.#t += 1;
    return fetch(`${this.url}&sid=${this.sid}&t=p${this.#t}`, options);
  }

  /** Sends packets in one payload, and gives the status. */
  async post(...packets) {
    const answer = await this.request({ method: "POST", body: encode(this.version, packets) });
    await answer.text();
    return answer.status;
  }

  async send(...packets) {
    assert.equal(await this.post(...packets), 200);
  }

  /** The next packet, or null after the end. */
  async next() {
    while (this.#waiting.length === 0) {
      const answer = await this.request();
      const text = await answer.text();
      if (answer.status !== 200) return null;
      this.#waiting.push(...decode(this.version, text));
    }
    return this.#waiting.shift();
  }
}

/** One on a WebSocket. */
export class Socket {
  transport = "websocket";
  #waiting = [];
  #news = new EventEmitter();
  #closed = false;

  constructor(url, version) {
    this.version = version;
    this.socket = new WebSocket(url);
    this.socket.on("message", (data, isBinary) => {
      this.#waiting.push(isBinary ? data : String(data));
      this.#news.emit("news");
    });
    // A close follows.
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.#closed = true;
      this.#news.emit("news");
    });
    after(() => this.socket.terminate());
  }

  /** One that has opened a session, or is to take one over. */
  static async open(origin, version, sid) {
    const query = `EIO=${version}&transport=websocket${sid ? `&sid=${sid}` : ""}`;
    const client = new Socket(`${origin.replace("http", "ws")}/socket.io/?${query}`, version);
    await once(client.socket, "open");
    if (sid) return client;
    const first = await client.next();
    assert.equal(first[0], "0");
    client.open = JSON.parse(first.slice(1));
    client.sid = client.open.sid;
    return client;
  }

  async send(...packets) {
    for (const packet of packets) this.socket.send(packet);
  }

  async next() {
    while (this.#waiting.length === 0) {
      if (this.#closed) return null;
      await once(this.#news, "news");
    }
    return this.#waiting.shift();
  }
}

/** Both, for tests of each. */
export const TRANSPORTS = { polling: Polling, websocket: Socket };

/** Answers the pings of Engine.IO 4 until a packet comes that is wanted; gives it, or null after the end. */
export async function nextThat(client, isWanted) {
  for (;;) {
    const packet = await client.next();
    if (packet === null || isWanted(packet)) return packet;
    if (packet === "2") await client.send("3");
  }
}

/** Takes all that comes until the end. */
export const untilTheEnd = (client) => nextThat(client, () => false);
