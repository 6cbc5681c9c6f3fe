//! How each held connection went. Pure.

use crate::{
    probe::evidence::{Ended, Held, HeldKind},
    transport::Transport,
};

/// How a connection went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was there when we left.
    Lived,
    /// It ended at this age, after this silence.
    Cut { age_ms: u64, silence_ms: u64 },
    /// It is there, but nothing comes any more since this age.
    Silent { age_ms: u64, silence_ms: u64 },
}

/// Whether two times are those of one limit: a tenth, and the noise of a busy machine.
pub(in crate::probe::diagnose) fn near(one_ms: u64, other_ms: u64) -> bool {
    one_ms.abs_diff(other_ms) <= one_ms.max(other_ms) / 10 + 250
}

/// Time for a stanza that is due, where the server tells its pace.
pub(super) const LATE_MS: u64 = 2_000;

/// How much later or earlier than asked a silence may end.
const PUNCTUAL_MS: u64 = 250;

/// At what age a stream stopped that ended at this age: when the first stanza was due that did not come.
pub(in crate::probe::diagnose) fn stopped_at(ended: &Ended, interval_ms: u64) -> u64 {
    if interval_ms > 0 && ended.quiet_ms > interval_ms * 3 / 2 + 300 && ended.quiet_ms < ended.at_ms {
        ended.at_ms - ended.quiet_ms + interval_ms
    } else {
        ended.at_ms
    }
}

/// How it went, at this pace.
pub(super) fn fate(held: &Held, interval_ms: u64) -> Fate {
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

/// At what age nothing came any more; none if it lived.
pub(super) fn cut_at(fate: Fate) -> Option<u64> {
    match fate {
        Fate::Lived => None,
        Fate::Cut { age_ms, .. } | Fate::Silent { age_ms, .. } => Some(age_ms),
    }
}

/// Whether a ping was due that did not come. One may be late by a fifth of its interval, and a second more. Some engines ping at once
/// and then each interval, and close when the answer takes longer than the time-out (socketioxide); others wait an interval
/// first (engine.io).
pub(super) fn pings_are_lost(held: &Held) -> bool {
    if held.ping_interval_ms == 0 || held.transport != Transport::SocketIoWebSocket {
        return false;
    }
    let slack = held.ping_interval_ms / 5 + 1_000;
    let due = held.held_ms.saturating_sub(slack) / held.ping_interval_ms;
    let closed = held.ended.as_ref().is_some_and(|ended| ended.by_engine);
    let gave_up = closed && held.pings == 0 && near(held.held_ms, held.ping_timeout_ms);
    // engine.io sends the first ping after an interval, and then waits (server.ts, `schedulePing`); a close frame is the server's word.
    let says_so = held.ended.as_ref().is_some_and(|ended| ended.how.starts_with("a close frame"));
    let whole_wait = held.ping_interval_ms + held.ping_timeout_ms;
    let gave_up = gave_up || (says_so && held.pings == 0 && near(held.held_ms, whole_wait));
    gave_up || usize::try_from(due).is_ok_and(|due| held.pings < due)
}
