// For all streams: the attempts to connect, when to try again, and what a failed attempt means.

/** @typedef {import("./stream.js").Listener} Listener */
/** @typedef {import("../reading.js").Reading} Reading */

const FIRST = 1000;
const LONGEST = 5000;

/** How long a WebSocket may stay without a handshake: several round trips of the slowest way, and a busy server. */
const PATIENCE_MS = 8000;

/** What a stream says of an upgrade that does not get through. */
export const BLOCKED = "websocket blocked";

const BAD_REQUEST = 400;
const UPGRADE_REQUIRED = 426;

/** Whether a refusal means that the text on the server is another one now. @param {string} message */
export const isForeignEdition = (message) => message.startsWith("foreign-edition:");

/**
 * What a failed attempt means: another text on the server, a refusal that no second attempt changes, or a
 * loss that may pass.
 * @typedef {{kind: "foreign" | "refused" | "lost", reason: string}} Failure
 */

/**
 * Finds out why a stream could not be opened. Browsers do not show scripts how a WebSocket or an event
 * stream was refused, but the same address answers a plain request.
 * @param {URL} url
 * @returns {Promise<Failure>}
 */
export async function diagnose(url) {
  const probe = new AbortController();
  try {
    const answer = await fetch(url, { signal: probe.signal, cache: "no-store" });
    const { status } = answer;
    const reason = `${status} ${answer.statusText}`.trim();
    const plain = answer.headers.get("content-type")?.startsWith("text/plain");
    if (status === BAD_REQUEST && plain) {
      const message = (await answer.text()).trim();
      return { kind: isForeignEdition(message) ? "foreign" : "refused", reason: message };
    }
    // Dante is there, and says that this was no WebSocket: the upgrade is lost on the way.
    if (status === BAD_REQUEST || status === UPGRADE_REQUIRED) {
      return { kind: "lost", reason: BLOCKED };
    }
    return { kind: status > BAD_REQUEST && status < 500 ? "refused" : "lost", reason };
  } catch {
    return { kind: "lost", reason: "no answer" };
  } finally {
    // What answers with a stream would go on for ever.
    probe.abort();
  }
}

/** One stream's attempts to connect, of which only the newest counts. */
export class Attempts {
  closed = false;
  #number = 0;
  #failures = 0;
  #timer = 0;

  /**
   * @param {Reading} reading
   * @param {Listener} listener
   * @param {(isOver: () => boolean) => void} connect makes one attempt, and can ask whether another one has taken
   *   its place or the stream is closed
   */
  constructor(reading, listener, connect) {
    this.reading = reading;
    this.listener = listener;
    this.connect = connect;
  }

  /** Tries now. */
  start() {
    clearTimeout(this.#timer);
    this.#number += 1;
    const number = this.#number;
    this.connect(() => this.closed || number !== this.#number);
  }

  /** A connection has worked. */
  worked() {
    this.#failures = 0;
  }

  /**
   * A connection broke off or did not come about, and is tried again later. The waiting times are those of
   * Socket.IO's client: doubled each time, capped, half of it up or down.
   * @param {string} reason
   */
  lost(reason) {
    if (this.closed) return;
    const delay = Math.min(LONGEST, FIRST * 2 ** this.#failures) * (0.5 + Math.random());
    this.#failures += 1;
    this.#timer = window.setTimeout(() => this.start(), delay);
    this.listener.lost(reason, performance.now() + delay);
  }

  /**
   * No connection came about: its address is asked why.
   * @param {string} hop which failed
   * @param {number} asked when the connection was
   * @param {URL} url
   * @param {string} [said] what is known without asking
   */
  async failed(hop, asked, url, said = "") {
    if (this.closed) return;
    const number = this.#number;
    const now = performance.now();
    const { kind, reason } = await diagnose(url);
    if (this.closed || number !== this.#number) return;
    this.listener.hop(hop, asked, now, said || reason);
    if (kind === "foreign") this.startOver(reason);
    else if (kind === "refused") this.listener.refused(reason);
    else this.lost(said && reason !== BLOCKED ? `${said}, ${reason}` : reason);
  }

  /** The text is another one now. @param {string} reason */
  startOver(reason) {
    this.reading.startOver();
    this.listener.foreign(reason);
    this.start();
  }

  /** For good. */
  close() {
    this.closed = true;
    clearTimeout(this.#timer);
  }
}

/**
 * Watches the handshake of an engine of Socket.IO's client that has just been made. What stands on the way may accept
 * a WebSocket and not pass it on: IIS's own WebSocket module answers 101 and closes, others stay silent. The client
 * falls back to its next transport after an error, and neither is one to it: it would wait until its own timeout,
 * 20 s, and then try the same again.
 * @param {ReturnType<typeof io>["io"]["engine"]} engine
 * @param {(reason: "websocket closed" | "websocket silent") => void} mute called when its WebSocket was accepted and
 *   brings no handshake
 */
export function watchHandshake(engine, mute) {
  /** @param {"websocket closed" | "websocket silent"} reason */
  const judge = (reason) => {
    if (engine.transport.name === "websocket") mute(reason);
  };
  const timer = setTimeout(() => judge("websocket silent"), PATIENCE_MS);
  const closed = (/** @type {string} */ reason) => {
    clearTimeout(timer);
    if (reason === "transport close") judge("websocket closed");
  };
  engine.once("close", closed);
  engine.once("handshake", () => {
    clearTimeout(timer);
    engine.off("close", closed);
  });
}
