//! Rules for the first answer of HTTP.

use super::{
    super::{Finding, Severity, VerdictId, facts},
    tls,
};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Evidence, Exchange, FailureKind, Tls},
    hop::Hop,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(http) = &evidence.http else { return };
    let first = &http.first;
    let line = facts::describe_exchange(first);
    let gone = findings.iter().any(|finding| finding.id == VerdictId::OneConnectionOnly);
    let mut add = |finding| findings.push(finding);
    let broken = |id, line: String| Finding::new(id, Hop::Http, Severity::Broken, line);
    if classify(first) == Class::PlainToTls {
        add(broken(VerdictId::PlainToTls, line));
        return;
    }
    if let Some(why) = speaks_only_http2(evidence.tls.as_ref(), first) {
        add(broken(VerdictId::Http2Only, format!("{line}; {why}")));
        return;
    }
    if first.status.is_some() && evidence.tls.as_ref().is_some_and(|tls| tls.http2 == Some(false)) {
        let line =
            "ALPN chose h2 twice, and each time the connection ended without an answer to HTTP/2's greeting";
        add(Finding::new(VerdictId::Http2Broken, Hop::Tls, Severity::Broken, line));
    }
    let Some(failure) = &first.failure else {
        if first.version == "HTTP/1.0" {
            add(Finding::new(VerdictId::Http10, Hop::Http, one_zero(evidence), "the answer uses HTTP/1.0"));
        }
        return;
    };
    let raw = first.raw.as_deref().unwrap_or_default();
    let start: String = raw.chars().take(80).collect();
    if tls::refused_without_certificate(evidence.tls.as_ref(), first) {
        let line = format!("it asked for a client certificate in the TLS handshake; {line}");
        add(tls::wants_certificate(broken(VerdictId::TlsClientCertificate, line), failure));
        return;
    }
    match (failure.kind, &http.other_scheme) {
        // The page's rule says it, with what came.
        (FailureKind::BodyCut, _) => {}
        (FailureKind::Refused, _) if gone => {}
        (FailureKind::Refused, _) => add(broken(VerdictId::NotListening, line)),
        (FailureKind::Tls, _) => add(broken(VerdictId::TlsOther, line)),
        (_, Some(tls)) => add(broken(VerdictId::PlainToTls, format!("{}; {tls}", failure.text))),
        (FailureKind::Timeout, None) if first.status.is_none() && raw.is_empty() => add(broken(VerdictId::BlackHole, line).or(
            &[VerdictId::GuestNotStarted],
            "iisnode waits 25 s for Dante before it answers 500: probe again with --timeout 40s; if there is still no answer, it is a black hole",
        )),
        (FailureKind::Timeout, None) => {
            add(broken(VerdictId::SlowAnswer, if start.is_empty() { line } else { format!("{line}; so far: {start}") }));
        }
        (FailureKind::Closed | FailureKind::Reset, None) if raw.is_empty() => add(broken(VerdictId::NoAnswer, line)),
        _ => add(broken(VerdictId::Garbage, if start.is_empty() { line } else { format!("{line}; it starts with {start}") })),
    }
}

/// What shows that only HTTP/2 is spoken: the alert of RFC 7301 (3.2) where HTTP/1.1 alone was offered, the frame of settings that comes
/// first on every connection of HTTP/2 (RFC 9113, 3.4 and 6.5), the words of Node.js (lib/internal/http2/core.js), or a greeting of
/// HTTP/2 that is answered where a request of HTTP/1.1 is not.
fn speaks_only_http2(tls: Option<&Tls>, first: &Exchange) -> Option<&'static str> {
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

/// HTTP/1.0 has no upgrades; where they work all the same, it is only a note.
pub(in super::super) fn one_zero(evidence: &Evidence) -> Severity {
    if facts::works(evidence, Hop::Upgrade) || evidence.upgrades.is_none() {
        Severity::Note
    } else {
        facts::fault(evidence)
    }
}
