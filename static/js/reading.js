// One reader's way through the poem, as the page sees it: what comes next, what was missed or came
// twice, and how all that is shown. It knows no transport.

/** @typedef {{index: number, of: number, canticle: ?string, canto: ?number}} Place */

export class Reading {
  /** @param {HTMLElement} main with the place to start at in its data */
  constructor(main) {
    this.next = Number(main.dataset.from);
    this.of = Number(main.dataset.of);
    this.edition = main.dataset.edition;
    this.ended = false;
    this.canto = null;
    this.poem = document.getElementById("poem");
    this.state = document.getElementById("status");
  }

  /** What to ask for on connection: go on from here. */
  request() {
    return this.edition ? { from: this.next, edition: this.edition } : {};
  }

  /** The same as a query. */
  query() {
    return String(new URLSearchParams(this.request()));
  }

  /** The server has said what it will read. */
  opened({ edition, of, from }) {
    if (this.edition && from !== this.next) {
      this.fault(`Stanza ${this.next + 1} was asked for, and the server starts at ${from + 1}.`);
    }
    [this.edition, this.of, this.next] = [edition, of, from];
  }

  /**
   * A stanza has come. Only the one that is due is added to the poem.
   * @param {string} text
   * @param {Place} place
   */
  heard(text, place) {
    if (place.index < this.next) {
      this.fault(`Stanza ${place.index + 1} came again.`);
      return;
    }
    if (place.index > this.next) {
      this.fault(`Stanzas are missing here: ${this.next + 1} to ${place.index}.`);
    }
    this.next = place.index + 1;
    const canto = place.canticle ? `${place.canticle}: Canto ${place.canto}` : null;
    if (canto !== this.canto) {
      this.canto = canto;
      this.add("h2", "canto", canto);
    }
    this.add("p", "stanza", text).dataset.index = String(place.index);
  }

  /** The stream is over. That is right only after the last stanza. */
  finish() {
    if (this.next < this.of) {
      this.fault(`The server ended the reading after ${this.next} of ${this.of} stanzas.`);
    }
    this.ended = true;
    this.say("The poem has ended. The server closed the stream, as it should.", "ended");
  }

  /** The text has changed since: what was read stays on the page, and the reading begins anew. */
  startOver(why) {
    this.add("p", "note", `The text on the server has changed, so the reading starts over. (${why})`);
    [this.next, this.edition, this.canto] = [0, undefined, null];
  }

  /** Says how the stream is; `name` is for programs. */
  say(sentence, name) {
    document.body.dataset.state = name;
    this.state.textContent = sentence;
  }

  /** Shows that something went wrong, for good. */
  fault(sentence) {
    this.add("p", "fault", sentence);
  }

  add(tag, name, text) {
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    this.poem.append(element);
    if (atEnd) window.scrollTo(0, document.body.scrollHeight);
    return element;
  }
}
