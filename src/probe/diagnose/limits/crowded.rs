//! What was refused, hung or came late while other connections were open, and should be looked at again while nothing else is:
//! alone, it tells a limit from a fault. Pure.

use crate::{
    probe::{
        classify::{Class, classify},
        evidence::{Evidence, Exchange, FailureKind, Stream},
        hop::Hop,
    },
    transport::Transport,
};

/// What takes so much longer than other answers waits for something.
pub(super) const WAITS_MS: u64 = 1000;
/// Within this time after another connection has closed, an answer came because of it.
const AFTERWARDS_MS: u64 = 500;

/// Which hops beside the streams should be looked at again while nothing else is open.
pub(crate) fn crowded(evidence: &Evidence) -> Vec<(Hop, Vec<Exchange>)> {
    let worth = |exchange: &&Exchange| may_be_a_limit(exchange) || is_late(evidence, exchange);
    let of = |hop, exchanges: Vec<&Exchange>| {
        let found: Vec<_> = exchanges.into_iter().filter(worth).cloned().collect();
        (!found.is_empty()).then_some((hop, found))
    };
    let files = evidence.files.iter().flat_map(|files| &files.fetched);
    let rounds = evidence.sticky.iter().flat_map(|sticky| &sticky.rounds);
    let attempts = evidence.upgrades.iter().flat_map(|upgrades| &upgrades.attempts);
    [
        of(Hop::Hosting, evidence.hosting.iter().map(|hosting| &hosting.exchange).collect()),
        of(Hop::ClientLibrary, evidence.client_library.iter().map(|library| &library.exchange).collect()),
        of(Hop::Files, files.map(|file| &file.exchange).collect()),
        of(Hop::Handshake, evidence.handshake.iter().map(|handshake| &handshake.exchange).collect()),
        of(Hop::Sticky, rounds.flat_map(|round| round.failed.iter().chain(&round.slowest)).collect()),
        of(Hop::Upgrade, attempts.map(|attempt| &attempt.exchange).collect()),
        of(Hop::Cors, evidence.cors.iter().map(|cors| &cors.exchange).collect()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a stream should be opened again while nothing else is open.
pub(in crate::probe::diagnose) fn should_open_again(evidence: &Evidence, transport: Transport) -> bool {
    evidence.streams.get(&transport).is_some_and(|stream| is_crowded(evidence, stream))
}

/// Whether upgrades were waited for in vain, also while nothing else was open.
pub(in crate::probe::diagnose) fn upgrades_hang(evidence: &Evidence) -> bool {
    evidence.upgrades.as_ref().is_some_and(|upgrades| {
        let hangs = |exchange: &Exchange| classify(exchange) == Class::None(FailureKind::Timeout);
        !upgrades.crowded.is_empty() && upgrades.attempts.iter().all(|attempt| hangs(&attempt.exchange))
    })
}

/// Whether a stream did not come about, or late, for a reason that may be the number of open connections or of requests.
pub(super) fn is_crowded(evidence: &Evidence, stream: &Stream) -> bool {
    may_be_a_limit(&stream.exchange) || is_late(evidence, &stream.exchange) || refused_poll(stream).is_some()
}

/// The status of a later poll that was refused for now.
pub(super) fn refused_poll(stream: &Stream) -> Option<u16> {
    stream.ended.as_ref()?.status.filter(|status| matches!(status, 429 | 503))
}

/// Whether an answer may come of a limit and not of the request: it was refused for now, or did not come, while other
/// connections were open.
pub(super) fn may_be_a_limit(exchange: &Exchange) -> bool {
    exchange.connections > 1 && is_refused(exchange)
}

pub(super) fn is_refused(exchange: &Exchange) -> bool {
    match classify(exchange) {
        Class::RateLimit | Class::Unavailable => true,
        Class::None(kind) => matches!(kind, FailureKind::Timeout | FailureKind::Reset | FailureKind::Closed),
        _ => exchange.status == Some(503),
    }
}

/// Whether an answer came only when a stream had closed, as where all workers of a server are taken.
pub(super) fn is_late(evidence: &Evidence, exchange: &Exchange) -> bool {
    let plain = evidence.hosting.as_ref().and_then(|hosting| hosting.exchange.head_ms);
    // All upgrades may take long, whatever else is open.
    let upgrades = || {
        let all = evidence.exchanges();
        all.iter().filter(|(_, one)| one.status == Some(101)).filter_map(|(_, one)| one.head_ms).min()
    };
    let usual = if exchange.status == Some(101) { upgrades() } else { plain }.unwrap_or_default();
    let Some(ms) = exchange.head_ms.filter(|ms| *ms > usual + WAITS_MS) else { return false };
    let came = exchange.sent_at_ms + ms;
    // Where nothing flowed meanwhile, it was the line that stood still.
    let meanwhile = exchange.sent_at_ms + ms / 4..came.saturating_sub(ms / 8);
    let flowed = evidence.streams.values().any(|stream| {
        let mut times = stream.arrivals.iter().map(|arrival| stream.exchange.sent_at_ms + arrival.at_ms);
        times.any(|at_ms| meanwhile.contains(&at_ms))
    });
    if !flowed {
        return false;
    }
    let ends = evidence.streams.values().map(|stream| stream.exchange.sent_at_ms + stream.watched_ms);
    exchange.connections > 1 && ends.into_iter().any(|end| (end..end + AFTERWARDS_MS).contains(&came))
}
