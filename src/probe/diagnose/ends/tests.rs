//! What is told of each end.

use serde_json::json;

use super::*;
use crate::probe::evidence::Arrival;

const PACE: u64 = 1_000;

fn stream(stanzas: u64) -> Stream {
    let arrival = |index| Arrival { at_ms: index * PACE, index: Some(index), bytes: 200 };
    Stream {
        opening: Some(json!({"of": 140, "node": "a", "intervalMs": PACE})),
        arrivals: (0..stanzas).map(arrival).collect(),
        watched_ms: stanzas * PACE,
        ..Stream::default()
    }
}

fn ends(at_ms: u64, quiet_ms: u64) -> Stream {
    let ended = Ended { at_ms, quiet_ms, how: "cut".into(), ..Ended::default() };
    Stream { ended: Some(ended), ..stream(at_ms / PACE + 1) }
}

fn coded(code: u16) -> Stream {
    let ended = Ended { at_ms: 2_000, code: Some(code), ..Ended::default() };
    Stream { ended: Some(ended), ..stream(2) }
}

fn with(first: Stream, again: Option<Stream>, speaking: Option<Stream>) -> Stream {
    Stream { again: again.map(Box::new), speaking: speaking.map(Box::new), ..first }
}

#[test]
fn causes() {
    use Transport::{SocketIoPolling, Sse, WebSocket};
    let whole = Stream { opening: Some(json!({"of": 3})), ..ends(2_100, 100) };
    for (what, transport, seen, expected) in [
        ("age", Sse, with(ends(2_500, 500), Some(ends(2_510, 500)), None), Cause::Age),
        (
            "age, also of those that speak",
            WebSocket,
            with(ends(2_500, 500), Some(ends(2_510, 500)), Some(ends(2_490, 400))),
            Cause::Age,
        ),
        (
            "the client's silence",
            WebSocket,
            with(ends(2_000, 10), Some(ends(2_010, 10)), Some(stream(5))),
            Cause::ClientSilence,
        ),
        (
            "a number of stanzas",
            Sse,
            with(ends(2_500, 500), Some(Stream { silence_ms: 1_000, ..ends(3_510, 500) }), None),
            Cause::Amount,
        ),
        (
            "age, after a silence",
            Sse,
            with(ends(2_500, 500), Some(Stream { silence_ms: 1_000, ..ends(2_510, 500) }), None),
            Cause::Age,
        ),
        (
            "silence that begins anew",
            Sse,
            with(ends(1_500, 1_490), Some(Stream { silence_ms: 1_000, ..ends(2_500, 1_490) }), None),
            Cause::Silence,
        ),
        ("once", Sse, with(ends(2_500, 500), Some(stream(5)), None), Cause::Once),
        ("at any age", Sse, with(ends(2_500, 500), Some(ends(900, 500)), None), Cause::Again),
        ("not again", Sse, ends(2_500, 500), Cause::Unknown),
        ("shorter than the pace", Sse, with(ends(700, 690), Some(ends(710, 700)), None), Cause::SilenceOrAge),
        ("polls", SocketIoPolling, with(ends(9_000, 1_500), Some(ends(1_600, 1_510)), None), Cause::Silence),
        ("polls at any time", SocketIoPolling, with(ends(900, 20), Some(ends(900, 20)), None), Cause::Again),
        ("a policy", WebSocket, coded(1008), Cause::Policy),
        ("size", WebSocket, coded(1009), Cause::Size),
        ("goes away", WebSocket, with(coded(1001), Some(stream(5)), None), Cause::GoingAway),
        ("goes away at an age", WebSocket, with(coded(1001), Some(ends(2_000, 0)), None), Cause::Age),
        ("the end, without a close frame", WebSocket, whole, Cause::CloseFrameLost),
    ] {
        assert_eq!(cause(transport, &seen), Some(expected), "{what}");
    }
    assert_eq!(cause(Sse, &Stream { complete: true, ..ends(900, 20) }), None);
    let refused = Stream { opening: None, ..ends(900, 20) };
    assert_eq!(cause(WebSocket, &refused), None, "it never began");
}

fn evidence(streams: impl IntoIterator<Item = (Transport, Stream)>) -> Evidence {
    let hosting = crate::probe::evidence::Hosting { nodes: vec!["a".into()], ..Default::default() };
    Evidence { streams: streams.into_iter().collect(), hosting: Some(hosting), ..Evidence::default() }
}

#[test]
fn restarts() {
    use Transport::{Sse, WebSocket};
    let is_restart = |streams: [(Transport, Stream); 2]| restarted(&evidence(streams)).is_some();
    let once = || with(ends(2_300, 300), Some(stream(5)), None);
    let gone = || with(ends(2_300, 300), Some(Stream::default()), None);
    let aged = || with(ends(2_300, 300), Some(ends(2_300, 300)), None);
    assert!(is_restart([(WebSocket, once()), (Sse, once())]));
    assert!(is_restart([(WebSocket, gone()), (Sse, gone())]), "not back yet");
    assert!(!is_restart([(WebSocket, aged()), (Sse, aged())]), "a limit on the age of all");
    assert!(!is_restart([(WebSocket, once()), (Sse, stream(5))]), "one of two");
    let later =
        Stream { exchange: crate::probe::evidence::Exchange { ms: 5_000, ..Default::default() }, ..once() };
    assert!(!is_restart([(WebSocket, once()), (Sse, later)]), "at different moments");
    let new = Stream { opening: Some(json!({"node": "b"})), ..stream(5) };
    assert!(is_restart([(WebSocket, with(ends(2_300, 300), Some(new), None)), (Sse, stream(5))]));
}
