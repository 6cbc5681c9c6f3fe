//! Tables of the rules for streams at several places.

use super::*;
use crate::probe::evidence::{AppEvent, Ended, Exchange, Piece};

/// A stream on which these events came, each a time and a content.
fn stream(events: &[(u64, &str)]) -> AppStream {
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    AppStream {
        form: AppForm::EventStream,
        exchange: Exchange { status: Some(200), headers, url: "http://h/x".into(), ..Exchange::default() },
        events: events
            .iter()
            .map(|(at_ms, text)| AppEvent { at_ms: *at_ms, digest: (*text).into(), ..AppEvent::default() })
            .collect(),
        pieces: events
            .iter()
            .map(|(at_ms, _)| Piece { at_ms: *at_ms, events: 1, ..Piece::default() })
            .collect(),
        watched_ms: 8000,
        ..AppStream::default()
    }
}

const EVEN: [(u64, &str); 5] = [(10, "a"), (1010, "b"), (2010, "c"), (3010, "d"), (4010, "e")];

/// What is found where these streams were read, twice the same.
fn found(streams: Vec<AppStream>) -> Vec<(VerdictId, Severity, String)> {
    let urls = ["http://host/x", "http://middle/x", "http://origin/x"];
    let count = streams.len();
    let urls =
        urls[..1].iter().chain(&urls[urls.len() - (count - 1)..]).map(|url| (*url).to_owned()).collect();
    let again = Compared { way: AppWay::Body, streams: streams.clone(), again: None };
    let compared = Compared { again: Some(Box::new(again)), way: AppWay::Body, streams };
    found_in(Against { urls, compared: vec![compared] })
}

fn found_in(against: Against) -> Vec<(VerdictId, Severity, String)> {
    let evidence = Evidence { against: Some(against), ..Evidence::default() };
    let mut findings = Vec::new();
    rules(&evidence, &mut findings);
    findings.into_iter().map(|finding| (finding.id, finding.severity, finding.evidence)).collect()
}

fn ids(streams: Vec<AppStream>) -> Vec<VerdictId> {
    found(streams).into_iter().map(|(id, ..)| id).collect()
}

#[test]
fn the_same_everywhere_is_nothing_to_say() {
    assert_eq!(found(vec![stream(&EVEN), stream(&EVEN)]), []);
    let shifted: Vec<_> = EVEN.iter().map(|(at, text)| (at + 400, *text)).collect();
    assert_eq!(found(vec![stream(&shifted), stream(&EVEN)]), [], "a busy machine");
    assert_eq!(found(vec![stream(&EVEN[..4]), stream(&EVEN)]), [], "the last one is on its way");
}

#[test]
fn what_is_held_back_is_the_hosts_doing() {
    let lump: Vec<_> = EVEN.iter().map(|(_, text)| (4020, *text)).collect();
    let all = found(vec![stream(&lump), stream(&EVEN)]);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].0, all[0].1), (VerdictId::Buffered, Severity::Degraded));
    assert_eq!(all[0].2, "4 events came 1.0 to 4.0 s later than further in (compared with http://origin/x)");
    assert_eq!(ids(vec![stream(&[]), stream(&EVEN)]), [VerdictId::Buffered]);
}

#[test]
fn where_the_host_holds_back_the_origin_does_not() {
    let lumps = || {
        Finding::new(VerdictId::Buffered, Hop::App, Severity::Degraded, "12 events came at once")
            .or(&[VerdictId::OriginItself], "read the same stream from the server itself")
    };
    let mut told = [lumps(), Finding::new(VerdictId::Buffered, Hop::Against, Severity::Degraded, "late")];
    not_the_origin(&mut told);
    assert!(told[0].or.is_empty() && told[0].to_tell.is_none());
    let mut untold = [lumps()];
    not_the_origin(&mut untold);
    assert_eq!(untold[0].or, [VerdictId::OriginItself]);
}

#[test]
fn the_guilty_one_is_named_by_its_position() {
    let lump: Vec<_> = EVEN.iter().map(|(_, text)| (4020, *text)).collect();
    let inner = found(vec![stream(&lump), stream(&lump), stream(&EVEN)]);
    assert_eq!(inner.len(), 1, "{inner:?}");
    assert!(inner[0].2.starts_with("between http://middle/x and http://origin/x: "), "{inner:?}");
    let outer = found(vec![stream(&lump), stream(&EVEN), stream(&EVEN)]);
    assert!(outer[0].2.starts_with("between http://host/x and http://middle/x: "), "{outer:?}");
}

#[test]
fn what_each_connection_gets_for_itself_is_not_compared() {
    let other: Vec<_> = EVEN.iter().map(|(at, _)| (*at, "own")).enumerate().collect();
    let texts: Vec<String> = (0..5).map(|index| format!("other {index}")).collect();
    let other: Vec<_> = other.iter().map(|(index, (at, _))| (*at, texts[*index].as_str())).collect();
    let all = found(vec![stream(&other), stream(&EVEN)]);
    assert_eq!((all[0].0, all[0].1), (VerdictId::NotComparable, Severity::Note));
    assert_eq!(all.len(), 1);
}

#[test]
fn a_stream_that_begins_anew_is_not_late_for_its_later_start() {
    let mut late = stream(&EVEN);
    late.exchange.sent_at_ms = 3000;
    assert_eq!(found(vec![late, stream(&EVEN)]), []);
    let mut early = stream(&EVEN);
    early.exchange.sent_at_ms = 5000;
    assert_eq!(found(vec![stream(&EVEN), early]), []);
}

#[test]
fn events_that_are_lost_or_doubled() {
    let lost = [EVEN[0], EVEN[1], EVEN[3], EVEN[4]];
    assert_eq!(ids(vec![stream(&lost), stream(&EVEN)]), [VerdictId::EventsDiffer]);
    let doubled = [EVEN[0], EVEN[1], (1011, "b"), EVEN[2], EVEN[3], EVEN[4]];
    assert_eq!(ids(vec![stream(&doubled), stream(&EVEN)]), [VerdictId::EventsDiffer]);
    let ticks = [(10, "tick"), (1010, "tick"), (2010, "tick"), (3010, "tick")];
    assert_eq!(ids(vec![stream(&ticks), stream(&ticks)]), []);
}

#[test]
fn heads_and_ends() {
    let with = |name: &str, value: &str| {
        let mut changed = stream(&EVEN);
        changed.exchange.headers.retain(|(known, _)| known != name);
        changed.exchange.headers.push((name.into(), value.into()));
        changed
    };
    assert_eq!(ids(vec![with("content-encoding", "gzip"), stream(&EVEN)]), [VerdictId::CompressedStream]);
    assert_eq!(ids(vec![with("content-type", "text/plain"), stream(&EVEN)]), [VerdictId::WrongContentType]);
    assert_eq!(ids(vec![with("cache-control", "max-age=60"), stream(&EVEN)]), [VerdictId::HeadersChanged]);
    assert_eq!(ids(vec![with("connection", "close"), stream(&EVEN)]), []);
    let cut = |at_ms| AppStream {
        ended: Some(Ended { at_ms, how: "closed".into(), ..Ended::default() }),
        watched_ms: at_ms,
        ..stream(&EVEN[..3])
    };
    assert_eq!(ids(vec![cut(3000), stream(&EVEN)]), [VerdictId::CutByHost]);
    assert_eq!(ids(vec![cut(3000), cut(3400)]), [VerdictId::OriginItself]);
}

#[test]
fn answers_that_come_to_their_own_end_are_not_cut() {
    let ended = |events: &[(u64, &str)], at_ms, watched_ms| AppStream {
        complete: true,
        ended: Some(Ended { at_ms, how: "the server ended the stream".into(), ..Ended::default() }),
        watched_ms,
        ..stream(events)
    };
    let held: Vec<_> = EVEN.iter().map(|(_, text)| (4100, *text)).collect();
    let all = ids(vec![ended(&held, 5, 4105), ended(&EVEN, 4090, 4100)]);
    assert_eq!(all, [VerdictId::Buffered], "it opened late");
    let own = [(10, "x"), (900, "y"), (950, "z")];
    let others = ids(vec![ended(&own, 940, 950), ended(&EVEN, 4000, 4010)]);
    assert_eq!(others, [VerdictId::NotComparable], "each connection gets another answer");
    let shorter = [EVEN[0], EVEN[1], (1100, "e")];
    let words = ids(vec![ended(&shorter, 1090, 1100), ended(&EVEN, 4000, 4010)]);
    assert!(!words.contains(&VerdictId::CutByHost), "{words:?}: the mark at its end came");
    let cut = ids(vec![ended(&EVEN[..2], 1090, 1100), ended(&EVEN, 4000, 4010)]);
    assert_eq!(cut, [VerdictId::CutByHost], "the same answer, and less of it");
}

#[test]
fn what_streams_in_another_way_is_not_broken() {
    let refused = AppStream {
        exchange: Exchange { status: Some(400), url: "http://h/x".into(), ..Exchange::default() },
        ..AppStream::default()
    };
    let compared = |way, outer: AppStream| {
        let streams = vec![outer, stream(&EVEN)];
        let again = Compared { way, streams: streams.clone(), again: None };
        Compared { way, streams, again: Some(Box::new(again)) }
    };
    let urls = vec!["http://host/x".to_owned(), "http://origin/x".to_owned()];
    let severity = |polling: AppStream| {
        let ways = vec![
            compared(AppWay::EngineWebSocket, refused.clone()),
            compared(AppWay::EnginePolling, polling),
        ];
        found_in(Against { urls: urls.clone(), compared: ways })
            .first()
            .map(|(id, severity, _)| (*id, *severity))
    };
    assert_eq!(severity(stream(&EVEN)), Some((VerdictId::StreamRefused, Severity::Degraded)));
    assert_eq!(severity(refused.clone()), Some((VerdictId::StreamRefused, Severity::Broken)));
}

#[test]
fn an_origin_that_fails_is_not_the_hosts_fault() {
    let refused = |status| AppStream {
        exchange: Exchange { status: Some(status), url: "http://h/x".into(), ..Exchange::default() },
        ..AppStream::default()
    };
    let broken = found(vec![refused(502), refused(500)]);
    assert_eq!((broken[0].0, broken[0].1), (VerdictId::OriginItself, Severity::Broken));
    assert_eq!(broken.len(), 1);
    assert_eq!(ids(vec![refused(426), stream(&EVEN)]), [VerdictId::StreamRefused]);
    assert_eq!(ids(vec![stream(&EVEN), refused(404)]), [VerdictId::NotComparable]);
    assert_eq!(ids(vec![stream(&[]), stream(&[])]), [VerdictId::OriginItself]);
}

#[test]
fn once_is_chance() {
    let lump: Vec<_> = EVEN.iter().map(|(_, text)| (4020, *text)).collect();
    let urls = vec!["http://host/x".to_owned(), "http://origin/x".to_owned()];
    let again = Compared { streams: vec![stream(&EVEN), stream(&EVEN)], ..Compared::default() };
    let compared = Compared {
        streams: vec![stream(&lump), stream(&EVEN)],
        again: Some(Box::new(again)),
        ..Compared::default()
    };
    assert_eq!(found_in(Against { urls, compared: vec![compared] }), []);
}
