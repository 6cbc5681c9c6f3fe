//! Which finding explains which: one cause is said once, and first, with what else it shows in. Pure.

use super::{Also, Finding, Severity, VerdictId};
use crate::{probe::hop::Hop, transport::Transport};

/// A finding, and those that it explains.
pub(super) struct Explained {
    pub(super) finding: Finding,
    pub(super) also: Vec<Also>,
}

/// Joins findings that are the same at several hops, and puts each under the one that explains it. What explains others stands first, then
/// what is worse, then as the hops come; before all, where a browser contradicts the rest.
pub(super) fn explain(mut findings: Vec<Finding>) -> Vec<Explained> {
    findings.sort_by_key(|finding| finding.hop);
    let mut causes: Vec<Explained> = Vec::new();
    for finding in findings {
        match causes.iter_mut().find(|cause| is_one(&cause.finding, &finding)) {
            Some(cause) => {
                cause.finding.severity = cause.finding.severity.max(finding.severity);
                if finding.hop != cause.finding.hop && !cause.also.iter().any(|also| also.hop == finding.hop)
                {
                    cause.also.push(also(finding));
                }
            }
            None => causes.push(Explained { finding, also: Vec::new() }),
        }
    }
    let mut at = 0;
    while at < causes.len() {
        let explained = |other: &Explained| {
            !std::ptr::eq(other, &causes[at]) && explains(&other.finding, &causes[at].finding)
        };
        match causes.iter().position(explained) {
            // Two that explain each other: the earlier one stays.
            Some(cause) if !(explains(&causes[at].finding, &causes[cause].finding) && at < cause) => {
                let effect = causes.remove(at);
                let cause = cause - usize::from(cause > at);
                let severity = effect.finding.severity;
                // A note that explains what works badly is more than a note.
                let cause = &mut causes[cause];
                cause.finding.severity = cause.finding.severity.max(severity_of(cause.finding.id, severity));
                cause.also.push(also(effect.finding));
                cause.also.extend(effect.also);
                at = 0;
            }
            _ => at += 1,
        }
    }
    causes.sort_by_key(|cause| {
        let is_note = cause.finding.severity == Severity::Note;
        // Where a browser contradicts the rest, the rest is read with other eyes.
        let contradicts = matches!(cause.finding.id, VerdictId::BrowserFails | VerdictId::BrowserWorks);
        (
            !contradicts,
            is_note,
            cause.also.is_empty(),
            std::cmp::Reverse(cause.finding.severity),
            cause.finding.hop,
        )
    });
    causes
}

fn also(finding: Finding) -> Also {
    Also { id: finding.id, hop: finding.hop, evidence: finding.evidence }
}

/// A line or a machine that stalls is nobody's fault, whatever it shows in.
fn severity_of(cause: VerdictId, effect: Severity) -> Severity {
    match cause {
        VerdictId::SlowLine | VerdictId::SlowStart | VerdictId::LineStalled => Severity::Note,
        _ => effect,
    }
}

/// Whether two findings are one: the same verdict, wherever it shows. Streams that buffer or end may do so for reasons of their own, but
/// a remedy is given once.
fn is_one(known: &Finding, new: &Finding) -> bool {
    known.id == new.id
}

/// Whether a cause explains an effect.
fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let polling = |hop: Hop| {
        matches!(
            hop,
            Hop::Handshake
                | Hop::Sticky
                | Hop::Stream(Transport::SocketIoPolling)
                | Hop::Cors
                | Hop::Resume
                | Hop::Hold
        )
    };
    let engine =
        |hop: Hop| polling(hop) || matches!(hop, Hop::Upgrade | Hop::Stream(Transport::SocketIoWebSocket));
    let is_tls = |id| {
        matches!(
            id,
            TlsSelfSigned
                | TlsExpired
                | TlsNotYetValid
                | TlsExpiresSoon
                | TlsWrongName
                | TlsUntrusted
                | AddressDead
                | AddressesDiffer
        )
    };
    let (id, hop) = (effect.id, effect.hop);
    // Why a stream was refused is told where it was asked for alone.
    if id == StreamRefused && hop == Hop::Against {
        let asked = matches!(cause.hop, Hop::Upgrade | Hop::Stream(_) | Hop::App);
        return asked && cause.severity > Severity::Note;
    }
    match cause.id {
        // What comes by turns spoils everything after it.
        AnswersAlternate | AddressesDiffer | ServerRestarted => {
            !is_tls(id) && !matches!(id, RateLimited | ConnectionLimited | AnswersAlternate | EditionsDiffer)
        }
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
        // What needs a tunnel has none; where pages need one, too, nothing could be asked.
        ProxyUnreachable | NotAProxy | ProxyCredentials | ProxyRefuses | ProxyCannotReach | ProxyHangs => {
            hop > Hop::Proxy
                && (cause.severity == Severity::Broken
                    || matches!(
                        hop,
                        Hop::Upgrade | Hop::Stream(Transport::SocketIoWebSocket | Transport::WebSocket)
                    )
                    || (matches!(hop, Hop::Resume | Hop::Hold) && matches!(id, LostOnResume | StreamRefused)))
        }
        ProxyInterferes => effect.by_proxy,
        // The certificate is the proxy's own.
        TlsIntercepted => {
            matches!(
                id,
                TlsUntrusted | TlsSelfSigned | TlsWrongName | TlsExpired | TlsNotYetValid | TlsExpiresSoon
            )
        }
        // Nothing that came after it could be asked.
        OneConnectionOnly => hop > Hop::Tls,
        Http2Missing => hop > Hop::Http,
        // The first certificate of a server that has none for this name.
        TlsSelfSigned => matches!(id, TlsWrongName | TlsUntrusted),
        TlsClientCertificate => matches!(id, NoAnswer | Garbage | TlsOther | PageRefused),
        Http2Broken | Http2ForbiddenHeader => {
            hop == Hop::Http2
                && matches!(
                    id,
                    Http2RequestFails | Http2Buffered | Http2Cut | ExtendedConnectRefused | Http2Broken
                )
                && cause.id != id
        }
        // Whatever ends a connection ends the requests on it.
        Http2Cut => id == Http2RequestFails,
        Http2Only => matches!(id, NoAnswer | Garbage | TlsOther | ExtendedConnectMissing),
        OnlyPartPassed => {
            !is_tls(id)
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
        // Dante closes what is no request, and the host may see that as a broken connection.
        ProxyProtocol | TlsToServer | Http2ToServer => matches!(id, ConnectionsReset | NoAnswer | Garbage),
        NoStickiness | CookieNotReturned => {
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
        // The certificate of another site is also one for another name.
        TextAdded | DoubleFraming | BodyCut | GatewayAnswers => {
            matches!(
                id,
                Garbage
                    | HostingUnreadable
                    | WrongEio
                    | HtmlInsteadOfHandshake
                    | EarlyEnd
                    | EngineRefused
                    | WrongLibraryVersion
                    | IntegrityMismatch
            ) || (cause.id == GatewayAnswers
                && matches!(id, UpgradeStripped | UpgradeRefused | WebsocketForbidden | LibraryMissing))
                || (cause.id == TextAdded && matches!(id, BodyCut | BlockedByCsp))
        }
        UpgradeStripped
        | UpgradeRefused
        | UpgradeUnanswered
        | WebsocketForbidden
        | IisWebsocketModuleOff
        | IisWebsocketModuleOn
        | WebsocketDisabledByServer => {
            matches!(
                hop,
                Hop::Upgrade
                    | Hop::Stream(Transport::SocketIoWebSocket | Transport::WebSocket)
                    | Hop::App
                    | Hop::Resume
                    | Hop::Hold
            ) && matches!(
                id,
                UpgradeStripped | UpgradeRefused | SlowAnswer | UpgradeUnanswered | ClosedAfter101 | Http10
            ) && !(cause.id == UpgradeRefused && id == UpgradeStripped)
        }
        Http10 => matches!(id, UpgradeStripped | Buffered | LineStalled) && cause.severity > Severity::Note,
        DeflateNegotiated | DeflateBroken | DeflateOfferRefused | FirefoxConnection | Garbage => {
            let by_websocket =
                matches!(hop, Hop::Stream(Transport::SocketIoWebSocket | Transport::WebSocket) | Hop::App);
            matches!(cause.hop, Hop::Upgrade | Hop::App)
                && by_websocket
                && matches!(id, Garbage | ClosedAfter101 | EarlyEnd)
                && id != cause.id
        }
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
        // A rule for all scripts takes the library, too.
        FilesMissing | HtmlInsteadOfFile => matches!(id, LibraryMissing | WrongLibraryVersion),
        EditionsDiffer => matches!(id, LostOnResume | LostStanzas | WrongLibraryVersion),
        SlowLine | LineStalled => matches!(id, SlowAnswer | Buffered | SlowStart),
        CorsBlocked => {
            matches!(id, EngineRefused | WebsocketForbidden | UpgradeRefused) && hop <= Hop::Upgrade
        }
        PollFailures => polling(hop) && matches!(id, EarlyEnd | LostOnResume),
        PrefixMismatch => matches!(id, NotDante),
        DoubleSlash | UrlDecoded | HostHeaderLost => matches!(id, PrefixMismatch),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands first, and below it what it explains.
    fn explained(findings: &[(VerdictId, Hop, Severity)]) -> Vec<(VerdictId, Severity, Vec<VerdictId>)> {
        let findings =
            findings.iter().map(|(id, hop, severity)| Finding::new(*id, *hop, *severity, "")).collect();
        let also = |cause: &Explained| cause.also.iter().map(|also| also.id).collect();
        explain(findings)
            .iter()
            .map(|cause| (cause.finding.id, cause.finding.severity, also(cause)))
            .collect()
    }

    const SSE: Hop = Hop::Stream(Transport::Sse);
    const WEBSOCKET: Hop = Hop::Stream(Transport::WebSocket);

    #[test]
    fn one_verdict_at_several_hops_is_one() {
        let found = explained(&[
            (VerdictId::CredentialsRequired, SSE, Severity::Broken),
            (VerdictId::CredentialsRequired, WEBSOCKET, Severity::Degraded),
        ]);
        assert_eq!(
            found,
            [(VerdictId::CredentialsRequired, Severity::Broken, vec![VerdictId::CredentialsRequired])]
        );
    }

    #[test]
    fn a_cause_takes_what_it_explains_and_stands_first() {
        let found = explained(&[
            (VerdictId::TlsExpiresSoon, Hop::Tls, Severity::Note),
            (VerdictId::PostRefused, Hop::Sticky, Severity::Degraded),
            (VerdictId::EarlyEnd, Hop::Stream(Transport::SocketIoPolling), Severity::Degraded),
            (VerdictId::Buffered, SSE, Severity::Degraded),
        ]);
        let ids: Vec<_> = found.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, [VerdictId::PostRefused, VerdictId::Buffered, VerdictId::TlsExpiresSoon]);
        assert_eq!(found[0].2, [VerdictId::EarlyEnd]);
    }

    #[test]
    fn a_note_that_explains_a_fault_is_one_unless_it_is_the_line() {
        let of =
            |cause, effect| explained(&[(cause, SSE, Severity::Note), (effect, SSE, Severity::Degraded)]);
        let compressed = of(VerdictId::CompressedStream, VerdictId::Buffered);
        assert_eq!(
            compressed,
            [(VerdictId::CompressedStream, Severity::Degraded, vec![VerdictId::Buffered])]
        );
        let stalled = of(VerdictId::LineStalled, VerdictId::Buffered);
        assert_eq!(stalled, [(VerdictId::LineStalled, Severity::Note, vec![VerdictId::Buffered])]);
    }

    #[test]
    fn explanations_end() {
        use strum::VariantArray as _;
        let all: Vec<_> = VerdictId::VARIANTS
            .iter()
            .flat_map(|id| Hop::all().map(|hop| (*id, hop, Severity::Degraded)))
            .collect();
        let found = explained(&all);
        let said: usize = found.iter().map(|(.., also)| 1 + also.len()).sum();
        assert_eq!(said, all.len(), "nothing is lost, and nothing said twice");
    }
}
