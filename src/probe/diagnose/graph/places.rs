//! Hops and verdicts that belong together, for rules on what explains what. Pure.

use crate::{
    probe::{hop::Hop, verdicts::VerdictId},
    transport::Transport,
};

/// Where requests of long polling are made.
pub(super) fn polling(hop: Hop) -> bool {
    matches!(
        hop,
        Hop::Handshake
            | Hop::Sticky
            | Hop::Stream(Transport::SocketIoPolling)
            | Hop::Cors
            | Hop::Resume
            | Hop::Hold
    )
}

/// Where an engine is spoken with.
pub(super) fn engine(hop: Hop) -> bool {
    polling(hop) || matches!(hop, Hop::Upgrade | Hop::Stream(Transport::SocketIoWebSocket))
}

/// The streams that are WebSockets.
pub(super) fn by_websocket(hop: Hop) -> bool {
    matches!(hop, Hop::Stream(Transport::SocketIoWebSocket | Transport::WebSocket))
}

/// What is said of a server's certificate, or of one address of several: true whatever its answers are.
pub(super) fn of_the_server(id: VerdictId) -> bool {
    use VerdictId::*;
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
}

/// Whether what comes by turns explains this: it spoils everything after it.
pub(super) fn comes_by_turns(id: VerdictId) -> bool {
    use VerdictId::*;
    !of_the_server(id) && !matches!(id, RateLimited | ConnectionLimited | AnswersAlternate | EditionsDiffer)
}

/// What a reader meets who gets a page, or a body, that is not the server's own.
pub(super) fn shows_other_bytes(id: VerdictId) -> bool {
    use VerdictId::*;
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
    )
}
