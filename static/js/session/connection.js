// The connection of a session: what the stream reports of it goes into the status, the hops, and the message in the
// place of the stanza that does not come.

import { patience } from "../awake.js";
import { clock, number, seconds, span } from "../format.js";
import { within } from "../reasons.js";
import { UPGRADE_MS } from "../status.js";
import { UNANSWERED } from "../stream/causes.js";
import { t } from "../strings.js";
import { put } from "../view/dom.js";
import { showLoss } from "../view/panel.js";

/** When opening takes longer, the page says so. */
const SLOW_MS = 3000;
/** So often an end that comes too early is not believed; something that ends streams again and again would be asked for ever. */
const EARLY_ENDS = 3;

export class Connection {
  /** @param {import("../session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.reconnects = 0;
    this.earlyEnds = 0;
    this.forget = () => {};
  }

  /** A stream is being opened. */
  awaitAnswer() {
    const { session } = this;
    this.#patience(SLOW_MS, () => {
      session.status.slow = true;
      session.show();
    });
  }

  /** @param {string} path */
  connecting(path) {
    const { session } = this;
    session.status.connecting(path);
    session.views.hops.again();
    session.views.next.updateMessage(t("say_trying"));
    session.show();
  }

  /** @param {string} transport */
  connected(transport) {
    const { session } = this;
    this.forget();
    session.status.connected(transport);
    session.views.facts.refresh();
    // The first stanza is awaited like any other.
    session.views.next.restart();
    if (session.status.upgrading) this.#patience(UPGRADE_MS, () => this.blocked(UNANSWERED));
    session.show();
  }

  /** @param {number} ms */
  upgraded(ms) {
    this.forget();
    this.session.status.upgraded(ms);
    this.session.show();
  }

  /** @param {string} reason */
  blocked(reason) {
    const { status, views } = this.session;
    this.forget();
    if (!status.transport) {
      views.hops.add({ name: "websocket", start: status.askedAt, end: performance.now(), failure: reason });
    }
    status.block(reason);
    this.session.show();
  }

  /** @param {string} reason */
  unanswered(reason) {
    this.session.status.wait(reason);
    this.session.show();
  }

  /** @param {number} at */
  heard(at) {
    this.session.status.lifetimes.heard(at);
  }

  /** @param {import("../reading.js").Opening} opening */
  opening(opening) {
    const { reading, status, views, arrivals } = this.session;
    const due = reading.next;
    const missing = reading.opened(opening);
    const loss = status.resumed(opening.node);
    if (loss && arrivals.began !== null) {
      this.reconnects += 1;
      const values = { time: clock(loss.date), s: seconds(loss.ms), n: number(Math.max(0, missing)) };
      views.verse.interrupted(t(missing > 0 ? "resumed_gap" : "resumed", values));
      views.plot.cut();
      showLoss(loss);
      status.losses.push(loss);
    }
    if (missing > 0) arrivals.gap(due, missing);
    arrivals.restart(opening.intervalMs);
    this.session.show();
  }

  /** @param {string} reason @param {number | null} retryAt */
  lost(reason, retryAt) {
    const { status, views } = this.session;
    this.forget();
    status.lost(reason);
    this.session.show();
    const { next, pings, follow, hops, facts } = views;
    next.stop();
    pings.none();
    hops.freeze();
    if (!facts.hosting) facts.refresh();
    const sentence = say(status);
    next.showMessage(t(sentence), t(`${sentence}_more`), this.#actions("try_now"));
    put("dev", "");
    if (retryAt !== null) {
      next.countdown(retryAt, (s) => {
        next.updateMessage(s ? t(sentence, { s: number(s) }) : t("say_trying"));
        put("dev", s ? t("again_in", { s: number(s) }) : "");
      });
    }
    if (status.outage?.up && status.outage.attempts > 1) showLoss(status.outage.until(performance.now()));
    follow.scrollToLiveEdge();
  }

  /** @param {string} reason */
  refused(reason) {
    const { status, views } = this.session;
    this.forget();
    status.refused(reason);
    const { next, pings, follow, facts } = views;
    next.stop();
    pings.none();
    if (!facts.hosting) facts.refresh();
    put("dev", "");
    this.session.show();
    next.showMessage(
      t("say_refused", { reason: within(reason.split(":")[0]) }),
      t("say_refused_more"),
      this.#actions("try_again"),
    );
    follow.scrollToLiveEdge();
  }

  ended() {
    const { session } = this;
    const { reading, status, arrivals } = session;
    this.forget();
    const { began } = arrivals;
    if (began !== null && this.earlyEnds < EARLY_ENDS && arrivals.note(reading.of)) {
      this.earlyEnds += 1;
      session.reopen();
      return;
    }
    const { verse, next, pings, follow } = session.views;
    status.ended();
    if (!reading.complete) verse.fault(t("early_end", { n: number(reading.next), of: number(reading.of) }));
    const clean = reading.complete && !reading.gaps && !reading.repeats;
    const whole = clean && reading.stanzas === reading.of;
    const values = {
      n: number(reading.stanzas),
      t: span(performance.now() - (began ?? performance.now())),
      gaps: number(reading.gaps + reading.of - reading.next),
      repeats: number(reading.repeats),
    };
    pings.none();
    put("dev", "");
    next.end(t(whole ? "end_clean" : clean ? "end_part" : "end_faults", values));
    session.show();
    follow.end(true);
    follow.scrollToLiveEdge();
  }

  /** @param {string} name @param {number} start @param {number} end @param {string} [failure] */
  hop(name, start, end, failure) {
    this.session.views.hops.add({ name, start, end, failure });
  }

  /** What a reader may do: try again, or do without WebSocket. @param {string} again */
  #actions(again) {
    const { status, places } = this.session;
    const polls = status.state === "blocked" && places.transports.includes("polling");
    return polls ? [t(again), t("use_polling")] : [t(again)];
  }

  /** @param {number} ms @param {() => void} then */
  #patience(ms, then) {
    this.forget();
    this.forget = patience(ms, then);
  }
}

/** What stands in the place of the stanza that does not come. @param {import("../status.js").Status} status */
function say({ state, outage }) {
  if (state === "offline" || state === "blocked") return `say_${state}`;
  return outage?.up ? "say_lost" : "say_unreached";
}
