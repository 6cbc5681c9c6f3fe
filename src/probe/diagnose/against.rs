//! Rules for a stream that was read at several places at the same time: what differs between two of them is the doing of what
//! stands between them, and what does not differ from the origin is the origin's. Pure.

mod events;
#[cfg(test)]
mod tests;

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    evidence::{Against, AppForm, AppStream, AppWay, Compared, Evidence, FailureKind},
    hop::Hop,
};
use events::{Matched, matched};

/// What comes so much later than further in was held back. Streams are opened within some milliseconds of each other, and a busy
/// machine takes some hundred.
const LATE_MS: u64 = 1_000;

/// What ends within this time of each other ended together.
const TOGETHER_MS: u64 = 1_500;

/// Headers of an answer that mean something to whoever reads a stream, besides those that have a rule of their own. What is said to
/// proxies alone (`X-Accel-Buffering`) and from one connection to the next (`Connection`) may change.
const TELLING: [&str; 6] = [
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "content-security-policy",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(against) = &evidence.against else { return };
    for compared in &against.compared {
        origin(against, compared, findings);
        for (place, one) in steady_differences(compared) {
            let line = located(against, place, &one.line);
            let does_not_open = one.severity == Severity::Broken;
            let severity = if does_not_open && streams_otherwise(evidence, against, place) {
                Severity::Degraded
            } else {
                one.severity
            };
            findings.push(Finding::new(one.id, Hop::Against, severity, line));
        }
    }
    not_the_origin(findings);
}

/// Where the host holds back what the origin sends in time, that is told: the application does not gather it.
fn not_the_origin(findings: &mut [Finding]) {
    let is_told = |one: &Finding| one.hop == Hop::Against && one.id == VerdictId::Buffered;
    if !findings.iter().any(is_told) {
        return;
    }
    for finding in findings.iter_mut().filter(|one| one.or == [VerdictId::OriginItself]) {
        finding.or.clear();
        finding.to_tell = None;
    }
}

/// Whether it streams at this place in another way than the one that does not open there.
fn streams_otherwise(evidence: &Evidence, against: &Against, place: usize) -> bool {
    let compared = against.compared.iter().filter_map(|compared| compared.streams.get(place));
    compared.into_iter().any(AppStream::is_open)
        || evidence.streams.keys().any(|transport| facts::works(evidence, Hop::Stream(*transport)))
}

/// What shows that a stream which did not answer is held back: further in it opens at once.
pub(super) fn held_back(evidence: &Evidence, way: AppWay) -> Option<String> {
    let against = evidence.against.as_ref()?;
    let compared = against.compared.iter().filter(|compared| compared.way == way);
    let mut differences = compared.flat_map(steady_differences);
    let is_held_back = |one: &Difference| one.id == VerdictId::Buffered && one.severity == Severity::Broken;
    differences.find_map(|(place, one)| is_held_back(&one).then(|| located(against, place, &one.line)))
}

/// The differences that are more than chance: those that came again, and those that only are to be known.
fn steady_differences(compared: &Compared) -> Vec<(usize, Difference)> {
    let again = compared.again.as_deref().map(differences).unwrap_or_default();
    let mut steady = differences(compared);
    steady.retain(|(place, one)| {
        one.severity == Severity::Note || again.iter().any(|(other, two)| other == place && two.id == one.id)
    });
    steady
}

/// Whether anything differs that is more than worth knowing.
pub(crate) fn differ(compared: &Compared) -> bool {
    differences(compared).iter().any(|(_, one)| one.severity > Severity::Note)
}

/// What is different at one place from what stands behind it.
struct Difference {
    id: VerdictId,
    severity: Severity,
    line: String,
}

impl Difference {
    fn new(id: VerdictId, severity: Severity, line: impl Into<String>) -> Self {
        Self { id, severity, line: line.into() }
    }
}

/// All differences, each with the number of the outer one of the two places.
fn differences(compared: &Compared) -> Vec<(usize, Difference)> {
    let pairs = compared.streams.windows(2).enumerate();
    pairs
        .flat_map(|(place, pair)| {
            between(compared.way, &pair[0], &pair[1]).into_iter().map(move |one| (place, one))
        })
        .collect()
}

/// With one other place, it is the host that does it; with several, what stands between two of them.
fn located(against: &Against, place: usize, line: &str) -> String {
    match (against.urls.get(place), against.urls.get(place + 1)) {
        (Some(outer), Some(inner)) if against.urls.len() > 2 => {
            format!("between {outer} and {inner}: {line}")
        }
        (_, Some(inner)) => format!("{line} (compared with {inner})"),
        _ => line.to_owned(),
    }
}

fn between(way: AppWay, outer: &AppStream, inner: &AppStream) -> Vec<Difference> {
    // Where there is nothing behind, nothing can be compared.
    if !inner.is_open() || inner.garbage.is_some() {
        return Vec::new();
    }
    if !outer.is_open() {
        let line = format!(
            "{}; further in, {}",
            facts::describe_exchange(&outer.exchange),
            facts::describe_answer(&inner.exchange)
        );
        // No answer in time, where there is one further in, is an answer that is held back.
        let id = match &outer.exchange.failure {
            Some(failure) if failure.kind == FailureKind::Timeout => VerdictId::Buffered,
            _ => VerdictId::StreamRefused,
        };
        return vec![Difference::new(id, Severity::Broken, line)];
    }
    let mut all = headers(way, outer, inner);
    all.extend(ends(outer, inner));
    all.extend(events_of(outer, inner));
    all
}

/// What became of the answer's head.
fn headers(way: AppWay, outer: &AppStream, inner: &AppStream) -> Vec<Difference> {
    let value = |stream: &'_ AppStream, name: &str| stream.exchange.header(name).map(str::to_owned);
    let mut all = Vec::new();
    if let (Some(coding), None) = (value(outer, "content-encoding"), value(inner, "content-encoding")) {
        let line = format!("Content-Encoding: {coding} is added");
        all.push(Difference::new(VerdictId::CompressedStream, Severity::Note, line));
    }
    let (kind, at_origin) = (value(outer, "content-type"), value(inner, "content-type"));
    let is_events =
        |kind: &Option<String>| kind.as_deref().is_some_and(|kind| kind.starts_with("text/event-stream"));
    if is_events(&at_origin) && !is_events(&kind) {
        let line =
            format!("Content-Type: text/event-stream becomes {}", kind.as_deref().unwrap_or("nothing"));
        all.push(Difference::new(VerdictId::WrongContentType, Severity::Degraded, line));
    }
    // Requests of Socket.IO's sessions are many, each with a head of its own.
    if way == AppWay::EnginePolling {
        return all;
    }
    let changed: Vec<_> = TELLING
        .iter()
        .filter_map(|name| {
            let (here, there) = (value(outer, name), value(inner, name));
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "missing".to_owned());
            (here != there).then(|| format!("{name}: {} becomes {}", shown(&there), shown(&here)))
        })
        .collect();
    if !changed.is_empty() {
        all.push(Difference::new(VerdictId::HeadersChanged, Severity::Note, changed.join("; ")));
    }
    all
}

/// An end that the stream further in has not. Both are measured since their requests: what a host holds back to the end opens late, and
/// is over at once.
fn ends(outer: &AppStream, inner: &AppStream) -> Option<Difference> {
    let ended = outer.ended.as_ref()?;
    let at_ms = outer.watched_ms;
    if inner.watched_ms <= at_ms + TOGETHER_MS || (outer.complete && is_an_answer_of_its_own(outer, inner)) {
        return None;
    }
    let line = format!("ended after {:.1} s ({}), and goes on further in", seconds(at_ms), ended.how);
    Some(Difference::new(VerdictId::CutByHost, Severity::Degraded, line))
}

/// Whether each connection may have got an answer of its own, which takes as long as it takes (of a language model), or the same one at
/// another pace: both come to the same last event, or to none that is the same.
fn is_an_answer_of_its_own(outer: &AppStream, inner: &AppStream) -> bool {
    let last = |stream: &AppStream| stream.events.last().map(|event| event.digest.clone());
    last(outer).is_some_and(|event| Some(event) == last(inner))
        || matches!(matched(outer, inner), Matched::Different { .. })
}

/// What became of the events.
fn events_of(outer: &AppStream, inner: &AppStream) -> Vec<Difference> {
    // Pieces of a body that has no events are cut anew by everything that they pass.
    if outer.form == AppForm::Unknown || inner.form == AppForm::Unknown {
        return pieces_of(outer, inner).into_iter().collect();
    }
    match matched(outer, inner) {
        Matched::Nothing => Vec::new(),
        Matched::Different { outer: here, inner: there } => {
            let line = format!(
                "{here} and {there} events came that differ: each connection gets its own, and only heads and ends were compared"
            );
            vec![Difference::new(VerdictId::NotComparable, Severity::Note, line)]
        }
        Matched::None { waiting } => {
            let line = format!("none of the {waiting} events came that came further in");
            vec![Difference::new(VerdictId::Buffered, Severity::Degraded, line)]
        }
        Matched::Some(seen) => {
            let mut all = Vec::new();
            if let Some((count, least, most)) = seen.late(LATE_MS) {
                let line = format!(
                    "{} came {:.1} to {:.1} s later than further in",
                    outer.counted(count),
                    seconds(least),
                    seconds(most)
                );
                all.push(Difference::new(VerdictId::Buffered, Severity::Degraded, line));
            }
            if seen.missing > 0 || seen.doubled > 0 {
                let parts = [(seen.missing, "missing in the middle"), (seen.doubled, "came twice")];
                let parts: Vec<_> = parts
                    .iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, what)| format!("{} {what}", outer.counted(*count)))
                    .collect();
                let line = parts.join(", ");
                all.push(Difference::new(VerdictId::EventsDiffer, Severity::Degraded, line));
            }
            all
        }
    }
}

/// A body without events: when its first bytes came.
fn pieces_of(outer: &AppStream, inner: &AppStream) -> Option<Difference> {
    let inner_first = inner.pieces.first()?.at_ms;
    match outer.pieces.first() {
        None => (inner.pieces.len() > 1 && outer.watched_ms > inner_first + 2 * LATE_MS).then(|| {
            Difference::new(
                VerdictId::Buffered,
                Severity::Degraded,
                "nothing of the body came that came further in",
            )
        }),
        Some(first) => {
            let late = first.at_ms.saturating_sub(inner_first);
            (late >= LATE_MS).then(|| {
                let line = format!("the first bytes came {:.1} s later than further in", seconds(late));
                Difference::new(VerdictId::Buffered, Severity::Degraded, line)
            })
        }
    }
}

/// What is wrong at the origin itself, for which no host is to blame.
fn origin(against: &Against, compared: &Compared, findings: &mut Vec<Finding>) {
    let (Some(host), Some(origin)) = (compared.streams.first(), compared.streams.last()) else { return };
    let Some(url) = against.urls.last() else { return };
    let said = if !origin.is_open() {
        let answer = match &origin.refused {
            Some(words) => words.clone(),
            None => facts::describe_answer(&origin.exchange),
        };
        if host.is_open() {
            let line = format!("{url}: {answer}; the host's stream is open, so another URL is its origin");
            findings.push(Finding::new(VerdictId::NotComparable, Hop::Against, Severity::Note, line));
            return;
        }
        Some((Severity::Broken, answer))
    } else if origin.events.is_empty() && origin.pieces.is_empty() && host.events.is_empty() {
        Some((
            Severity::Note,
            format!("nothing comes there either, within {:.0} s", seconds(origin.watched_ms)),
        ))
    } else if let (Some(_), Some(there)) = (&host.ended, &origin.ended)
        && host.watched_ms.abs_diff(origin.watched_ms) <= TOGETHER_MS
        && !origin.complete
    {
        Some((
            Severity::Note,
            format!("it ends there, too, after {:.1} s: {}", seconds(there.at_ms), there.how),
        ))
    } else if lumps(host) && lumps(origin) {
        Some((Severity::Note, "events come in lumps there, too".to_owned()))
    } else {
        None
    };
    findings.extend(said.map(|(severity, line)| {
        Finding::new(VerdictId::OriginItself, Hop::Against, severity, format!("{url}: {line}"))
    }));
}

/// Whether events came together.
fn lumps(stream: &AppStream) -> bool {
    stream.pieces.iter().any(|piece| piece.events > 2)
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
