//! What cuts the connections of each transport, by comparing those on which different things were said. Pure.

use super::fate::{Fate, cut_at, fate, near, pings_are_lost};
use crate::{
    probe::{
        diagnose::VerdictId,
        evidence::{Held, HeldKind, Hold},
        hosts::Wait,
    },
    transport::Transport,
};

/// How much later than it cuts a stream a host may close the connection: Envoy waits for a second (`delayed_close_timeout`,
/// <https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts>).
const CLOSING_MS: u64 = 1_250;

/// What cuts the connections of one transport, and after how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) transport: Transport,
    /// On what.
    pub(super) what: What,
    /// After no less than this, in milliseconds.
    pub(super) from_ms: u64,
    /// After no more than this; the same where the cut was seen.
    pub(super) to_ms: u64,
    /// How it shows.
    pub(super) how: String,
    /// Whether it may as well be a limit on the whole time: there is no connection that flowed to compare with.
    pub(super) or_age: bool,
}

/// What a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
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

impl What {
    /// What a host's default for it would be on.
    pub(super) fn wait(self) -> Option<Wait> {
        match self {
            Self::Silence | Self::ClientSilence => Some(Wait::Silence),
            Self::Age => Some(Wait::Age),
            Self::Flow | Self::Policy | Self::Size | Self::Pings => None,
        }
    }

    /// What such a limit is called.
    pub(super) fn verdict(self) -> VerdictId {
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

/// What is cut, by all that was held.
pub(super) fn limits(hold: &Hold) -> Vec<Limit> {
    let mut transports: Vec<Transport> = hold.held.iter().map(|held| held.transport).collect();
    transports.sort_unstable();
    transports.dedup();
    let mut limits: Vec<_> =
        transports.into_iter().flat_map(|transport| on_transport(hold, transport)).collect();
    let Some(poll) = limits
        .iter()
        .position(|limit| limit.transport == Transport::SocketIoPolling && limit.what == What::Silence)
    else {
        return limits;
    };
    // A poll that is cut as old as an event stream is cut by the same limit on the whole time of a request.
    let Limit { from_ms, to_ms, .. } = limits[poll];
    let mut aged = limits.iter().filter(|limit| limit.what == What::Age).map(|limit| limit.from_ms);
    if let Some(age_ms) = aged.find(|age_ms| is_one_limit(*age_ms, from_ms, to_ms)) {
        limits[poll].what = What::Age;
        if from_ms < to_ms {
            (limits[poll].from_ms, limits[poll].to_ms) = (age_ms, age_ms);
        }
    }
    // A poll is answered at once; what streams may be closed only later.
    let Limit { what, from_ms: at_once, to_ms, .. } = limits[poll];
    for limit in limits.iter_mut().filter(|limit| limit.what == what && at_once == to_ms) {
        if limit.from_ms == limit.to_ms && is_one_limit(limit.from_ms, at_once, at_once) {
            (limit.from_ms, limit.to_ms) = (at_once, at_once);
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
