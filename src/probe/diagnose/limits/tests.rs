use super::*;
use crate::{
    probe::evidence::{Arrival, Round, Sticky, Stream},
    transport::Transport,
};

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
    let alone =
        Stream { arrivals: vec![Arrival::default()], exchange: exchange(200, 9000, 1), ..Stream::default() };
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
    let ended = |status| Some(crate::probe::evidence::Ended { status: Some(status), ..Default::default() });
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
