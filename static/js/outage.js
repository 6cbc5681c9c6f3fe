// One outage, from the loss of a connection to the next one that works: counted whole, not by attempt. Pure.

/**
 * @typedef {object} Loss an outage that is over
 * @property {Date} date when it began
 * @property {number} ms how long it lasted
 * @property {number} up how long the connection before it had lived; 0 if there was none
 * @property {string} reason why the connection was lost
 * @property {number} attempts how many there were, with the one that succeeded
 * @property {string} last why the last one that failed did so, or the reason of the loss
 */

export class Outage {
  date = new Date();
  attempts = 0;

  /** @param {number} at @param {string} reason @param {number} up */
  constructor(at, reason, up) {
    this.at = at;
    this.reason = reason;
    this.last = reason;
    this.up = up;
  }

  attempt() {
    this.attempts += 1;
  }

  /** An attempt failed. @param {string} reason */
  failed(reason) {
    this.last = reason;
  }

  /** As it is at a time. @param {number} now @returns {Loss} */
  until(now) {
    const { date, up, reason, attempts, last } = this;
    return { date, ms: now - this.at, up, reason, attempts, last };
  }
}
