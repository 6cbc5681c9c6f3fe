//! Rules for limits: what was refused, or hung, only while other connections were open, or after many requests. Pure.

mod crowded;

use super::{Finding, VerdictId, alternate::kind, facts};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Crowd, Evidence, Exchange, FailureKind},
    hop::Hop,
    hosts::{Host, author},
};

pub(crate) use crowded::crowded;
use crowded::{WAITS_MS, is_late, is_refused, may_be_a_limit, refused_poll};
pub(super) use crowded::{should_open_again, upgrades_hang};

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

/// Requests to several hops are refused for now, or closed without an answer, and the same are answered at other times: a limit, of
/// which nothing tells on what, or a server that fails under load.
fn refused_now_and_then(evidence: &Evidence) -> Option<Finding> {
    let exchanges = evidence.exchanges();
    let closed = |exchange: &Exchange| {
        matches!(classify(exchange), Class::None(FailureKind::Closed | FailureKind::Reset))
    };
    let is_refused = |exchange: &Exchange| classify(exchange) == Class::Unavailable || closed(exchange);
    let refused: Vec<_> = exchanges.iter().filter(|(_, exchange)| is_refused(exchange)).collect();
    let (hop, first) = refused.first()?;
    let others = refused.iter().filter(|(other, _)| other != hop).count();
    // The same was answered at another time: it is not this request that is refused.
    let alone = evidence.streams.values().filter_map(|stream| Some(&stream.alone.as_deref()?.exchange));
    let answered: Vec<&Exchange> =
        exchanges.iter().map(|(_, one)| *one).chain(alone).filter(|one| one.is_ours()).collect();
    let answered = refused.iter().filter(|(_, refused)| {
        let kind = kind(refused);
        kind.is_some() && answered.iter().any(|one| self::kind(one) == kind)
    });
    if others == 0 || answered.count() == 0 {
        return None;
    }
    let least = refused.iter().map(|(_, exchange)| exchange.connections).min().unwrap_or_default();
    let (id, or) = if refused.iter().all(|(_, exchange)| closed(exchange)) {
        (VerdictId::ConnectionsReset, &[VerdictId::RateLimited, VerdictId::ConnectionLimited][..])
    } else if least > most_answered(evidence) {
        (VerdictId::ConnectionLimited, &[VerdictId::RateLimited][..])
    } else {
        (VerdictId::RateLimited, &[VerdictId::ConnectionLimited][..])
    };
    let line = format!(
        "{}; {} of {} requests ended so, and the same were answered at other times",
        facts::describe_exchange(first),
        refused.len(),
        exchanges.len()
    );
    Some(Finding::new(id, *hop, facts::fault(evidence), line).or(
        or,
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

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests;
