//! What shows that a server does not speak HTTP/2, where it alone was asked for. Pure.

use crate::probe::{
    classify::{Class, classify},
    evidence::{Exchange, FailureKind, Http, Tls},
};

/// What shows that HTTP/2 is not spoken where it alone was asked for: the server did not choose it in the TLS handshake (RFC 9113, 3.2),
/// or it answers HTTP/2's greeting with HTTP/1.x: whoever speaks HTTP/2 sends its settings first (3.4). A connection that was closed without
/// a word shows nothing.
pub(crate) fn speaks_no_http2(tls: Option<&Tls>, http: &Http) -> Option<String> {
    if let Some(tls) = tls {
        let not_chosen = tls.failure.is_none() && tls.alpn.as_deref() != Some("h2");
        let refused = http.first.failure.as_ref().filter(|one| one.kind == FailureKind::NotOffered);
        return refused.filter(|_| not_chosen).map(|failure| failure.text.clone());
    }
    let is_http_1 = |answer: &&Exchange| answer.status.is_some() && answer.version.starts_with("HTTP/1.");
    // What a port of TLS says to everybody who comes without it says nothing of HTTP/2.
    let of_tls = |answer: &&Exchange| classify(answer) == Class::PlainToTls;
    let answer = http.greeting.as_ref().filter(is_http_1).filter(|answer| !of_tls(answer))?;
    Some(format!("HTTP/2's greeting is answered with {} {}", answer.version, answer.outcome()))
}
