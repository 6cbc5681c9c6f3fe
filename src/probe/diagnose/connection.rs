//! Rules for the path to the host: name, TCP, HTTP; several addresses, TLS and certificates have files of their own.

mod addresses;
mod certificate;
mod tls;

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Connections, Evidence, Exchange, FailureKind},
    hop::Hop,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    if let Some(name) = &evidence.name
        && let Some(failure) = &name.failure
    {
        let hint = if failure.kind == FailureKind::Timeout {
            "; the name may be right: check this machine's network, and the domain's name servers"
        } else {
            ""
        };
        let line = format!("{}: {}{hint}", name.name, failure.text);
        findings.push(Finding::new(VerdictId::NameUnknown, Hop::Name, Severity::Broken, line));
    }
    tcp(evidence, findings);
    if let Some(tls) = &evidence.tls {
        tls::rules(tls, findings);
    }
    http(evidence, findings);
}

fn tcp(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(tcp) = &evidence.tcp else { return };
    let failed: Vec<_> = tcp.attempts.iter().filter_map(|one| Some((one, one.failure.as_ref()?))).collect();
    if !failed.is_empty() && failed.len() == tcp.attempts.len() {
        let refused = failed.iter().all(|(_, failure)| failure.kind == FailureKind::Refused);
        let id = if refused { VerdictId::NotListening } else { VerdictId::Unreachable };
        let lines = failed.iter().map(|(one, failure)| format!("{} {}", one.address, failure.text));
        let line = lines.collect::<Vec<_>>().join("; ");
        findings.push(Finding::new(id, Hop::Tcp, Severity::Broken, line));
        return;
    }
    addresses::rules(tcp, findings);
    findings.extend(one_connection_only(&tcp.connections).or_else(|| some_reset(&tcp.connections)));
}

fn one_connection_only(seen: &Connections) -> Option<Finding> {
    let line = format!("the first connection was accepted, the next {} were refused", seen.refused);
    seen.was_only_one().then(|| Finding::new(VerdictId::OneConnectionOnly, Hop::Tcp, Severity::Broken, line))
}

/// Some connections broke off, and the same requests were answered over others. Once may be chance: a restart, a line.
fn some_reset(seen: &Connections) -> Option<Finding> {
    let by_chance: Vec<_> = seen.broken.iter().filter(|one| one.answered_again).collect();
    let how = if by_chance.first()?.kind == FailureKind::Reset { "reset" } else { "closed" };
    let (were, severity) = match by_chance.len() {
        1 => ("was", Severity::Note),
        _ => ("were", Severity::Degraded),
    };
    let (count, of) = (by_chance.len(), seen.opened);
    let line = format!(
        "{count} of {of} connections {were} {how} before the answer was whole; asked again, the same was answered"
    );
    Some(Finding::new(VerdictId::ConnectionsReset, Hop::Tcp, severity, line))
}

fn http(evidence: &Evidence, findings: &mut Vec<Finding>) {
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
    if speaks_only_http2(first) {
        let came = if first.raw.is_some() { "; what came are frames of HTTP/2" } else { "" };
        add(broken(VerdictId::Http2Only, format!("{line}{came}")));
        return;
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

/// Whether an answer shows that only HTTP/2 is spoken: the alert of RFC 7301 (3.2) where HTTP/1.1 alone was offered, the frame of settings
/// that comes first on every connection of HTTP/2 (RFC 9113, 3.4 and 6.5), or the words of Node.js (lib/internal/http2/core.js).
fn speaks_only_http2(first: &Exchange) -> bool {
    let alert = first.failure.as_ref().and_then(|failure| failure.alert.as_ref());
    let refused = alert.is_some_and(|alert| alert.name == "no_application_protocol");
    // Three bytes of length, the type 4, no flags, stream 0; escaped, a byte of length takes one to four letters.
    let settings = r"\x04\x00\x00\x00\x00\x00";
    let rest = first.raw.as_ref().and_then(|raw| raw.strip_prefix(r"\x00\x00"));
    let framed = rest.and_then(|rest| rest.find(settings)).is_some_and(|at| (1..=4).contains(&at));
    let said = first.status == Some(403) && first.body.contains("ALPN Protocol, expected `h2`");
    refused || framed || said
}

/// HTTP/1.0 has no upgrades; where they work all the same, it is only a note.
pub(super) fn one_zero(evidence: &Evidence) -> Severity {
    if facts::works(evidence, Hop::Upgrade) || evidence.upgrades.is_none() {
        Severity::Note
    } else {
        facts::fault(evidence)
    }
}
