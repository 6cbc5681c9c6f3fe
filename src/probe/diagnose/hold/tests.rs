//! Which limits are told apart, and what is measured.

use super::{
    ended_together,
    fate::LATE_MS,
    limits::{What, limits},
};
use crate::{
    probe::evidence::{Ended, Held, HeldKind, Hold},
    transport::Transport,
};

const PING: (u64, u64) = (25_000, 20_000);

fn held(transport: Transport, kind: HeldKind, wanted_ms: u64) -> Held {
    let engine = matches!(transport, Transport::SocketIoWebSocket | Transport::SocketIoPolling);
    let (ping_interval_ms, ping_timeout_ms) = if engine { PING } else { (0, 0) };
    Held {
        transport,
        kind,
        silence_ms: if kind == HeldKind::Quiet { wanted_ms } else { 0 },
        wanted_ms,
        held_ms: wanted_ms,
        ping_interval_ms,
        ping_timeout_ms,
        pings: usize::try_from(wanted_ms / 25_000 + 1).unwrap(),
        stanzas: 1,
        longest_silence_ms: if kind == HeldKind::Quiet { wanted_ms } else { 2_000 },
        ..Held::default()
    }
}

fn cut(mut held: Held, age_ms: u64, quiet_ms: u64) -> Held {
    held.held_ms = age_ms;
    held.quiet_ms = quiet_ms;
    held.stanzas = if held.kind == HeldKind::Quiet { 0 } else { 3 };
    held.pings = usize::try_from(age_ms / 25_000 + 1).unwrap();
    held.longest_silence_ms = held.longest_silence_ms.min(age_ms - quiet_ms);
    held.ended = Some(Ended { at_ms: age_ms, quiet_ms, how: "cut".into(), ..Ended::default() });
    held
}

fn silent(mut held: Held) -> Held {
    held.stanzas = 0;
    held.quiet_ms = held.silence_ms + LATE_MS;
    held.held_ms = held.quiet_ms;
    held
}

fn coded(mut held: Held, code: u16) -> Held {
    held.ended.as_mut().unwrap().code = Some(code);
    held
}

fn found(held: Vec<Held>) -> Vec<(What, u64, u64)> {
    let hold = Hold { interval_ms: 2_000, held, ..Hold::default() };
    limits(&hold).iter().map(|limit| (limit.what, limit.from_ms, limit.to_ms)).collect()
}

#[test]
fn silence_is_told_from_age() {
    use HeldKind::{Flowing, Quiet, Speaking};
    use Transport::{Sse, WebSocket};
    let ws = |kind| held(WebSocket, kind, 20_000);
    let sse = |kind| held(Sse, kind, 20_000);
    for (what, all, expected) in [
        ("all live", vec![ws(Quiet), ws(Flowing), ws(Speaking)], vec![]),
        (
            "silence",
            vec![cut(ws(Quiet), 5_020, 5_010), ws(Flowing), ws(Speaking)],
            vec![(What::Silence, 5_010, 5_010)],
        ),
        (
            "the client's silence",
            vec![cut(ws(Quiet), 5_020, 5_010), cut(ws(Flowing), 5_100, 1_100), ws(Speaking)],
            vec![(What::ClientSilence, 5_100, 5_100)],
        ),
        (
            "age",
            vec![cut(ws(Quiet), 5_020, 5_010), cut(ws(Flowing), 5_030, 1_000), cut(ws(Speaking), 5_010, 900)],
            vec![(What::Age, 5_030, 5_030)],
        ),
        (
            "age, of events",
            vec![cut(sse(Quiet), 10_000, 10_000), cut(sse(Flowing), 10_010, 10)],
            vec![(What::Age, 10_010, 10_010)],
        ),
        (
            "both",
            vec![cut(sse(Quiet), 5_000, 5_000), cut(sse(Flowing), 15_000, 900)],
            vec![(What::Age, 15_000, 15_000), (What::Silence, 5_000, 5_000)],
        ),
        (
            "only what flows",
            vec![sse(Quiet), cut(sse(Flowing), 9_000, 800)],
            vec![(What::Flow, 9_000, 9_000)],
        ),
        (
            "a pace slower than the limit",
            vec![cut(sse(Quiet), 1_500, 1_500), cut(sse(Flowing), 1_520, 1_510)],
            vec![(What::Silence, 1_510, 1_510)],
        ),
        (
            "a policy",
            vec![cut(ws(Quiet), 5_000, 5_000), coded(cut(ws(Flowing), 3_000, 10), 1008)],
            vec![(What::Policy, 3_000, 3_000)],
        ),
    ] {
        assert_eq!(found(all), expected, "{what}");
    }
}

#[test]
fn a_silent_cut_is_bracketed() {
    let quiet = |silence_ms| held(Transport::WebSocket, HeldKind::Quiet, silence_ms);
    let flowing = held(Transport::WebSocket, HeldKind::Flowing, 120_000);
    let all = vec![quiet(15_000), quiet(30_000), silent(quiet(60_000)), silent(quiet(120_000)), flowing];
    assert_eq!(found(all), [(What::Silence, 30_000, 60_000)]);
}

#[test]
fn an_engine_that_only_pings() {
    let quiet = |age_ms, quiet_ms, longest_silence_ms| {
        let cut = cut(held(Transport::SocketIoWebSocket, HeldKind::Quiet, 60_000), age_ms, quiet_ms);
        Held { silence_ms: 0, longest_silence_ms, ..cut }
    };
    assert_eq!(found(vec![quiet(40_000, 15_000, 25_000)]), [(What::Age, 40_000, 40_000)]);
    assert_eq!(found(vec![quiet(10_010, 10_000, 10)]), [(What::Silence, 10_000, 10_000)]);
    let hold = Hold { held: vec![quiet(10_010, 10_000, 10)], ..Hold::default() };
    assert!(limits(&hold)[0].or_age, "one on the whole time would look the same");
}

/// Caddy and Traefik, which are Go's: nothing happens until something is written.
#[test]
fn a_limit_on_writing() {
    let sse = |kind| held(Transport::Sse, kind, 9_000);
    let polling = |kind| held(Transport::SocketIoPolling, kind, 9_000);
    let all = vec![
        cut(polling(HeldKind::Quiet), 8_984, 8_982),
        polling(HeldKind::Flowing),
        cut(sse(HeldKind::Quiet), 9_001, 9_001),
        cut(sse(HeldKind::Flowing), 5_011, 242),
    ];
    assert_eq!(found(all), [(What::Age, 5_011, 5_011), (What::Age, 5_011, 5_011)]);
    let only_silence = vec![cut(sse(HeldKind::Quiet), 9_001, 9_001), sse(HeldKind::Flowing)];
    assert_eq!(found(only_silence), [(What::Silence, 0, 9_000)], "somewhere before");
}

/// Envoy, which closes a second after it has stopped.
#[test]
fn a_late_close() {
    let sse = |kind| held(Transport::Sse, kind, 9_000);
    let quiet_poll = cut(held(Transport::SocketIoPolling, HeldKind::Quiet, 9_000), 5_009, 5_006);
    let streams = [cut(sse(HeldKind::Quiet), 5_998, 5_998), cut(sse(HeldKind::Flowing), 5_997, 1_234)];
    assert_eq!(found([vec![quiet_poll], streams.to_vec()].concat()), [(What::Age, 5_006, 5_006); 2]);
    let hold = Hold { interval_ms: 250, held: streams.to_vec(), ..Hold::default() };
    let limits: Vec<_> = limits(&hold).iter().map(|limit| (limit.what, limit.from_ms)).collect();
    assert_eq!(limits, [(What::Age, 5_013)], "it stopped a second before");
}

/// The same with a limit on silence.
#[test]
fn a_late_close_after_silence() {
    let late = |transport| cut(held(transport, HeldKind::Quiet, 9_000), 5_003, 5_001);
    let lives = |transport| held(transport, HeldKind::Flowing, 9_000);
    let poll = cut(held(Transport::SocketIoPolling, HeldKind::Quiet, 9_000), 4_004, 4_002);
    let all = vec![poll, late(Transport::WebSocket), lives(Transport::WebSocket)];
    assert_eq!(found(all), [(What::Silence, 4_002, 4_002); 2]);
}

#[test]
fn polls() {
    let polling = |kind| held(Transport::SocketIoPolling, kind, 20_000);
    let sse = |kind| held(Transport::Sse, kind, 20_000);
    let quiet = cut(polling(HeldKind::Quiet), 15_100, 15_050);
    let flowing = polling(HeldKind::Flowing);
    assert_eq!(found(vec![quiet.clone(), flowing.clone()]), [(What::Silence, 15_050, 15_050)]);
    let old = [cut(sse(HeldKind::Quiet), 15_000, 15_000), cut(sse(HeldKind::Flowing), 15_000, 900)];
    let all = [vec![quiet, flowing.clone()], old.to_vec()].concat();
    assert_eq!(found(all), [(What::Age, 15_050, 15_050); 2]);
    let mut unknown = cut(polling(HeldKind::Quiet), 3_000, 100);
    unknown.ended.as_mut().unwrap().status = Some(400);
    assert_eq!(found(vec![unknown, flowing]), [], "another node");
}

#[test]
fn lost_pings() {
    let engine = |kind, pings, age_ms| {
        let cut = cut(held(Transport::SocketIoWebSocket, kind, 60_000), age_ms, 500);
        Held { pings, ..cut }
    };
    let all = vec![engine(HeldKind::Quiet, 0, 45_000), engine(HeldKind::Flowing, 0, 45_010)];
    assert_eq!(found(all), [(What::Pings, 45_000, 45_000)]);
    let mut closed = engine(HeldKind::Quiet, 0, 20_010);
    closed.ended.as_mut().unwrap().by_engine = true;
    assert_eq!(found(vec![closed]), [(What::Pings, 20_010, 20_010)], "the first one is due at once");
    let cut_early = vec![engine(HeldKind::Quiet, 0, 12_000), engine(HeldKind::Flowing, 0, 12_000)];
    assert_eq!(found(cut_early), [(What::Age, 12_000, 12_000)], "none was due");
}

#[test]
fn a_restart_ends_all_at_once() {
    let end = |number: u64, kind| {
        let age = 8_000 - number * 150;
        let opened_at_ms = number * 150;
        Held { opened_at_ms, ..cut(held(Transport::Sse, kind, 20_000), age, 500) }
    };
    let all: Vec<_> = (0..8)
        .map(|number| end(number, if number < 4 { HeldKind::Quiet } else { HeldKind::Flowing }))
        .collect();
    let together = |held: &[Held]| ended_together(&Hold { held: held.to_vec(), ..Hold::default() }).is_some();
    assert!(together(&all));
    let polls = Held { transport: Transport::SocketIoPolling, ..end(8, HeldKind::Flowing) };
    let later = Held { held_ms: polls.held_ms + 600, ..polls };
    assert!(together(&[all.clone(), vec![later]].concat()), "a poll notices it when it is asked again");
    let left = held(Transport::WebSocket, HeldKind::Quiet, 2_000);
    assert!(together(&[all.clone(), vec![left]].concat()), "one that was left before");
    let aged: Vec<_> = all
        .iter()
        .map(|held| Held {
            held_ms: 8_000,
            ended: Some(Ended { at_ms: 8_000, ..Ended::default() }),
            ..held.clone()
        })
        .collect();
    assert!(!together(&aged), "each at its own moment, and at the same age");
    let one_lives = [all.clone(), vec![held(Transport::Sse, HeldKind::Flowing, 20_000)]].concat();
    assert!(!together(&one_lives));
}
