//! What the proxy on the way out explains. Pure.

use super::{Finding, Severity, VerdictId, places::by_websocket};
use crate::probe::hop::Hop;

/// What the verdicts of `verdicts/proxy.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    match cause.id {
        // What needs a tunnel has none; where pages need one, too, nothing could be asked.
        ProxyUnreachable | NotAProxy | ProxyUntrusted | ProxyCredentials | ProxyRefuses
        | ProxyCannotReach | ProxyHangs => {
            hop > Hop::Proxy
                && (cause.severity == Severity::Broken
                    || hop == Hop::Upgrade
                    || by_websocket(hop)
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
        _ => false,
    }
}
