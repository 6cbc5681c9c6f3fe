// A line to a host: far away, narrow, or one that stalls.

import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { listen } from "./support.js";

/** How many bytes a narrow line carries at once. */
const PIECE = 100;

/** One direction of one connection. */
class Way {
  #queue = [];
  #running = false;

  constructor(line, from, to, firstMs) {
    const due = performance.now() + firstMs;
    from.on("data", (bytes) => this.#push(line, to, Math.max(performance.now() + line.delayMs, due), bytes));
    from.once("end", () => this.#push(line, to, performance.now() + line.delayMs));
    from.once("close", () => to.destroy());
  }

  #push(line, to, due, bytes) {
    // What comes after a lost packet waits until that was sent again.
    if (line.loses()) due += line.loss.againAfterMs;
    this.#queue.push({ due, bytes });
    if (!this.#running) this.#run(line, to);
  }

  async #run(line, to) {
    this.#running = true;
    while (this.#queue.length > 0) {
      const { due, bytes } = this.#queue.shift();
      for (;;) {
        const wait = Math.max(due, line.stalledUntil) - performance.now();
        if (wait <= 0) break;
        await delay(wait);
      }
      if (to.destroyed) continue;
      if (!bytes) to.end();
      else if (!line.bytesPerSecond) to.write(bytes);
      else await this.#squeeze(line, to, bytes);
    }
    this.#running = false;
  }

  async #squeeze(line, to, bytes) {
    for (let at = 0; at < bytes.length && !to.destroyed; at += PIECE) {
      to.write(bytes.subarray(at, at + PIECE));
      await delay((PIECE / line.bytesPerSecond) * 1000);
    }
  }
}

/** A line to a port. */
export class Line {
  stalledUntil = 0;

  /**
   * @param {object} options `roundTripMs`: bytes take half of it each way, and the first ones of a connection one more, as TCP's
   *   handshake does; `bytesPerSecond`, for each connection; `stall`: `{ on, afterMs, ms }`, once, so long after a request whose URL has
   *   this in it; `loss`: `{ each, againAfterMs }`, one of so many packets is lost, and sent again after this time
   */
  constructor({ roundTripMs = 0, bytesPerSecond = 0, stall, loss } = {}) {
    this.loss = loss;
    this.packets = 0;
    this.roundTripMs = roundTripMs;
    this.delayMs = roundTripMs / 2;
    this.bytesPerSecond = bytesPerSecond;
    this.stall = stall;
  }

  /** Whether the next packet is lost. */
  loses() {
    this.packets += 1;
    return this.loss !== undefined && this.packets % this.loss.each === 0;
  }

  /** Leads to this port; gives its own. */
  async to(port) {
    const server = net.createServer({ allowHalfOpen: true }, (client) => {
      client.setNoDelay(true);
      const upstream = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      upstream.setNoDelay(true);
      for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
      new Way(this, client, upstream, this.roundTripMs + this.delayMs);
      new Way(this, upstream, client, 0);
      client.on("data", (bytes) => this.#watch(bytes));
    });
    return await listen(server);
  }

  #watch(bytes) {
    const { stall } = this;
    if (!stall || !bytes.includes(stall.on)) return;
    this.stall = undefined;
    setTimeout(() => {
      this.stalledUntil = performance.now() + stall.ms;
    }, stall.afterMs).unref();
  }
}
