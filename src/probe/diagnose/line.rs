//! Rules for the line and for slowness: what is slow is said, and is nobody's fault.

use super::{Finding, Severity, VerdictId, pace};
use crate::probe::{
    evidence::{Evidence, Exchange},
    hop::Hop,
};

/// From this round trip on, a reader feels the line: satellites, other continents through several relays.
const SLOW_ROUND_TRIP_MS: u64 = 300;
/// Below so many bytes in a second, and from so many bytes on, a body tells how slow the line is.
const SLOW_BYTES_PER_SECOND: u64 = 8 * 1024;
const TELLING_BYTES: usize = 4 * 1024;
/// An answer is slow if it takes so much longer than others.
const SLOW_MS: u64 = 3000;

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    slow_line(evidence, findings);
    slow_start(evidence, findings);
    slow_answers(evidence, findings);
    stalls(evidence, findings);
}

fn slow_line(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let note = |hop, line| Finding::new(VerdictId::SlowLine, hop, Severity::Note, line);
    // A host that waits for a server which is not there is no slow line.
    let connects = evidence.tcp.iter().flat_map(|tcp| &tcp.attempts).map(|attempt| attempt.ms).max();
    let answers = evidence.exchanges().iter().any(|(_, exchange)| matches!(exchange.status, Some(101..=399)));
    if !answers && connects.is_none_or(|ms| ms < SLOW_ROUND_TRIP_MS) {
        return;
    }
    // The head of a stream may wait for its first event.
    let round_trip = if evidence.subject.is_stream() { connects } else { evidence.line.round_trip_ms };
    if let Some(ms) = round_trip.filter(|ms| *ms >= SLOW_ROUND_TRIP_MS) {
        findings.push(note(Hop::Tcp, format!("one round trip takes {:.1} s", seconds(ms))));
        return;
    }
    let exchanges = evidence.exchanges();
    let slowest = exchanges
        .iter()
        .filter(|(_, exchange)| exchange.body_bytes >= TELLING_BYTES && was_to_end(exchange))
        .filter_map(|(hop, exchange)| {
            let ms = exchange.ms.checked_sub(exchange.head_ms?).filter(|ms| *ms >= SLOW_MS)?;
            Some((exchange.body_bytes as u64 * 1000 / ms, *hop, *exchange))
        })
        .min_by_key(|(rate, ..)| *rate);
    if let Some((rate, hop, exchange)) = slowest.filter(|(rate, ..)| *rate < SLOW_BYTES_PER_SECOND) {
        let line = format!("{} bytes came at {:.1} KB/s", exchange.body_bytes, rate as f64 / 1000.0);
        findings.push(note(hop, line));
    }
}

/// Whether a body came to its end, or was to: one that goes on and on may be a stream, whose pace is the server's.
fn was_to_end(exchange: &Exchange) -> bool {
    exchange.failure.is_none() || exchange.header("content-length").is_some()
}

/// The time of the head of an answer that came.
fn head_of(exchange: &Exchange) -> Option<u64> {
    exchange.head_ms.filter(|_| exchange.status.is_some())
}

/// The first answer of all, beside those after it.
fn slow_start(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(first) = evidence.http.as_ref().and_then(|http| head_of(&http.first)) else { return };
    let Some(next) = usual(evidence) else { return };
    if first > next + SLOW_MS && next < SLOW_MS {
        let line =
            format!("the first answer took {:.1} s, later ones {:.1} s", seconds(first), seconds(next));
        findings.push(Finding::new(VerdictId::SlowStart, Hop::Http, Severity::Note, line));
    }
}

/// How long an answer takes that has nothing to wait for: the quickest of those after the page.
fn usual(evidence: &Evidence) -> Option<u64> {
    let hosting = evidence.hosting.as_ref().and_then(|hosting| head_of(&hosting.exchange));
    let library = evidence.client_library.as_ref().and_then(|library| head_of(&library.exchange));
    let handshake = evidence.handshake.as_ref().and_then(|handshake| head_of(&handshake.exchange));
    [hosting, library, handshake].into_iter().flatten().min()
}

/// What was answered as it should be, but late.
fn slow_answers(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(usual) = usual(evidence) else { return };
    let hops = [
        (Hop::Hosting, evidence.hosting.as_ref().map(|hosting| &hosting.exchange)),
        (Hop::ClientLibrary, evidence.client_library.as_ref().map(|library| &library.exchange)),
        (Hop::Handshake, evidence.handshake.as_ref().map(|handshake| &handshake.exchange)),
        (Hop::Cors, evidence.cors.as_ref().map(|cors| &cors.exchange)),
    ];
    let late: Vec<_> = hops
        .into_iter()
        .filter_map(|(hop, exchange)| {
            let exchange = exchange.filter(|exchange| exchange.is(200))?;
            let ms = head_of(exchange).filter(|ms| *ms > usual + SLOW_MS)?;
            Some((hop, exchange, ms))
        })
        .collect();
    // One may be chance.
    let [(hop, exchange, ms), _, ..] = late.as_slice() else { return };
    let line = format!(
        "{} was answered after {:.1} s, others after {:.1} s",
        exchange.url,
        seconds(*ms),
        seconds(usual)
    );
    findings.push(Finding::new(VerdictId::SlowAnswer, *hop, Severity::Note, line));
}

/// A line that stalls stops all streams at once.
fn stalls(evidence: &Evidence, findings: &mut Vec<Finding>) {
    for transport in evidence.streams.keys() {
        if let pace::Pace::LineStalled(silence) = pace::judge(evidence, *transport) {
            let again = evidence.streams[transport].alone.is_some();
            let how = if again {
                "not so when it was listened to again"
            } else {
                "all streams went on at the same moment"
            };
            let line = format!("nothing came for {:.1} s; {how}", seconds(silence.ms()));
            findings.push(Finding::new(
                VerdictId::LineStalled,
                Hop::Stream(*transport),
                Severity::Note,
                line,
            ));
        }
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Failure, FailureKind, Http};

    fn says_slow_line(change: impl FnOnce(&mut Exchange)) -> bool {
        let mut first = Exchange {
            status: Some(200),
            body_bytes: 8192,
            head_ms: Some(10),
            ms: 8010,
            ..Exchange::default()
        };
        change(&mut first);
        let evidence = Evidence { http: Some(Http { first, ..Http::default() }), ..Evidence::default() };
        let mut findings = Vec::new();
        rules(&evidence, &mut findings);
        findings.iter().any(|finding| finding.id == VerdictId::SlowLine)
    }

    #[test]
    fn a_stream_is_no_slow_line() {
        let without_end = |exchange: &mut Exchange| {
            exchange.failure = Some(Failure::new(FailureKind::Timeout, "the body did not end in time"));
        };
        assert!(says_slow_line(|_| {}));
        assert!(!says_slow_line(without_end));
        assert!(says_slow_line(|exchange| {
            without_end(exchange);
            exchange.headers.push(("content-length".into(), "100000".into()));
        }));
    }
}
