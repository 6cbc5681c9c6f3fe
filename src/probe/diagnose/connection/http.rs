//! Rules for the first answer of HTTP.

use super::{
    super::{Finding, Severity, VerdictId, facts, http2},
    tls,
};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Evidence, FailureKind},
    hop::Hop,
};

/// What tells whether a connection of HTTP/2 was closed because of that.
const MAY_CLOSE_SO: &str = "a server that does not know HTTP/2 may close so, too: probe with --http 1.1; if that is answered, it is HTTP/2";

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
    let asked = http.over_http1.as_ref().unwrap_or(first);
    if let Some(why) = http2::speaks_only_http2(evidence.tls.as_ref(), asked) {
        let line = format!("{}; {why}", facts::describe_exchange(asked));
        // Over HTTP/2 it may be well.
        let severity = if http.over_http1.is_some() { facts::fault(evidence) } else { Severity::Broken };
        add(Finding::new(VerdictId::Http2Only, Hop::Http, severity, line));
        if http.over_http1.is_none() {
            return;
        }
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
    if http.other_scheme.is_none()
        && let Some(why) = http2::speaks_no_http2(evidence.tls.as_ref(), http)
    {
        add(broken(VerdictId::Http2Missing, why));
        return;
    }
    match (failure.kind, &http.other_scheme) {
        // The page's rule says it, with what came.
        (FailureKind::BodyCut, _) => {}
        (FailureKind::Refused, _) if gone => {}
        (FailureKind::Refused, _) => add(broken(VerdictId::NotListening, line)),
        (FailureKind::Tls, _) => add(broken(VerdictId::TlsOther, line)),
        (_, Some(tls)) => add(broken(VerdictId::PlainToTls, format!("{}; {tls}", failure.text))),
        // The stream's rule says it, where the host answers other requests.
        (FailureKind::Timeout, None) if facts::answers_plain_requests(evidence) => {}
        (FailureKind::Timeout, None) if first.status.is_none() && raw.is_empty() => add(broken(VerdictId::BlackHole, line).or(
            &[VerdictId::GuestNotStarted],
            "iisnode waits 25 s for Dante before it answers 500: probe again with --timeout 40s; if there is still no answer, it is a black hole",
        )),
        (FailureKind::Timeout, None) => {
            add(broken(VerdictId::SlowAnswer, if start.is_empty() { line } else { format!("{line}; so far: {start}") }));
        }
        (FailureKind::Closed | FailureKind::Reset, None) if raw.is_empty() => {
            let finding = broken(VerdictId::NoAnswer, line);
            let over_http2 = http.greeting.is_some();
            add(if over_http2 { finding.or(&[VerdictId::Http2Missing], MAY_CLOSE_SO) } else { finding });
        }
        _ => add(broken(VerdictId::Garbage, if start.is_empty() { line } else { format!("{line}; it starts with {start}") })),
    }
}

/// HTTP/1.0 has no upgrades; where they work all the same, it is only a note.
pub(in super::super) fn one_zero(evidence: &Evidence) -> Severity {
    if facts::works(evidence, Hop::Upgrade) || evidence.upgrades.is_none() {
        Severity::Note
    } else {
        facts::fault(evidence)
    }
}
