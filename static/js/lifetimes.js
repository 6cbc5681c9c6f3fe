// How long connections live, and whether they are cut regularly: at the same age, or after the same silence. Something on
// the way with a time limit does that; a server that restarts, this page, and this device do not count. Pure.

/** Shorter lives have other causes. */
const LEAST_MS = 2000;
/** Two spans are alike when they differ by no more than this part of the longer one. */
const ALIKE = 0.1;
/** A span that is so much longer than another has clearly outlived it. */
const OUTLIVED = 1.5;

/**
 * One connection that was cut: how long it lived, how long nothing had come then, and how long it took until the next one
 * was there. It counts where it may tell something of the host.
 * @typedef {{date: Date, transport: string, ms: number, quietMs: number, reason: string, code: number | null, gapMs: number | null,
 *   counts: boolean}} Life
 */

/** Cut regularly: at this age, if the ages are alike, and after this silence, if that is what the host does not bear. @typedef {{ms: number | null, quietMs: number | null}} Cuts */

/** @param {number} one @param {number} other */
const alike = (one, other) => Math.abs(one - other) <= ALIKE * Math.max(one, other);

/** @param {number} one @param {number} other */
const mean = (one, other) => (one + other) / 2;

/** The code with which a plain WebSocket was closed. @param {string} reason */
const codeIn = (reason) => Number(/^close (\d+)$/.exec(reason)?.[1] ?? 0) || null;

/** A server that says that it goes: going away, and service restart. */
const GOING = [1001, 1012];

export class Lifetimes {
  /** @type {Life[]} */
  list = [];
  /** @type {{at: number, heard: number, borne: number} | null} the connection that is open */
  #open = null;
  #cutAt = 0;
  /** The longest silence that a connection has survived. */
  #borne = 0;
  /** The processes that have served this page. @type {Set<string>} */
  #nodes = new Set();

  /** @param {string} transport the choice that these are of */
  constructor(transport) {
    this.transport = transport;
  }

  /** A reading begins or resumes. @param {number} at @param {string} [node] the process that serves it */
  opened(at, node = "") {
    const last = this.list.at(-1);
    if (last && last.gapMs === null) {
      last.gapMs = at - this.#cutAt;
      // A process that was not there before: the one before may have been restarted.
      if (!this.#nodes.has(node)) last.counts = false;
    }
    this.#nodes.add(node);
    this.#open = { at, heard: at, borne: 0 };
  }

  /** @param {number} at */
  heard(at) {
    if (!this.#open) return;
    this.#open.borne = Math.max(this.#open.borne, at - this.#open.heard);
    this.#open.heard = at;
  }

  /**
   * @param {number} at
   * @param {string} reason
   * @param {boolean} ours whether this device may be the cause: it slept, or is offline
   */
  cut(at, reason, ours) {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    this.#cutAt = at;
    this.#borne = Math.max(this.#borne, open.borne);
    const [ms, quietMs, code] = [at - open.at, at - open.heard, codeIn(reason)];
    const counts = !ours && ms >= LEAST_MS && !GOING.includes(code ?? 0);
    const { transport } = this;
    this.list.push({ date: new Date(), transport, ms, quietMs, reason, code, gapMs: null, counts });
  }

  /** Whatever cut the newest one, it was not the host. */
  excuse() {
    const last = this.list.at(-1);
    if (last && last.gapMs === null) last.counts = false;
  }

  /** When the connection that is open was opened, or the last one was. */
  get since() {
    return this.#open?.at ?? null;
  }

  /** Another transport is used: what the one before has shown is kept, but proves nothing of this one. @param {string} transport */
  use(transport) {
    this.#open = null;
    if (transport === this.transport) return;
    this.transport = transport;
    this.#borne = 0;
  }

  /** Whether connections are cut regularly. @param {number} now @returns {Cuts | null} */
  cuts(now) {
    const own = this.list.filter(({ transport }) => transport === this.transport);
    const known = own.filter(({ counts, gapMs }) => counts && gapMs !== null);
    const [one, other] = known.slice(-2);
    if (!other) return null;
    const silent = [one, other].every(
      ({ quietMs }) =>
        quietMs >= LEAST_MS && quietMs > OUTLIVED * Math.max(this.#borne, this.#open?.borne ?? 0),
    );
    const quietMs = silent && alike(one.quietMs, other.quietMs) ? mean(one.quietMs, other.quietMs) : null;
    const ms = alike(one.ms, other.ms) ? mean(one.ms, other.ms) : null;
    if (ms === null && quietMs === null) return null;
    if (ms === null) return { ms, quietMs };
    const later = own.slice(own.indexOf(other) + 1).map((life) => life.ms);
    if (this.#open) later.push(now - this.#open.at);
    return Math.max(0, ...later) > OUTLIVED * ms ? null : { ms, quietMs };
  }
}
