// Sums up the comparison of the transports in one or a few sentences.

import { findings, said } from "./findings.js";
import { noClient } from "./client-library.js";
import { number, seconds } from "./format.js";
import { within } from "./reasons.js";
import { language, t } from "./strings.js";

/** @typedef {import("./transport-run.js").TransportRun} TransportRun */

const COUNTS = ["", "compare_one", "compare_two", "compare_three"];

/** The transports that are WebSockets, and where each one's is. */
const WEBSOCKETS = new Map([
  ["socketio-websocket", "socket.io/"],
  ["websocket", "websocket/ws"],
]);

const list = new Intl.ListFormat(language, { type: "conjunction" });

/** @param {TransportRun[]} runs */
const names = (runs) => list.format(runs.map(({ choice }) => t(`compare_transport_${choice}`)));

/** @param {TransportRun[]} runs */
const reasons = (runs) => [...new Set(runs.map(({ reason }) => within(reason)))].join("; ");

/** All is well: names the fastest. @param {string} name @param {TransportRun[]} runs */
function allGood(name, runs) {
  const [fast] = runs.toSorted((one, next) => (one.first ?? Infinity) - (next.first ?? Infinity));
  return t(name, { fast: t(`compare_transport_${fast.choice}`), ms: number(Math.round(fast.first ?? 0)) });
}

/** @param {TransportRun[]} runs */
function ended(runs) {
  const sum = (/** @type {"gaps" | "repeats"} */ what) =>
    number(runs.reduce((total, { reading }) => total + reading[what], 0));
  return t("compare_ended", { gaps: sum("gaps"), repeats: sum("repeats") });
}

/** What is found, each sentence once, with the transports that it is found with. @param {TransportRun[]} runs @param {string[]} [ids] */
function found(runs, ids) {
  /** @type {Map<string, TransportRun[]>} */
  const told = new Map();
  for (const run of runs) {
    for (const finding of findings(run.seen())) {
      if (ids && !ids.includes(finding.id)) continue;
      told.set(said(finding), [...(told.get(said(finding)) ?? []), run]);
    }
  }
  return [...told].map(([sentence, which]) =>
    t("compare_found", { transports: capital(names(which)), found: sentence }),
  );
}

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** What would help, once for each. @param {TransportRun[]} runs */
const remedies = (runs) => {
  const all = runs.flatMap((run) => findings(run.seen())).map(({ remedy }) => remedy);
  return [...new Set(all)].filter(Boolean).map((remedy) => `${capital(remedy)}.`);
};

/**
 * Names the column whose WebSocket does not get through; while the other one's does, the host lets WebSockets through.
 * @param {TransportRun[]} blocked @param {TransportRun[]} runs
 */
function blockedOf(blocked, runs) {
  if (blocked.length > 1) return t("compare_blocked_all");
  const [{ choice }] = blocked;
  const other = runs.find((run) => run.choice !== choice && WEBSOCKETS.has(run.choice));
  const transport = capital(t(`compare_transport_${choice}`));
  if (!other || !["streaming", "bursts", "ended"].includes(other.state) || other.first === null) {
    return t("compare_blocked", { transport });
  }
  const path = WEBSOCKETS.get(choice) ?? "";
  return t("compare_blocked_one", { transport, other: t(`compare_transport_${other.choice}`), path });
}

/**
 * The page's state, which is that of its worst transport, and the sentences.
 * @param {TransportRun[]} runs
 * @param {string[]} allowed the transports that the server allows Socket.IO
 * @param {boolean} patient whether it is too early to mention streams that are not there yet
 */
export function verdict(runs, allowed, patient) {
  const are = (/** @type {import("./transport-run.js").State[]} */ ...states) =>
    runs.filter(({ state }) => states.includes(state));
  const disallowed = are("disallowed");
  const tried = runs.filter(({ state }) => state !== "disallowed");
  // A stream that has ended counts as good.
  const good = are("streaming", "ended").filter(({ first, state }) => first !== null || state === "ended");
  const waiting = tried.filter(
    ({ first, state }) =>
      ["opening", "unanswered"].includes(state) || (state === "streaming" && first === null),
  );
  const [bursts, stopped, lost, refused] = [are("bursts"), are("blocked"), are("lost"), are("refused")];
  const isKnown = (/** @type {TransportRun} */ run) =>
    findings(run.seen()).some(({ id }) => id !== "upgrade-refused");
  const [known, blocked] = [stopped.filter(isKnown), stopped.filter((run) => !isKnown(run))];
  const [unanswered, cuts, offline] = [are("unanswered"), are("cuts"), are("offline")];

  if (waiting.length && patient) return { state: "connecting", text: t("compare_opening") };
  const sentences = [];
  if (tried.every(({ state }) => state === "ended")) sentences.push(ended(tried));
  else if (good.length === 4) sentences.push(allGood("compare_all", good));
  else if (good.length === tried.length) sentences.push(allGood("compare_allowed", good));
  else if (good.length) sentences.push(t(COUNTS[good.length], { transports: names(good) }));

  if (bursts.length) {
    const largest = Math.max(...bursts.map(({ burst }) => burst.count));
    const late = Math.max(...bursts.map(({ burst }) => burst.late));
    sentences.push(t("compare_bursts", { transports: names(bursts), n: number(largest), s: seconds(late) }));
  }
  if (blocked.length) sentences.push(blockedOf(blocked, runs));
  sentences.push(...found([...known, ...unanswered]), ...found(tried, ["age-cut", "idle-cut"]));
  if (offline.length) sentences.push(t("compare_offline"));
  const broken = lost.filter(({ stood }) => stood);
  const unopened = lost.filter(({ stood }) => !stood);
  if (broken.length === tried.length) {
    sentences.push(t("compare_all_lost", { reason: reasons(broken) }));
  } else if (broken.length) {
    sentences.push(t("compare_lost", { transports: names(broken), reason: reasons(broken) }));
  }
  if (unopened.length) {
    sentences.push(
      t("compare_unopened", { transports: names(unopened), reason: reasons(unopened) }),
      ...remedies(unopened),
    );
  }
  const unloaded = refused.filter(({ reason }) => reason.endsWith(".js"));
  const turned = refused.filter(({ reason }) => !reason.endsWith(".js"));
  if (unloaded.length) sentences.push(noClient(unloaded[0].reason));
  if (turned.length) {
    sentences.push(
      t("compare_refused", { transports: names(turned), reason: reasons(turned) }),
      ...remedies(turned),
    );
  }
  if (waiting.length) sentences.push(t("compare_waiting", { transports: names(waiting) }));
  if (disallowed.length) {
    sentences.push(t("compare_disallowed", { transports: names(disallowed), allowed: allowed.join(",") }));
  }
  const [worst] = [
    refused,
    lost,
    offline,
    stopped,
    unanswered,
    cuts,
    bursts,
    waiting,
    are("streaming"),
    good,
  ].filter(({ length }) => length);
  const state = worst?.[0].state ?? "connecting";
  return { state: waiting === worst ? "connecting" : state, text: sentences.join(" ") };
}
