// One reader's way through the poem, as the page sees it: what comes next, what was missed or came
// twice, and how all that is shown. It knows no transport.

/** @typedef {{index: number, of: number, canticle: ?string, canto: ?number}} Place */

/** 4 → IV, as the poem numbers its cantos. */
function roman(number) {
  const letters = [
    ["C", 100],
    ["XC", 90],
    ["L", 50],
    ["XL", 40],
    ["X", 10],
    ["IX", 9],
    ["V", 5],
    ["IV", 4],
    ["I", 1],
  ];
  let text = "";
  for (const [letter, value] of letters) {
    for (; number >= value; number -= value) text += letter;
  }
  return text;
}

/** One element a line, so that a line that is too long for the page hangs below itself. */
function lines(text) {
  return text.split("\n").flatMap((line, at) => {
    const element = document.createElement("span");
    element.className = line.startsWith(" ") ? "line indented" : "line";
    element.textContent = line;
    return at === 0 ? [element] : ["\n", element];
  });
}

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
      const many = place.index - this.next > 1;
      this.fault(
        many
          ? `Stanzas ${this.next + 1} to ${place.index} are missing here.`
          : `Stanza ${place.index} is missing here.`,
      );
    }
    this.next = place.index + 1;
    const canto = place.canticle ? `${place.canticle}: Canto ${roman(place.canto)}` : null;
    if (canto !== this.canto) {
      this.canto = canto;
      if (canto) this.add("h2", "canto", canto);
    }
    const stanza = this.add("p", "stanza", ...lines(text));
    stanza.dataset.index = String(place.index);
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

  add(tag, name, ...content) {
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
    const element = document.createElement(tag);
    element.className = name;
    element.append(...content);
    this.poem.append(element);
    if (atEnd) window.scrollTo(0, document.body.scrollHeight);
    return element;
  }
}
