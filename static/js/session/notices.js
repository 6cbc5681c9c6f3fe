// What the server says beside the poem.

import { clock } from "../format.js";
import { t } from "../strings.js";
import { put } from "../view/dom.js";

export class Notices {
  /** @param {import("../session.js").Views} views */
  constructor(views) {
    this.views = views;
  }

  /** @param {import("../stream/notices.js").Readers} readers */
  readers(readers) {
    this.views.facts.readers(readers);
  }

  /** Of a room only its own page is told. */
  room() {}

  /** @param {import("../stream/notices.js").Announcement} announcement */
  announcement({ text, at }) {
    const { verse, follow } = this.views;
    const sentence = t("announced", { time: clock(new Date(at)), text });
    verse.announced(sentence);
    // Whatever the reader chose for the stanzas: this is meant for everybody.
    put("live", sentence);
    follow.scrollToLiveEdge();
  }
}
