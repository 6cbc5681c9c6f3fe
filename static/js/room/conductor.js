// Whoever conducts a room: shows its token, and gives orders. Reads like everybody else.

import { give, prepare } from "./orders.js";

/** @typedef {import("./orders.js").Outcome} Outcome */
/** @typedef {import("./orders.js").Order} Order */

/** The refusals after which reading on without the token is all that can be done. */
const FINAL = ["bad-conduct", "not-the-conductor", "too-many-attempts"];

export class Conductor {
  /** Whether the room takes this token. */
  conducts = false;

  /**
   * @param {URL} url of the room
   * @param {string} token
   * @param {(outcome: Outcome) => void} show what came of an order
   */
  constructor(url, token, show) {
    this.url = url;
    this.token = token;
    this.show = show;
  }

  /** Shows the token. Returns why it is not taken, if that is certain. */
  async begin() {
    const outcome = await prepare(this.url, this.token);
    if (!("room" in outcome) && FINAL.includes(outcome.word)) return outcome;
    this.conducts = "room" in outcome;
    this.show(outcome);
    return null;
  }

  /** @param {Order} order */
  async order(order) {
    const outcome = await give(this.url, this.token, order);
    if ("room" in outcome) this.conducts = true;
    this.show(outcome);
  }
}
