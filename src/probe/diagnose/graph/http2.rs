//! What HTTP/2 explains. Pure.

use super::{Finding, VerdictId};
use crate::probe::hop::Hop;

/// What the verdicts of `verdicts/http2.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let (id, hop) = (effect.id, effect.hop);
    match cause.id {
        Http2Missing => hop > Hop::Http,
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
        _ => false,
    }
}
