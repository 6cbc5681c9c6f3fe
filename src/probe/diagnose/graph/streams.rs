//! What streams explain. Pure.

use super::{
    Finding, Severity, VerdictId,
    places::{comes_by_turns, shows_other_bytes},
};
use crate::{probe::hop::Hop, transport::Transport};

/// What the verdicts of `verdicts/streams.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    match cause.id {
        ServerRestarted => comes_by_turns(id),
        DoubleFraming => shows_other_bytes(id),
        ClosedByPolicy | MessageTooBig => {
            matches!(id, ClosedAfter101 | EarlyEnd | IisWebsocketModuleOn | Garbage)
        }
        AgeCut | IdleCut => matches!(id, EarlyEnd) || (id == CutByHost && hop == Hop::Against),
        CutByHost => matches!(id, EarlyEnd),
        // What is the same where no host stands in between is no host's doing.
        OriginItself => {
            hop == Hop::App
                && (cause.severity > Severity::Note
                    || matches!(
                        id,
                        Buffered
                            | Silent
                            | QuietStream
                            | ComesInLumps
                            | EarlyEnd
                            | AgeCut
                            | IdleCut
                            | ServerRestarted
                    ))
        }
        Buffered => hop == Hop::App && matches!(id, ComesInLumps | QuietStream),
        PingsLost => matches!(id, IdleCut | EarlyEnd | AgeCut),
        CompressedStream => {
            (id == Buffered && matches!(hop, Hop::Stream(Transport::Sse) | Hop::App))
                || (id == QuietStream && hop == Hop::App)
        }
        WrongContentType => id == StreamRefused,
        EditionsDiffer => matches!(id, LostOnResume | LostStanzas | WrongLibraryVersion),
        LineStalled => matches!(id, SlowAnswer | Buffered | SlowStart),
        CorsBlocked => {
            matches!(id, EngineRefused | WebsocketForbidden | UpgradeRefused) && hop <= Hop::Upgrade
        }
        _ => false,
    }
}
