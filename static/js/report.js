// The report of a page, as JSON and as text: what was tried, how each transport went, and what went over the wire.
// docs/report.md describes it, and `dante probe --report` reads it. Independent of the page.

/** @typedef {import("./frame-log.js").FrameLog} FrameLog */
/** @typedef {import("./trials.js").Trial} Trial */
/** @typedef {import("./trials.js").Trials} Trials */
/** @typedef {{id: string, text: string}} Finding what a stream tells of the host, by the id of `dante probe` */
/** @typedef {{date: Date, ms: number, reason: string, attempts?: number, last?: string}} Outage */
/** @typedef {{date: Date, transport?: string, ms: number, quietMs: number, reason: string, code: number | null, gapMs: number | null}} Lifetime */
/** @typedef {"good" | "degraded" | "failed" | "notReached" | "skipped"} Outcome */

/** What is nothing of the host's, and so no fault. */
const OWN = "offline";

/** The name of this form, and its version: that changes when a field goes or changes its meaning. */
const [FORMAT, VERSION] = ["dante-page-report", 1];

/** The parameters of a page's address that say nothing of who reads it. */
const HARMLESS = ["canto", "debug", "lang", "room", "stanza"];

/**
 * An address without what may be a secret: other parameters may be keys of a proxy.
 * @param {string} address
 */
export function cleanAddress(address) {
  const url = new URL(address);
  for (const name of [...url.searchParams.keys()]) {
    if (!HARMLESS.includes(name)) url.searchParams.set(name, "…");
  }
  [url.username, url.password] = ["", ""];
  return url.href;
}

/**
 * How it went, in the words of `dante probe`.
 * @param {Trial} trial
 * @param {number} faults how many findings there are
 * @returns {Outcome}
 */
export function outcomeOf({ state, stanzas, reason }, faults) {
  if (state === "lost" && reason === OWN) return stanzas ? "good" : "notReached";
  if (state === "disallowed") return "skipped";
  if (state === "refused" || state === "blocked") return "failed";
  if (state === "opening") return "notReached";
  if (state === "lost") return stanzas ? "degraded" : "failed";
  return faults || state === "bursts" || (state === "ended" && !stanzas) ? "degraded" : "good";
}

const round = (/** @type {number | null | undefined} */ ms) =>
  typeof ms === "number" ? Math.round(ms * 10) / 10 : null;

/**
 * @param {Trial} trial
 * @param {Finding[]} findings
 * @param {number} now
 */
function transport(trial, findings, now) {
  const figures = trial.timing.figures(now);
  return {
    transport: trial.transport,
    hop: `stream-${trial.transport}`,
    outcome: outcomeOf(trial, findings.filter(({ id }) => id !== OWN).length),
    state: trial.state,
    reason: trial.reason || null,
    verdicts: findings.map(({ id, text }) => ({ id, said: text })),
    attempts: trial.attempts,
    connections: trial.connections,
    stanzas: trial.stanzas,
    firstMs: round(trial.first),
    burst: trial.burst && { stanzas: trial.burst.count, oldestMs: trial.burst.late },
    timing: figures && {
      stanzas: figures.count,
      p50Ms: round(figures.p50),
      p95Ms: round(figures.p95),
      jitterMs: round(figures.jitter),
      worstOfMinuteMs: round(figures.worst),
    },
  };
}

/** @param {FrameLog} log */
const frames = (log) =>
  [...log.streams].flatMap(([stream, lines]) =>
    lines.map(({ date, way, ...line }) => ({ at: date.toISOString(), stream, way: way || null, ...line })),
  );

/**
 * The report as JSON takes it.
 * @param {object} seen
 * @param {"read" | "compare"} seen.page
 * @param {string} seen.url
 * @param {URL} seen.root
 * @param {string} seen.agent
 * @param {Trials} seen.trials
 * @param {FrameLog} seen.frames
 * @param {(trial: Trial) => Finding[]} seen.conclude
 * @param {Outage[]} seen.outages
 * @param {Lifetime[]} seen.lifetimes
 * @param {Record<string, unknown>} [seen.more] what one of the pages alone has
 * @param {number} seen.now by the clock of `performance.now()`
 * @param {Date} seen.date
 */
export function pageReport({
  page,
  url,
  root,
  agent,
  trials,
  conclude,
  outages,
  lifetimes,
  more,
  now,
  date,
  ...seen
}) {
  const all = [...trials.all.values()];
  return {
    format: FORMAT,
    version: VERSION,
    time: date.toISOString(),
    page,
    url: cleanAddress(url),
    root: cleanAddress(root.href),
    agent,
    transports: all.map((trial) => transport(trial, conclude(trial), now)),
    outages: outages.map(({ date: at, ms, ...rest }) => ({
      at: at.toISOString(),
      ms: Math.round(ms),
      ...rest,
    })),
    lifetimes: lifetimes.map(({ date: at, transport: stream, ms, quietMs, reason, code, gapMs }) => ({
      cutAt: at.toISOString(),
      stream,
      ms: Math.round(ms),
      quietMs: Math.round(quietMs),
      reason,
      code,
      backAfterMs: gapMs === null ? null : Math.round(gapMs),
    })),
    ...more,
    frames: frames(seen.frames),
  };
}

/** @typedef {ReturnType<typeof pageReport>} PageReport */

/** The transports, as lines of a text. @param {PageReport} report */
export function transportLines({ transports }) {
  return transports.map(({ transport: name, outcome, state, reason, verdicts, stanzas, firstMs, timing }) => {
    const ids = verdicts.map(({ id }) => id).join(", ");
    const parts = [`${name}: ${outcome} (${state}${reason ? `, ${reason}` : ""})`, ids, `${stanzas} stanzas`];
    if (firstMs !== null) parts.push(`first after ${Math.round(firstMs)} ms`);
    if (timing) {
      const { p50Ms, p95Ms, jitterMs, worstOfMinuteMs } = timing;
      parts.push(
        `p50 ${p50Ms}, p95 ${p95Ms}, jitter ${jitterMs ?? "–"}, worst of the last minute ${worstOfMinuteMs ?? "–"} ms`,
      );
    }
    return parts.filter(Boolean).join("; ");
  });
}

/** The frames, as lines of a text. @param {PageReport} report */
export function frameLines({ frames: all }) {
  return all.map(({ at, stream, way, kind, transport: over, name, bytes, code, note }) =>
    [at, stream, over, way ?? "--", kind, name, bytes === undefined ? "" : `${bytes} B`, code, note]
      .filter((part) => part !== undefined && part !== "")
      .join(" "),
  );
}
