//! What engines and upgrades explain. Pure.

use super::{
    Finding, VerdictId,
    places::{by_websocket, engine, polling, shows_other_bytes},
};
use crate::{probe::hop::Hop, transport::Transport};

/// What the verdicts of `verdicts/engine.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    match cause.id {
        NoSocketio | HtmlInsteadOfHandshake | EngineRefused | WrongEio => {
            engine(cause.hop)
                && matches!(
                    id,
                    LibraryMissing
                        | UpgradeRefused
                        | UpgradeStripped
                        | WebsocketForbidden
                        | WrongLibraryVersion
                )
                && (id != LibraryMissing || matches!(cause.id, NoSocketio | HtmlInsteadOfHandshake))
                && (id == LibraryMissing
                    || hop == Hop::Upgrade
                    || hop == Hop::Stream(Transport::SocketIoWebSocket))
        }
        GatewayAnswers => {
            shows_other_bytes(id)
                || matches!(id, UpgradeStripped | UpgradeRefused | WebsocketForbidden | LibraryMissing)
        }
        QueryLost | SidLost | UrlChanged | EngineCached => {
            (engine(hop)
                && matches!(
                    id,
                    WrongEio
                        | UpgradeStripped
                        | UpgradeRefused
                        | NoStickiness
                        | PollFailures
                        | EarlyEnd
                        | Garbage
                        | Buffered
                        | PollingDisabledByServer
                        | WebsocketDisabledByServer
                        | LostOnResume
                        | CorsBlocked
                        | EngineRefused
                        | NoSocketio
                        | HtmlInsteadOfHandshake
                        | FirefoxConnection
                        | DeflateOfferRefused
                        | Silent
                        | BodyCut
                        | PostRefused
                ))
                || (cause.id == EngineCached
                    && matches!(id, StaleAnswer | QueryLost | SidLost | AnswersAlternate | DoubledStanzas))
                || (cause.id == QueryLost && matches!(id, Garbage | LostOnResume | DoubledStanzas))
                || (cause.id == QueryLost && id == SidLost)
                || (matches!(cause.id, QueryLost | UrlChanged) && id == LostOnResume)
        }
        PostRefused | BodyLimit => {
            polling(hop)
                && matches!(
                    id,
                    PollFailures
                        | EarlyEnd
                        | Buffered
                        | Silent
                        | LostOnResume
                        | NoStickiness
                        | IdleCut
                        | StreamRefused
                        | BlockedByFirewall
                )
        }
        NoStickiness => loses_sessions(cause, effect),
        UpgradeStripped
        | UpgradeRefused
        | UpgradeUnanswered
        | WebsocketForbidden
        | IisWebsocketModuleOff
        | IisWebsocketModuleOn
        | WebsocketDisabledByServer => {
            (by_websocket(hop) || matches!(hop, Hop::Upgrade | Hop::App | Hop::Resume | Hop::Hold))
                && matches!(
                    id,
                    UpgradeStripped
                        | UpgradeRefused
                        | SlowAnswer
                        | UpgradeUnanswered
                        | ClosedAfter101
                        | Http10
                )
                && !(cause.id == UpgradeRefused && id == UpgradeStripped)
        }
        DeflateNegotiated | DeflateBroken | DeflateOfferRefused | FirefoxConnection => {
            spoils_websocket(cause, effect)
        }
        PollFailures => polling(hop) && matches!(id, EarlyEnd | LostOnResume),
        _ => false,
    }
}

/// Whether a session that is not found again explains this.
pub(super) fn loses_sessions(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    (polling(hop) || hop == Hop::Upgrade)
        && matches!(
            id,
            EarlyEnd
                | LostOnResume
                | PollFailures
                | UpgradeStripped
                | UpgradeRefused
                | WebsocketForbidden
                | Buffered
                | NoStickiness
        )
        && cause.id != id
}

/// Whether what is wrong with an upgrade explains what its stream shows.
pub(super) fn spoils_websocket(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    matches!(cause.hop, Hop::Upgrade | Hop::App)
        && (by_websocket(hop) || hop == Hop::App)
        && matches!(id, Garbage | ClosedAfter101 | EarlyEnd)
        && id != cause.id
}
