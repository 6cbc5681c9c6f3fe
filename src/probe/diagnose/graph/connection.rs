//! What the way to the host explains, and what is wrong with answers of any kind. Pure.

use super::{
    Finding, Severity, VerdictId,
    engine::spoils_websocket,
    places::{comes_by_turns, engine, of_the_server, polling, shows_other_bytes},
};
use crate::probe::hop::Hop;

/// What the verdicts of `verdicts/connection.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    match cause.id {
        AnswersAlternate | AddressesDiffer => comes_by_turns(id),
        RateLimited | ConnectionLimited => {
            matches!(
                id,
                PollFailures
                    | UpgradeRefused
                    | UpgradeStripped
                    | StreamRefused
                    | CorsBlocked
                    | EarlyEnd
                    | NoSocketio
                    | EngineRefused
                    | HostingUnreadable
                    | LibraryMissing
                    | FilesMissing
                    | LostOnResume
                    | GuestNotStarted
                    | Maintenance
                    | ConnectionLimited
                    | SlowAnswer
                    | IisWebsocketModuleOff
                    | WebsocketForbidden
                    | UpgradeUnanswered
                    | NoStickiness
                    | AnswersAlternate
                    | SlowUpgrade
            ) && !(cause.id == ConnectionLimited && id == ConnectionLimited)
        }
        ConnectionsReset => matches!(
            id,
            NoAnswer
                | PollFailures
                | EarlyEnd
                | LostOnResume
                | NoStickiness
                | Garbage
                | HostingUnreadable
                | LibraryMissing
                | FilesMissing
                | UpgradeRefused
                | StreamRefused
        ),
        // Where it leads is not where Dante is: what is wrong there does not matter.
        RedirectLosesPort | RedirectLosesHttps | RedirectElsewhere => {
            hop < Hop::Hosting && !matches!(id, RedirectLosesPort | RedirectLosesHttps | RedirectElsewhere)
        }
        // Nothing that came after it could be asked.
        OneConnectionOnly => hop > Hop::Tls,
        // The first certificate of a server that has none for this name.
        TlsSelfSigned => matches!(id, TlsWrongName | TlsUntrusted),
        TlsClientCertificate => matches!(id, NoAnswer | Garbage | TlsOther | PageRefused),
        OnlyPartPassed => {
            !of_the_server(id)
                && hop != Hop::Sticky
                && matches!(
                    id,
                    HostingUnreadable
                        | LibraryMissing
                        | WrongLibraryVersion
                        | FilesMissing
                        | HtmlInsteadOfFile
                        | FileTypeRefused
                        | NoSocketio
                        | HtmlInsteadOfHandshake
                        | UpgradeStripped
                        | UpgradeRefused
                        | StreamRefused
                        | PrefixMismatch
                        | WrongContentType
                        | EngineRefused
                        | GatewayAnswers
                        | WebsocketForbidden
                        | Garbage
                        | PostRefused
                )
        }
        TlsToPlain | PlainToTls => {
            hop <= Hop::Page && matches!(id, PageRefused | NotDante | NoAnswer | Garbage | BlackHole)
        }
        LoginRequired | CredentialsRequired | BlockedByFirewall | UserAgentRefused | Misdirected
        | Maintenance | GuestNotStarted | GuestTooSlow | OriginTlsFailed | IisnodeError200 => {
            matches!(id, HostingUnreadable | LibraryMissing | FilesMissing | LostOnResume)
                || (id == CorsBlocked && polling(cause.hop))
                || (matches!(id, UpgradeRefused | UpgradeStripped | WebsocketForbidden)
                    && engine(cause.hop)
                    && cause.hop < Hop::Upgrade
                    && engine(hop))
        }
        StaleAnswer => {
            matches!(
                id,
                WrongLibraryVersion
                    | HostingUnreadable
                    | LibraryMissing
                    | FilesMissing
                    | IntegrityMismatch
                    | Http10
                    | UpgradesRemoved
            )
        }
        // Dante closes what is no request, and the host may see that as a broken connection.
        ProxyProtocol | TlsToServer | Http2ToServer => matches!(id, ConnectionsReset | NoAnswer | Garbage),
        TextAdded => shows_other_bytes(id) || matches!(id, BodyCut | BlockedByCsp),
        BodyCut => shows_other_bytes(id),
        Http10 => matches!(id, UpgradeStripped | Buffered | LineStalled) && cause.severity > Severity::Note,
        Garbage => spoils_websocket(cause, effect),
        SlowLine => matches!(id, SlowAnswer | Buffered | SlowStart),
        PrefixMismatch => matches!(id, NotDante),
        DoubleSlash | UrlDecoded | HostHeaderLost => matches!(id, PrefixMismatch),
        _ => false,
    }
}
