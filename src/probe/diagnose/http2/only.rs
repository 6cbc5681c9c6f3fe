//! What shows that a server speaks only HTTP/2. Pure.

use crate::probe::evidence::{Exchange, FailureKind, Tls};

/// What shows that only HTTP/2 is spoken: the alert of RFC 7301 (3.2) where HTTP/1.1 alone was offered, the frame of settings that comes
/// first on every connection of HTTP/2 (RFC 9113, 3.4 and 6.5), the words of Node.js (lib/internal/http2/core.js), or a greeting of
/// HTTP/2 that is answered where a request of HTTP/1.1 is not.
pub(crate) fn speaks_only_http2(tls: Option<&Tls>, first: &Exchange) -> Option<&'static str> {
    let alert = first.failure.as_ref().and_then(|failure| failure.alert.as_ref());
    if alert.is_some_and(|alert| alert.name == "no_application_protocol") {
        return Some("it refuses HTTP/1.1 in the TLS handshake (ALPN)");
    }
    // Three bytes of length, the type 4, no flags, stream 0; escaped, a byte of length takes one to four letters.
    let settings = r"\x04\x00\x00\x00\x00\x00";
    let rest = first.raw.as_ref().and_then(|raw| raw.strip_prefix(r"\x00\x00"));
    if rest.and_then(|rest| rest.find(settings)).is_some_and(|at| (1..=4).contains(&at)) {
        return Some("what came are frames of HTTP/2");
    }
    if first.status == Some(403) && first.body.contains("ALPN Protocol, expected `h2`") {
        return Some("that is Node.js's answer to HTTP/1.1");
    }
    let ended = [FailureKind::Closed, FailureKind::Reset, FailureKind::NotHttp];
    let greeted = tls.is_some_and(|tls| tls.http2 == Some(true));
    let refused = first.status.is_none() && ended.iter().any(|kind| first.failed_by(*kind));
    (greeted && refused).then_some("HTTP/2's greeting is answered")
}
