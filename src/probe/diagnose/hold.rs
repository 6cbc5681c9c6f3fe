//! What the held connections tell: who cuts silence, who cuts age, and who lets a connection live. Pure.
//!
//! The same limit cuts at different moments by what was said: one on silence cuts the quiet connection and lets the flowing one live;
//! one on the client's silence cuts both, and lets the one live on which we speak; one on the whole time cuts all at the same age.

use super::{Finding, VerdictId, facts};
use crate::{
    probe::{
        evidence::{Ended, Evidence, Held, HeldKind, Hold},
        hop::Hop,
        hosts::Wait,
    },
    transport::Transport,
};

/// What cuts the connections of one transport, and after how long.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Limit {
    transport: Transport,
    what: What,
    /// After no less than this, in milliseconds.
    from_ms: u64,
    /// After no more than this; the same where the cut was seen.
    to_ms: u64,
    /// How it shows.
    how: String,
    /// Whether it may as well be a limit on the whole time: there is no connection that flowed to compare with.
    or_age: bool,
}

/// What a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Silence of both sides.
    Silence,
    /// Silence of the client, whatever the server says.
    ClientSilence,
    /// The whole time.
    Age,
    /// What flowed, since only the flowing connection was cut.
    Flow,
    /// Close code 1008.
    Policy,
    /// Close code 1009.
    Size,
    /// The engine's pings, which do not come.
    Pings,
}

/// How a connection went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was there when we left.
    Lived,
    /// It ended at this age, after this silence.
    Cut { age_ms: u64, silence_ms: u64 },
    /// It is there, but nothing comes any more since this age.
    Silent { age_ms: u64, silence_ms: u64 },
}

impl What {
    /// What a host's default for it would be on.
    fn wait(self) -> Option<Wait> {
        match self {
            Self::Silence | Self::ClientSilence => Some(Wait::Silence),
            Self::Age => Some(Wait::Age),
            Self::Flow | Self::Policy | Self::Size | Self::Pings => None,
        }
    }

    fn verdict(self) -> VerdictId {
        match self {
            Self::Silence | Self::ClientSilence => VerdictId::IdleCut,
            Self::Age => VerdictId::AgeCut,
            Self::Flow => VerdictId::EarlyEnd,
            Self::Policy => VerdictId::ClosedByPolicy,
            Self::Size => VerdictId::MessageTooBig,
            Self::Pings => VerdictId::PingsLost,
        }
    }
}

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(hold) = &evidence.hold else { return };
    let fault = facts::fault(evidence);
    if let Some(line) = ended_together(hold) {
        findings.push(Finding::new(VerdictId::ServerRestarted, Hop::Hold, fault, line));
        return;
    }
    let limits = limits(hold);
    let mut said = Vec::new();
    for limit in &limits {
        let id = limit.what.verdict();
        if said.contains(&id) {
            continue;
        }
        said.push(id);
        let alike = || limits.iter().filter(|other| other.what.verdict() == id);
        let lines: Vec<_> = grouped(alike()).collect();
        let finding = Finding::new(id, Hop::Hold, fault, lines.join("; "));
        let unsure = id == VerdictId::IdleCut && alike().all(|limit| limit.or_age);
        let finding = if unsure { finding.or(&[VerdictId::AgeCut], TO_TELL) } else { finding };
        findings.push(match limit.what.wait().filter(|_| limit.from_ms == limit.to_ms) {
            Some(on) => finding.after(on, limit.to_ms),
            None => finding,
        });
    }
}

/// Whether two times are those of one limit: a tenth, and the noise of a busy machine.
pub(super) fn near(one_ms: u64, other_ms: u64) -> bool {
    one_ms.abs_diff(other_ms) <= one_ms.max(other_ms) / 10 + 250
}

const TO_TELL: &str =
    "hold a connection on which the server speaks: if it is cut at the same age, silence is not the cause";

/// Time for a stanza that is due, where the server tells its pace.
const LATE_MS: u64 = 2_000;

/// How much later than it cuts a stream a host may close the connection: Envoy waits for a second (`delayed_close_timeout`,
/// <https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts>).
const CLOSING_MS: u64 = 1_250;

/// How much later or earlier than asked a silence may end.
const PUNCTUAL_MS: u64 = 250;

/// At what age a stream stopped that ended at this age: when the first stanza was due that did not come.
pub(super) fn stopped_at(ended: &Ended, interval_ms: u64) -> u64 {
    if interval_ms > 0 && ended.quiet_ms > interval_ms * 3 / 2 + 300 && ended.quiet_ms < ended.at_ms {
        ended.at_ms - ended.quiet_ms + interval_ms
    } else {
        ended.at_ms
    }
}

fn fate(held: &Held, interval_ms: u64) -> Fate {
    let (age_ms, silence_ms) = (held.held_ms.saturating_sub(held.quiet_ms), held.quiet_ms);
    let asked_ms = held.silence_ms;
    match (&held.ended, held.kind) {
        // It was found dead when the server spoke. A limit on the time for writing shows only then (Go: `WriteTimeout`).
        (Some(ended), HeldKind::Quiet) if asked_ms > 0 && ended.at_ms + PUNCTUAL_MS >= asked_ms => {
            Fate::Silent { age_ms: asked_ms, silence_ms: asked_ms }
        }
        (Some(ended), HeldKind::Quiet) => Fate::Cut { age_ms: ended.at_ms, silence_ms: ended.quiet_ms },
        (Some(ended), _) => Fate::Cut { age_ms: stopped_at(ended, interval_ms), silence_ms: ended.quiet_ms },
        (None, _) if held.complete => Fate::Lived,
        (None, HeldKind::Quiet) if asked_ms > 0 && held.stanzas == 0 => {
            Fate::Silent { age_ms: asked_ms, silence_ms: asked_ms }
        }
        (None, HeldKind::Flowing | HeldKind::Speaking)
            if interval_ms > 0 && silence_ms > interval_ms * 2 + LATE_MS =>
        {
            Fate::Silent { age_ms, silence_ms }
        }
        _ => Fate::Lived,
    }
}

/// Where connections of different age end at the same moment, it is not their age that ends them.
fn ended_together(hold: &Hold) -> Option<String> {
    const MOMENT_MS: u64 = 400;
    let ends: Vec<_> = hold
        .held
        .iter()
        .filter_map(|held| Some((held.opened_at_ms, held.opened_at_ms + held.ended.as_ref()?.at_ms, held)))
        .collect();
    let spread = |times: &mut dyn Iterator<Item = u64>| {
        let times: Vec<_> = times.collect();
        times.iter().max().unwrap_or(&0) - times.iter().min().unwrap_or(&0)
    };
    let open = hold.held.iter().filter(|held| held.failure.is_none()).count();
    let together = spread(&mut ends.iter().map(|(_, end, _)| *end)) <= MOMENT_MS;
    let ages_differ = spread(&mut ends.iter().map(|(opened, ..)| *opened)) > 2 * MOMENT_MS;
    let codes = ends.iter().filter_map(|(.., held)| held.ended.as_ref()?.code);
    let restart = codes.clone().any(|code| code == 1012);
    let flowing = ends.iter().any(|(.., held)| held.kind != HeldKind::Quiet);
    (ends.len() >= 3 && ends.len() == open && together && flowing && (ages_differ || restart)).then(|| {
        let after = seconds(ends[0].1);
        let code =
            codes.clone().next().map(|code| format!(", some with close code {code}")).unwrap_or_default();
        format!("all {open} connections ended at the same moment, {after} s after the hold began{code}")
    })
}

/// What is cut, by all that was held.
fn limits(hold: &Hold) -> Vec<Limit> {
    let mut transports: Vec<Transport> = hold.held.iter().map(|held| held.transport).collect();
    transports.sort_unstable();
    transports.dedup();
    let mut limits: Vec<_> =
        transports.into_iter().flat_map(|transport| on_transport(hold, transport)).collect();
    // A poll that is cut as old as an event stream is cut by the same limit on the whole time of a request.
    let polls =
        |limit: &&mut Limit| limit.transport == Transport::SocketIoPolling && limit.what == What::Silence;
    let poll = limits.iter_mut().find(polls).map(|poll| (poll.from_ms, poll.to_ms));
    let mut aged = limits.iter().filter(|limit| limit.what == What::Age).map(|limit| limit.from_ms);
    if let Some((from_ms, to_ms)) = poll
        && let Some(age_ms) = aged.find(|age_ms| is_one_limit(*age_ms, from_ms, to_ms))
    {
        // A poll is answered at once; a stream may be closed only later.
        let ms = if from_ms == to_ms { age_ms.min(from_ms) } else { age_ms };
        for limit in &mut limits {
            let same = limit.what == What::Age && near(limit.from_ms, age_ms);
            if same || (limit.transport == Transport::SocketIoPolling && limit.what == What::Silence) {
                (limit.what, limit.from_ms, limit.to_ms) = (What::Age, ms, ms);
            }
        }
    }
    limits
}

/// Whether what was cut at this age and what was cut between these times may be cut by one limit on the whole time.
fn is_one_limit(age_ms: u64, from_ms: u64, to_ms: u64) -> bool {
    if from_ms < to_ms {
        return (from_ms..=to_ms).contains(&age_ms);
    }
    near(age_ms, from_ms) || age_ms.abs_diff(from_ms) <= CLOSING_MS && age_ms > from_ms
}

fn on_transport(hold: &Hold, transport: Transport) -> Vec<Limit> {
    let held: Vec<_> = hold
        .held
        .iter()
        .filter(|held| held.transport == transport && held.failure.is_none())
        // A session that another node does not know was not cut.
        .filter(|held| held.ended.as_ref().is_none_or(|ended| ended.status != Some(400)))
        .collect();
    let limit =
        |what, (from_ms, to_ms), how: String| Limit { transport, what, from_ms, to_ms, how, or_age: false };
    let exactly = |ms| (ms, ms);
    if let Some(lost) = held.iter().find(|held| pings_are_lost(held)) {
        let how = match &lost.ended {
            Some(ended) => format!("then it ended: {}", how(lost, &ended.how)),
            None => "it was still open".to_owned(),
        };
        return vec![limit(What::Pings, exactly(lost.held_ms), how)];
    }
    for (code, what) in [(1008, What::Policy), (1009, What::Size)] {
        let coded = |held: &&&Held| held.ended.as_ref().is_some_and(|ended| ended.code == Some(code));
        if let Some(first) = held.iter().filter(coded).min_by_key(|held| held.held_ms) {
            let text = format!("after {} stanzas: {}", first.stanzas, end_of(first));
            return vec![limit(what, exactly(first.held_ms), text)];
        }
    }
    let of = |kind| {
        held.iter().filter(move |held| held.kind == kind).map(|held| (*held, fate(held, hold.interval_ms)))
    };
    let quiet = quiet_limit(of(HeldKind::Quiet));
    let flowing = of(HeldKind::Flowing).next();
    let speaking = of(HeldKind::Speaking).next();
    let mut limits = Vec::new();
    let over = flowing.and_then(|(held, fate)| Some((held, cut_at(fate)?)));
    if let Some((held, age_ms)) = over {
        // It did not flow: its pace is slower than the limit.
        let in_silence = held.ended.as_ref().filter(|ended| near(ended.quiet_ms, ended.at_ms));
        if let Some(ended) = in_silence.filter(|ended| hold.interval_ms > ended.at_ms) {
            limits.push(limit(What::Silence, exactly(ended.quiet_ms), end_of(held)));
            return limits;
        }
        let outlived =
            |(other, fate): (&Held, Fate)| cut_at(fate).unwrap_or(other.held_ms) > age_ms + age_ms / 10 + 250;
        let quiet_outlived = match &quiet {
            Some(quiet) => {
                quiet.age_ms.is_some_and(|quiet_ms| quiet_ms > age_ms + CLOSING_MS && !near(quiet_ms, age_ms))
            }
            None => of(HeldKind::Quiet).any(outlived),
        };
        let what = if quiet_outlived {
            What::Flow
        } else if speaking.is_some_and(outlived) {
            What::ClientSilence
        } else {
            What::Age
        };
        let stanzas = if what == What::Flow {
            format!("after {} stanzas, while a quiet connection lived: ", held.stanzas)
        } else {
            String::new()
        };
        limits.push(limit(what, exactly(age_ms), format!("{stanzas}{}", end_of(held))));
    }
    if let Some(quiet) = quiet {
        // One limit is not said twice.
        let same = over.is_some_and(|(_, age_ms)| match quiet.age_ms {
            Some(quiet_ms) => is_one_limit(quiet_ms, age_ms, age_ms),
            None => is_one_limit(age_ms, quiet.from_ms, quiet.to_ms),
        });
        let old = quiet.age_ms.filter(|_| quiet.bore_longer);
        if let (false, Some(age_ms)) = (same, old) {
            limits.push(limit(What::Age, exactly(age_ms), quiet.how));
        } else if !same {
            let silence = limit(What::Silence, (quiet.from_ms, quiet.to_ms), quiet.how);
            limits.push(Limit { or_age: flowing.is_none(), ..silence });
        }
    }
    limits
}

/// The shortest silence that was cut.
struct QuietLimit {
    from_ms: u64,
    to_ms: u64,
    /// How old the connection was; none where the moment was not seen.
    age_ms: Option<u64>,
    /// Whether the connection had lived through a longer silence before, so that this one is not why it was cut.
    bore_longer: bool,
    how: String,
}

fn quiet_limit<'a>(quiet: impl Iterator<Item = (&'a Held, Fate)>) -> Option<QuietLimit> {
    let all: Vec<_> = quiet.collect();
    let cut = all.iter().filter_map(|(held, fate)| match fate {
        Fate::Cut { age_ms, silence_ms } => Some((*silence_ms, *age_ms, *held)),
        _ => None,
    });
    if let Some((silence_ms, age_ms, held)) = cut.min_by_key(|(silence_ms, ..)| *silence_ms) {
        return Some(QuietLimit {
            from_ms: silence_ms,
            to_ms: silence_ms,
            age_ms: Some(age_ms),
            bore_longer: held.longest_silence_ms > silence_ms && !near(held.longest_silence_ms, silence_ms),
            how: end_of(held),
        });
    }
    let silent = all.iter().filter_map(|(_, fate)| match fate {
        Fate::Silent { silence_ms, .. } => Some(*silence_ms),
        _ => None,
    });
    let to_ms = silent.min()?;
    let lived = all.iter().filter(|(_, fate)| *fate == Fate::Lived).map(|(held, _)| held.longest_silence_ms);
    let from_ms = lived.filter(|lived| *lived < to_ms).max().unwrap_or_default();
    let how = "nothing comes any more, and no end was seen".to_owned();
    Some(QuietLimit { from_ms, to_ms, age_ms: None, bore_longer: false, how })
}

fn cut_at(fate: Fate) -> Option<u64> {
    match fate {
        Fate::Lived => None,
        Fate::Cut { age_ms, .. } | Fate::Silent { age_ms, .. } => Some(age_ms),
    }
}

/// Whether a ping was due that did not come. One may be late by a fifth of its interval, and a second more. Some engines ping at once
/// and then each interval, and close when the answer takes longer than the time-out (socketioxide); others wait an interval
/// first (engine.io).
fn pings_are_lost(held: &Held) -> bool {
    if held.ping_interval_ms == 0 || held.transport != Transport::SocketIoWebSocket {
        return false;
    }
    let slack = held.ping_interval_ms / 5 + 1_000;
    let due = held.held_ms.saturating_sub(slack) / held.ping_interval_ms;
    let closed = held.ended.as_ref().is_some_and(|ended| ended.by_engine);
    let gave_up = closed && held.pings == 0 && near(held.held_ms, held.ping_timeout_ms);
    gave_up || usize::try_from(due).is_ok_and(|due| held.pings < due)
}

fn end_of(held: &Held) -> String {
    match &held.ended {
        Some(ended) => how(held, &ended.how),
        None => "nothing came any more".to_owned(),
    }
}

fn how(held: &Held, text: &str) -> String {
    let polling = held.transport == Transport::SocketIoPolling;
    match held.ended.as_ref().and_then(|ended| ended.status) {
        Some(status) if polling => format!("the poll was answered {status}"),
        _ => text.to_owned(),
    }
}

fn seconds(ms: u64) -> String {
    format!("{:.1}", ms as f64 / 1000.0)
}

/// One line for each limit, with the transports on which it shows.
fn grouped<'a>(limits: impl Iterator<Item = &'a Limit>) -> impl Iterator<Item = String> {
    let mut groups: Vec<Vec<&Limit>> = Vec::new();
    for limit in limits {
        let same = |group: &&mut Vec<&Limit>| {
            let first = group[0];
            first.what == limit.what && near(first.from_ms, limit.from_ms) && near(first.to_ms, limit.to_ms)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(limit),
            None => groups.push(vec![limit]),
        }
    }
    groups.into_iter().map(|group| line(&group))
}

fn line(group: &[&Limit]) -> String {
    let first = group[0];
    let transports: Vec<_> =
        group.iter().map(|limit| format!("{} ({})", limit.transport, limit.how)).collect();
    let transports = transports.join(", ");
    let after = seconds(first.from_ms);
    match first.what {
        What::Silence if first.from_ms < first.to_ms => {
            let to = seconds(first.to_ms);
            format!("cut after a silence of between {after} and {to} s: {transports}")
        }
        What::Silence => format!("cut after {after} s of silence: {transports}"),
        What::ClientSilence => format!(
            "cut after {after} s in which the client said nothing, although the server spoke; with a word now and then it lived: {transports}"
        ),
        What::Age => format!("cut {after} s after it opened, whatever flowed: {transports}"),
        What::Flow => format!("cut {after} s after it opened: {transports}"),
        What::Policy | What::Size => format!("closed {after} s after it opened: {transports}"),
        What::Pings => format!("the engine's pings did not come for {after} s: {transports}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                vec![
                    cut(ws(Quiet), 5_020, 5_010),
                    cut(ws(Flowing), 5_030, 1_000),
                    cut(ws(Speaking), 5_010, 900),
                ],
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

    #[test]
    fn polls() {
        let polling = |kind| held(Transport::SocketIoPolling, kind, 20_000);
        let sse = |kind| held(Transport::Sse, kind, 20_000);
        let quiet = cut(polling(HeldKind::Quiet), 15_100, 15_050);
        let flowing = polling(HeldKind::Flowing);
        assert_eq!(found(vec![quiet.clone(), flowing.clone()]), [(What::Silence, 15_050, 15_050)]);
        let old = [cut(sse(HeldKind::Quiet), 15_000, 15_000), cut(sse(HeldKind::Flowing), 15_000, 900)];
        let all = [vec![quiet, flowing.clone()], old.to_vec()].concat();
        assert_eq!(found(all), [(What::Age, 15_000, 15_000); 2]);
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
        let together =
            |held: &[Held]| ended_together(&Hold { held: held.to_vec(), ..Hold::default() }).is_some();
        assert!(together(&all));
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
}
