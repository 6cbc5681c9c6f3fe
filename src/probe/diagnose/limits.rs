//! Rules for limits: what was refused, or hung, only while other connections were open, or after many requests. Pure.

use super::{Finding, VerdictId, alternate::kind, facts};
use crate::{
    probe::{
        classify::{Class, classify, is_ours},
        evidence::{Crowd, Evidence, Exchange, FailureKind, Stream},
        hop::Hop,
        hosts::{Host, author},
    },
    transport::Transport,
};

/// What takes so much longer than other answers waits for something.
const WAITS_MS: u64 = 1000;
/// Within this time after another connection has closed, an answer came because of it.
const AFTERWARDS_MS: u64 = 500;

/// How many times sooner an answer has to come where nothing else is open, to show that it waited for others to close.
const SOONER: u64 = 2;

/// So many requests that are refused though nothing else is open are no chance: one may come before the host has noticed that the others
/// were closed.
const REFUSED_ALONE: usize = 2;

/// What was refused or late beside others.
struct Refusal<'a> {
    hop: Hop,
    exchange: &'a Exchange,
    how: How<'a>,
}

/// What speaks for a limit.
#[derive(Clone, Copy)]
enum How<'a> {
    /// The same was asked again after a pause, and was answered.
    AfterPause(&'a Exchange),
    /// The same was asked again while nothing else was open, and was answered.
    Alone,
    /// It was answered when another connection had closed, and sooner while nothing else was open.
    Late(u64),
    /// The stream came about; a later poll got this status, and none while nothing else was open.
    Poll(u16),
}

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let refusals = refusals(evidence);
    if let (Some(Crowd { opened, refused: Some(exchange) }), [first, ..]) =
        (&evidence.line.crowd, &refusals[..])
    {
        let line =
            format!("with {opened} connections open, the next one: {}", facts::describe_exchange(exchange));
        findings.push(Finding::new(VerdictId::ConnectionLimited, first.hop, facts::fault(evidence), line));
        return;
    }
    let most = most_answered(evidence);
    let is_rate = |refusal: &&Refusal<'_>| match refusal.how {
        How::AfterPause(_) => is_of_requests(refusal.exchange, most),
        // Where connections are limited, whole streams are refused, too.
        How::Poll(_) => refusals.iter().all(|other| matches!(other.how, How::Poll(_))),
        How::Alone => refusal.exchange.status.is_some() && refusal.exchange.connections <= most,
        How::Late(_) => false,
    };
    let rate = refusals.iter().find(is_rate);
    let Some(refusal) = rate.or_else(|| refusals.iter().min_by_key(|refusal| refusal.connections())) else {
        findings.extend(refused_now_and_then(evidence));
        return;
    };
    let id = if rate.is_some() { VerdictId::RateLimited } else { VerdictId::ConnectionLimited };
    let line = if rate.is_some() { refusal.as_rate() } else { refusal.as_crowd() };
    findings.push(Finding::new(id, refusal.hop, facts::fault(evidence), line));
}

impl Refusal<'_> {
    /// How many connections were open; of a later poll that is not known.
    fn connections(&self) -> usize {
        if matches!(self.how, How::Poll(_)) { usize::MAX } else { self.exchange.connections }
    }

    /// In a line, as a limit on requests.
    fn as_rate(&self) -> String {
        let exchange = self.exchange;
        match self.how {
            How::AfterPause(second) => format!(
                "request {} of the probe, {:.1} s after it began: {}; asked again {:.1} s later → {}",
                exchange.number,
                seconds(exchange.sent_at_ms),
                facts::describe_exchange(exchange),
                seconds(second.sent_at_ms.saturating_sub(exchange.sent_at_ms)),
                facts::describe_answer(second),
            ),
            _ => self.as_crowd(),
        }
    }

    /// In a line, as a limit on connections.
    fn as_crowd(&self) -> String {
        let what = facts::describe_exchange(self.exchange);
        let count = self.exchange.connections;
        match self.how {
            How::AfterPause(second) => {
                format!(
                    "with {count} connections open: {what}; with {} open, it was answered",
                    second.connections
                )
            }
            How::Alone => format!("with {count} connections open: {what}; alone, it was answered"),
            How::Late(ms) => format!(
                "with {count} connections open: {what} after {:.1} s, when another had closed; alone, it was answered at once",
                seconds(ms)
            ),
            How::Poll(status) => {
                format!(
                    "while other streams were open, a poll was answered {status}; alone, the stream went on"
                )
            }
        }
    }
}

/// Requests to several hops are refused for now, each time they are asked, and others in between come through: a limit, of
/// which nothing tells on what.
fn refused_now_and_then(evidence: &Evidence) -> Option<Finding> {
    let exchanges = evidence.exchanges();
    let refused: Vec<_> =
        exchanges.iter().filter(|(_, exchange)| classify(exchange) == Class::Unavailable).collect();
    let (hop, first) = refused.first()?;
    let others = refused.iter().filter(|(other, _)| other != hop).count();
    // The same was answered at another time: it is not this request that is refused.
    let answered = refused.iter().filter(|(_, refused)| {
        let kind = kind(refused);
        kind.is_some() && exchanges.iter().any(|(_, one)| is_ours(one) && self::kind(one) == kind)
    });
    let answered = answered.count();
    if others == 0 || answered == 0 {
        return None;
    }
    let least = refused.iter().map(|(_, exchange)| exchange.connections).min().unwrap_or_default();
    let (id, or) = if least > most_answered(evidence) {
        (VerdictId::ConnectionLimited, VerdictId::RateLimited)
    } else {
        (VerdictId::RateLimited, VerdictId::ConnectionLimited)
    };
    let line = format!(
        "{}; {} of {} requests were refused so, and the same was answered at other times",
        facts::describe_exchange(first),
        refused.len(),
        exchanges.len()
    );
    Some(Finding::new(id, *hop, facts::fault(evidence), line).or(
        &[or],
        "the host's log says which limit refused these requests: one on requests in a time, or one on open connections",
    ))
}

/// Whether a limit was met.
pub(crate) fn is_limited(evidence: &Evidence) -> bool {
    !refusals(evidence).is_empty()
}

fn refusals(evidence: &Evidence) -> Vec<Refusal<'_>> {
    let exchanges = evidence.exchanges();
    // Servers that take turns, one of them out of order, refuse a request that is alone, too.
    let refused_alone =
        |(_, exchange): &(Hop, &Exchange)| exchange.status == Some(503) && exchange.connections <= 1;
    let by_turns = exchanges.iter().filter(|one| refused_alone(one)).count() >= REFUSED_ALONE;
    let mut refusals = Vec::new();
    for (hop, one) in exchanges {
        let Some(other) = one.again.as_deref() else { continue };
        let (first, second) = if one.sent_at_ms < other.sent_at_ms { (one, other) } else { (other, one) };
        if matches!(first.status, Some(429 | 503)) && second.status.is_some() && !is_refused(second) {
            refusals.push(Refusal { hop, exchange: first, how: How::AfterPause(second) });
        }
    }
    for (transport, stream) in &evidence.streams {
        let Some(again) = stream.alone.as_ref().filter(|again| !again.arrivals.is_empty()) else { continue };
        let how = match refused_poll(stream) {
            Some(status) => Some(How::Poll(status)),
            None => how(evidence, &stream.exchange, &again.exchange),
        };
        refusals.extend(how.map(|how| Refusal {
            hop: Hop::Stream(*transport),
            exchange: &stream.exchange,
            how,
        }));
    }
    if let Some(sticky) = evidence.sticky.as_ref().filter(|_| facts::works(evidence, Hop::Sticky)) {
        let slowest =
            sticky.rounds.iter().filter_map(|round| round.slowest.as_ref()).max_by_key(|one| one.ms);
        for exchange in &sticky.crowded {
            let how = slowest.and_then(|again| how(evidence, exchange, again));
            refusals.extend(how.map(|how| Refusal { hop: Hop::Sticky, exchange, how }));
        }
    }
    if let Some(upgrades) = &evidence.upgrades {
        let works = upgrades.attempts.iter().filter(|one| one.works).map(|one| &one.exchange);
        for exchange in &upgrades.crowded {
            let how = works.clone().find_map(|again| how(evidence, exchange, again));
            refusals.extend(how.map(|how| Refusal { hop: Hop::Upgrade, exchange, how }));
        }
    }
    // What hung or came late once, though as many connections do not hinder each other, was chance: a stall of the line.
    let room = evidence.line.crowd.as_ref().is_some_and(|crowd| crowd.refused.is_none());
    refusals.retain(|refusal| match refusal.exchange.status {
        Some(429) => true,
        _ if matches!(refusal.how, How::Late(_)) => !by_turns && !room,
        None => !by_turns && !room,
        Some(_) => !by_turns,
    });
    refusals
}

/// What speaks for a limit, where a request had one fate beside others, and another alone.
fn how<'a>(evidence: &Evidence, first: &Exchange, alone: &Exchange) -> Option<How<'a>> {
    if may_be_a_limit(first) {
        return Some(How::Alone);
    }
    let ms = first.head_ms.filter(|_| is_late(evidence, first))?;
    (alone.ms.max(WAITS_MS / SOONER) * SOONER <= ms).then_some(How::Late(ms))
}

/// With how many connections open a request was answered.
fn most_answered(evidence: &Evidence) -> usize {
    let crowd = evidence.line.crowd.as_ref().map(|crowd| crowd.opened).unwrap_or_default();
    let exchanges = evidence.exchanges();
    let answered =
        exchanges.iter().filter(|(_, exchange)| exchange.status.is_some() && !is_refused(exchange));
    answered.map(|(_, exchange)| exchange.connections).max().unwrap_or_default().max(crowd)
}

/// Whether a limit is one of requests in a time: it says after which time it is over, or as many connections as were open when it
/// was met were no hindrance at another time; unless the host says itself that it counts connections (Traefik's inFlightReq: "max
/// connections reached: 3").
fn is_of_requests(exchange: &Exchange, most_answered: usize) -> bool {
    let body = exchange.body.to_ascii_lowercase();
    if body.contains("max connections")
        || body.contains("too many connections")
        || body.contains("concurrent")
        // HAProxy, where all connections to the servers are taken, or none is there; its limits on requests answer otherwise.
        || body.contains("no server is available")
        // Envoy's circuit breaker (envoyproxy.io, "Response flags", UO).
        || body.contains("reset reason: overflow")
    {
        return false;
    }
    // Apache has no limit on requests of its own that answers 503; its pool of connections to a server does.
    if exchange.status == Some(503) && author(exchange) == Some(Host::Apache) {
        return false;
    }
    let says_when = exchange.status == Some(429) && exchange.header("retry-after").is_some();
    says_when || exchange.connections <= most_answered
}

/// Which hops beside the streams should be looked at again while nothing else is open.
pub(crate) fn crowded(evidence: &Evidence) -> Vec<(Hop, Vec<Exchange>)> {
    let worth = |exchange: &&Exchange| may_be_a_limit(exchange) || is_late(evidence, exchange);
    let of = |hop, exchanges: Vec<&Exchange>| {
        let found: Vec<_> = exchanges.into_iter().filter(worth).cloned().collect();
        (!found.is_empty()).then_some((hop, found))
    };
    let rounds = evidence.sticky.iter().flat_map(|sticky| &sticky.rounds);
    let attempts = evidence.upgrades.iter().flat_map(|upgrades| &upgrades.attempts);
    [
        of(Hop::Hosting, evidence.hosting.iter().map(|hosting| &hosting.exchange).collect()),
        of(Hop::ClientLibrary, evidence.client_library.iter().map(|library| &library.exchange).collect()),
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
pub(super) fn should_open_again(evidence: &Evidence, transport: Transport) -> bool {
    evidence.streams.get(&transport).is_some_and(|stream| is_crowded(evidence, stream))
}

/// Whether upgrades were waited for in vain, also while nothing else was open.
pub(super) fn upgrades_hang(evidence: &Evidence) -> bool {
    evidence.upgrades.as_ref().is_some_and(|upgrades| {
        let hangs = |exchange: &Exchange| classify(exchange) == Class::None(FailureKind::Timeout);
        !upgrades.crowded.is_empty() && upgrades.attempts.iter().all(|attempt| hangs(&attempt.exchange))
    })
}

/// Whether a stream did not come about, or late, for a reason that may be the number of open connections or of requests.
fn is_crowded(evidence: &Evidence, stream: &Stream) -> bool {
    may_be_a_limit(&stream.exchange) || is_late(evidence, &stream.exchange) || refused_poll(stream).is_some()
}

/// The status of a later poll that was refused for now.
fn refused_poll(stream: &Stream) -> Option<u16> {
    stream.ended.as_ref()?.status.filter(|status| matches!(status, 429 | 503))
}

/// Whether an answer may come of a limit and not of the request: it was refused for now, or did not come, while other
/// connections were open.
fn may_be_a_limit(exchange: &Exchange) -> bool {
    exchange.connections > 1 && is_refused(exchange)
}

fn is_refused(exchange: &Exchange) -> bool {
    match classify(exchange) {
        Class::RateLimit | Class::Unavailable => true,
        Class::None(kind) => matches!(kind, FailureKind::Timeout | FailureKind::Reset | FailureKind::Closed),
        _ => exchange.status == Some(503),
    }
}

/// Whether an answer came only when a stream had closed, as where all workers of a server are taken.
fn is_late(evidence: &Evidence, exchange: &Exchange) -> bool {
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

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Arrival, Round, Sticky};

    fn exchange(status: u16, sent_at_ms: u64, connections: usize) -> Exchange {
        Exchange { status: Some(status), sent_at_ms, connections, number: 11, ..Exchange::default() }
    }

    fn said(evidence: &Evidence) -> Vec<(VerdictId, String)> {
        let mut findings = Vec::new();
        rules(evidence, &mut findings);
        findings.into_iter().map(|finding| (finding.id, finding.evidence)).collect()
    }

    fn with_stream(stream: Stream) -> Evidence {
        Evidence { streams: [(Transport::Sse, stream)].into(), ..Evidence::default() }
    }

    /// A stream that was refused, and answered alone.
    fn refused_stream(refused: Exchange) -> Stream {
        let alone = Stream {
            arrivals: vec![Arrival::default()],
            exchange: exchange(200, 9000, 1),
            ..Stream::default()
        };
        Stream { exchange: refused, alone: Some(Box::new(alone)), ..Stream::default() }
    }

    #[test]
    fn what_is_answered_after_a_pause_was_too_much_at_a_time() {
        let again = |status, first, second| {
            let again = Some(Box::new(exchange(status, 900, first)));
            with_stream(Stream {
                exchange: Exchange { again, ..exchange(200, 5900, second) },
                ..Stream::default()
            })
        };
        for (status, first, second, id) in [
            (429, 5, 5, VerdictId::RateLimited),
            (503, 5, 5, VerdictId::RateLimited),
            (503, 5, 1, VerdictId::ConnectionLimited),
            (429, 5, 1, VerdictId::ConnectionLimited),
        ] {
            let said = said(&again(status, first, second));
            assert!(said.iter().map(|(said, _)| *said).eq([id]), "{said:?}");
        }
        let mut says_when = again(429, 5, 1);
        let exchange = &mut says_when.streams.get_mut(&Transport::Sse).unwrap().exchange;
        exchange.again.as_mut().unwrap().headers = vec![("retry-after".into(), "5".into())];
        assert_eq!(said(&says_when)[0].0, VerdictId::RateLimited);
        let said = said(&again(429, 5, 5));
        assert!(said[0].1.contains("request 11") && said[0].1.contains("0.9 s"), "{said:?}");
        assert!(said[0].1.contains("5.0 s later"), "{said:?}");
    }

    #[test]
    fn what_is_answered_only_alone_was_one_connection_too_many() {
        let hangs = Exchange {
            connections: 4,
            failure: Some(crate::probe::evidence::Failure::new(FailureKind::Timeout, "no answer")),
            ..Exchange::default()
        };
        for refused in [exchange(503, 900, 4), exchange(429, 900, 4), hangs] {
            let evidence = with_stream(refused_stream(refused));
            assert!(should_open_again(&evidence, Transport::Sse));
            let said = said(&evidence);
            assert!(
                matches!(&said[..], [(VerdictId::ConnectionLimited, line)] if line.contains("4 connections")),
                "{said:?}"
            );
        }
    }

    #[test]
    fn a_later_poll_that_is_refused() {
        let ended =
            |status| Some(crate::probe::evidence::Ended { status: Some(status), ..Default::default() });
        for status in [429, 503] {
            let stream = Stream { ended: ended(status), ..refused_stream(exchange(200, 100, 2)) };
            assert_eq!(said(&with_stream(stream))[0].0, VerdictId::RateLimited, "{status}");
        }
        let mut evidence = with_stream(Stream { ended: ended(429), ..refused_stream(exchange(200, 100, 2)) });
        evidence.streams.insert(Transport::WebSocket, refused_stream(exchange(429, 900, 4)));
        assert_eq!(said(&evidence)[0].0, VerdictId::ConnectionLimited, "streams are refused, too");
    }

    #[test]
    fn what_fails_alone_too_is_no_limit() {
        let stream = refused_stream(exchange(503, 900, 4));
        let alone = Some(Box::new(Stream { exchange: exchange(503, 9000, 1), ..Stream::default() }));
        assert_eq!(said(&with_stream(Stream { alone, ..stream })), []);
        let only_one = with_stream(refused_stream(exchange(503, 900, 1)));
        assert!(!should_open_again(&only_one, Transport::Sse), "nothing else was open");
        let forbidden = with_stream(refused_stream(exchange(403, 900, 4)));
        assert!(!should_open_again(&forbidden, Transport::Sse), "it was refused for good");
    }

    #[test]
    fn counting_connections_decides() {
        let crowd = |opened, refused| Some(Crowd { opened, refused });
        let mut evidence = with_stream(refused_stream(exchange(503, 900, 4)));
        evidence.line.crowd = crowd(3, Some(exchange(503, 9000, 4)));
        let counted = said(&evidence);
        assert_eq!(counted[0].0, VerdictId::ConnectionLimited);
        assert!(counted[0].1.starts_with("with 3 connections open, the next one"), "{counted:?}");
        evidence.line.crowd = crowd(6, None);
        assert_eq!(said(&evidence)[0].0, VerdictId::RateLimited, "as many as that are no hindrance");
        let mut hung = exchange(503, 900, 4);
        hung.status = None;
        hung.failure = Some(crate::probe::evidence::Failure::new(FailureKind::Timeout, "no answer"));
        let mut evidence = with_stream(refused_stream(hung));
        evidence.line.crowd = crowd(6, None);
        assert_eq!(said(&evidence), [], "a stall");
    }

    #[test]
    fn servers_that_take_turns_are_no_limit() {
        let mut evidence = with_stream(refused_stream(exchange(503, 900, 4)));
        let rounds = [7000, 8000].map(|at| Round { failed: Some(exchange(503, at, 1)), ..Round::default() });
        evidence.sticky = Some(Sticky { rounds: rounds.to_vec(), ..Sticky::default() });
        assert_eq!(said(&evidence), []);
    }

    #[test]
    fn a_worker_that_is_free_again_answers() {
        let arrivals = [5, 2005, 4005, 6000].map(|at_ms| Arrival { at_ms, ..Arrival::default() });
        let first = Stream {
            exchange: exchange(200, 100, 3),
            watched_ms: 6000,
            arrivals: arrivals.to_vec(),
            ..Stream::default()
        };
        let late = |head_ms| {
            let stream = refused_stream(Exchange { head_ms: Some(head_ms), ..exchange(200, 100, 4) });
            let mut evidence = with_stream(stream);
            evidence.streams.insert(Transport::WebSocket, first.clone());
            evidence
        };
        assert_eq!(said(&late(6100))[0].0, VerdictId::ConnectionLimited);
        let mut slow = late(6100);
        slow.streams.get_mut(&Transport::Sse).unwrap().alone.as_mut().unwrap().exchange.ms = 6000;
        assert_eq!(said(&slow), [], "slow alone, too");
        assert_eq!(said(&late(4000)), [], "slow, and nobody made room");
        assert_eq!(said(&late(30)), []);
        let mut stalled = late(6100);
        stalled.streams.get_mut(&Transport::WebSocket).unwrap().arrivals.drain(1..3);
        assert_eq!(said(&stalled), [], "nothing flowed meanwhile");
    }

    #[test]
    fn hops_to_look_at_again() {
        let failed = Some(exchange(503, 900, 5));
        let sticky = Some(Sticky { rounds: vec![Round { failed, ..Round::default() }], ..Sticky::default() });
        let evidence = Evidence { sticky, ..Evidence::default() };
        let hops: Vec<_> =
            crowded(&evidence).into_iter().map(|(hop, exchanges)| (hop, exchanges.len())).collect();
        assert_eq!(hops, [(Hop::Sticky, 1)]);
    }
}
