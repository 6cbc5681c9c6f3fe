//! The report for programs: one object a line.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::super::{
    conversation::Subject,
    measure::{Counts, Times},
    outcome::Outcome,
    plan::Plan,
};

/// Counts up with what a program that reads reports would have to know anew.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Joined {
    event: &'static str,
    readers: u64,
    seconds: f64,
}

/// How far it is; the names are those of the report, but `failed` is a number.
#[derive(Serialize)]
struct Progress {
    event: &'static str,
    joined: u64,
    failed: u64,
    lost: u64,
    repeated: u64,
    wrong: u64,
    silent: u64,
    cuts: u64,
    resumed: u64,
    finished: u64,
    stanzas: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    event: &'static str,
    version: u32,
    url: &'a str,
    transport: &'a str,
    readers: u32,
    joined: u64,
    failed: &'a BTreeMap<String, u64>,
    /// Null where the order of events is not known, as are `repeated` and `wrong`.
    lost: Option<u64>,
    repeated: Option<u64>,
    wrong: Option<u64>,
    silent: u64,
    cuts: u64,
    cut_reasons: &'a BTreeMap<String, u64>,
    resumed: u64,
    /// Readings that went to the end of the poem.
    finished: u64,
    stanzas: u64,
    /// How long was measured, from when all had joined.
    seconds: f64,
    join_ms: Percentiles,
    first_stanza_ms: Percentiles,
    #[serde(skip_serializing_if = "Option::is_none")]
    lateness_ms: Option<Percentiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_ms: Option<Percentiles>,
    generator: Generator,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    /// The signal that ended it early.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_by: Option<&'static str>,
    ok: bool,
}

#[derive(Serialize)]
struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Generator {
    cpu_seconds: Option<f64>,
    /// Of one core, for each process.
    share: Option<f64>,
    processes: usize,
    bottleneck: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Server {
    cpu_seconds: f64,
    micros_per_stanza: Option<f64>,
    stanzas: u64,
    rss_before_bytes: u64,
    rss_joined_bytes: u64,
    rss_end_bytes: u64,
    kib_per_reader: Option<f64>,
}

/// Joining is over.
pub(super) fn joined(readers: u64, after: Duration) -> String {
    to_json(&Joined { event: "joined", readers, seconds: seconds(after) })
}

/// How far a load is.
pub(super) fn progress(counts: &Counts) -> String {
    to_json(&Progress {
        event: "progress",
        joined: counts.joined,
        failed: counts.failed + counts.gone,
        lost: counts.lost,
        repeated: counts.repeated,
        wrong: counts.wrong,
        silent: counts.silent,
        cuts: counts.cuts,
        resumed: counts.resumed,
        finished: counts.finished,
        stanzas: counts.stanzas,
    })
}

/// What a load has shown.
pub(super) fn report(plan: &Plan, outcome: &Outcome) -> String {
    let measures = &outcome.measures;
    let counts = &measures.counts;
    let poem = plan.subject == Subject::Poem;
    let pace = Percentiles::of(&measures.pace);
    let (lateness_ms, gap_ms) = if poem { (Some(pace), None) } else { (None, Some(pace)) };
    to_json(&Report {
        event: "report",
        version: VERSION,
        url: &plan.target.url,
        transport: &plan.transport,
        readers: outcome.readers,
        joined: counts.joined,
        failed: &measures.failed,
        lost: poem.then_some(counts.lost),
        repeated: poem.then_some(counts.repeated),
        wrong: poem.then_some(counts.wrong),
        silent: counts.silent,
        cuts: counts.cuts,
        cut_reasons: &measures.cut,
        resumed: counts.resumed,
        finished: counts.finished,
        stanzas: counts.stanzas,
        seconds: seconds(outcome.time),
        join_ms: Percentiles::of(&measures.join),
        first_stanza_ms: Percentiles::of(&measures.first),
        lateness_ms,
        gap_ms,
        generator: Generator {
            cpu_seconds: measures.cpu.map(seconds),
            share: outcome.share().map(|share| rounded(share, 1000.0)),
            processes: outcome.processes,
            bottleneck: outcome.is_bottleneck(),
        },
        server: outcome.server.map(|server| Server {
            cpu_seconds: seconds(server.cpu),
            micros_per_stanza: outcome.micros_per_stanza().map(|micros| rounded(micros, 100.0)),
            stanzas: measures.stanzas_since,
            rss_before_bytes: server.before,
            rss_joined_bytes: server.joined,
            rss_end_bytes: server.end,
            kib_per_reader: outcome.kib_per_reader().map(|kib| rounded(kib, 100.0)),
        }),
        stopped_by: outcome.signal,
        ok: outcome.is_good(),
    })
}

impl Percentiles {
    /// In milliseconds; null if there are none.
    fn of(times: &Times) -> Self {
        let at = |share| times.quantile(share).map(|time| rounded(time.as_secs_f64() * 1000.0, 1000.0));
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64(), 1000.0)
}

fn rounded(number: f64, steps: f64) -> f64 {
    (number * steps).round() / steps
}

/// It holds only texts and numbers, which cannot fail.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a report has a JSON form")
}
