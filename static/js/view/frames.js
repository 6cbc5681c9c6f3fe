// The log of frames in the panel: drawn only while it is open, the newest line first.

import { KEPT } from "../frame-log.js";
import { instant, number } from "../format.js";
import { t } from "../strings.js";
import { $, el, perFrame } from "./dom.js";

/** @typedef {import("../frame-log.js").Logged} Logged */

/** Short enough for a narrow column. @type {Record<string, string>} */
const SHORT = { websocket: "ws", polling: "poll", sse: "sse" };
const ARROWS = { in: "↓", out: "↑", "": "" };

export class Frames {
  /** @type {Logged | undefined} the newest that is drawn */
  #newest;

  /**
   * @param {import("../frame-log.js").FrameLog} log
   * @param {() => import("../stream/stream.js").TransportChoice} choice whose frames are shown
   */
  constructor(log, choice) {
    const [details, draw] = [/** @type {HTMLDetailsElement} */ ($("frames")), perFrame(() => this.#draw())];
    this.log = log;
    this.choice = choice;
    this.rows = $("frame-rows");
    const toggled = () => {
      log.changed = details.open ? draw : null;
      if (details.open) draw();
    };
    details.addEventListener("toggle", toggled);
    if (new URLSearchParams(location.search).has("debug")) details.open = true;
    toggled();
  }

  #draw() {
    const choice = this.choice();
    const lines = this.log.of(choice);
    const known = this.#newest ? lines.lastIndexOf(this.#newest) : -1;
    // Another stream's, or all are new.
    if (known < 0) this.rows.replaceChildren();
    for (const line of lines.slice(known + 1)) this.rows.prepend(row(line, choice));
    while (this.rows.childElementCount > KEPT) this.rows.lastElementChild?.remove();
    this.#newest = lines.at(-1);
  }
}

/** @param {Logged} line @param {string} choice */
function row({ date, way, kind, transport, name, bytes, code, note }, choice) {
  const over = transport ?? (choice.startsWith("socketio") ? "" : choice);
  const arrow = el("span", "", ARROWS[way]);
  arrow.setAttribute("aria-hidden", "true");
  const what = el("td", "kind", kind);
  if (name) what.append(` ${name}`);
  if (note) what.append(" ", el("span", "note", note));
  return el(
    "tr",
    way ? "" : "event",
    el("td", "", instant(date)),
    el("td", "", SHORT[over] ?? over),
    el("td", "", arrow, ...(way ? [el("span", "sr", t(`frame_${way}`))] : [])),
    what,
    el("td", "", bytes === undefined ? "" : number(bytes)),
    el("td", "", code === undefined ? "" : String(code)),
  );
}
