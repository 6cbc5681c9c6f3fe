//! Rules for the path to the host: name, TCP, TLS, HTTP.

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    evidence::{Evidence, FailureKind, Tls},
    hop::Hop,
};

/// Days before the end of a certificate when it should have been renewed long ago: automatic renewal comes
/// a third of the lifetime before the end (Let's Encrypt: 30 of 90 days).
const RENEWAL_DAYS: i64 = 7;

/// What servers of TLS answer to plain HTTP: nginx, Apache, Go.
const PLAIN_REFUSED: [&str; 3] = [
    "plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL",
    "HTTP request to an HTTPS server",
];

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    if let Some(name) = &evidence.name
        && let Some(failure) = &name.failure
    {
        let line = format!("{}: {}", name.name, failure.text);
        findings.push(Finding::new(VerdictId::NameUnknown, Hop::Name, Severity::Broken, line));
    }
    tcp(evidence, findings);
    if let Some(tls) = &evidence.tls {
        tls_rules(tls, findings);
    }
    http(evidence, findings);
}

fn tcp(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(tcp) = &evidence.tcp else { return };
    let failed: Vec<_> = tcp.attempts.iter().filter_map(|one| Some((one, one.failure.as_ref()?))).collect();
    let line = || {
        let lines = failed.iter().map(|(one, failure)| format!("{} {}", one.address, failure.text));
        lines.collect::<Vec<_>>().join("; ")
    };
    if !failed.is_empty() && failed.len() == tcp.attempts.len() {
        let refused = failed.iter().all(|(_, failure)| failure.kind == FailureKind::Refused);
        findings.push(if refused {
            Finding::new(VerdictId::NotListening, Hop::Tcp, Severity::Broken, line())
        } else {
            Finding::new(VerdictId::Unreachable, Hop::Tcp, Severity::Broken, line())
        });
    } else if failed.iter().any(|(_, failure)| failure.kind == FailureKind::Timeout) {
        findings.push(Finding::new(VerdictId::AddressDead, Hop::Tcp, Severity::Note, line()));
    }
}

fn tls_rules(tls: &Tls, findings: &mut Vec<Finding>) {
    let mut add = |id, severity, line: String| findings.push(Finding::new(id, Hop::Tls, severity, line));
    if let Some(failure) = &tls.failure {
        match (&tls.other_scheme, failure.kind) {
            (Some(plain), _) => {
                add(VerdictId::TlsToPlain, Severity::Broken, format!("{}; {plain}", failure.text))
            }
            (None, FailureKind::Timeout) => add(VerdictId::BlackHole, Severity::Broken, failure.text.clone()),
            _ => add(VerdictId::TlsOther, Severity::Broken, failure.text.clone()),
        }
        return;
    }
    if let Some(untrusted) = &tls.untrusted {
        // Whoever says --insecure knows, and wants to know about the rest.
        let severity = if tls.insecure { Severity::Note } else { Severity::Broken };
        let before = findings.len();
        let mut add = |id, line: String| findings.push(Finding::new(id, Hop::Tls, severity, line));
        if tls.self_signed {
            add(VerdictId::TlsSelfSigned, format!("issuer and subject are both {}", tls.subject));
        }
        if tls.days_left.is_some_and(|days| days < 0) {
            add(VerdictId::TlsExpired, format!("it expired on {}", tls.not_after));
        }
        if tls.not_yet_valid {
            add(VerdictId::TlsExpired, format!("it is only valid from {}", tls.not_before));
        }
        if tls.name_matches == Some(false) {
            add(VerdictId::TlsWrongName, format!("it covers {}", tls.names.join(", ")));
        }
        if findings.len() == before || (!tls.self_signed && untrusted.contains("UnknownIssuer")) {
            let line = format!("issued by {}, {} certificates sent: {untrusted}", tls.issuer, tls.chain);
            findings.push(Finding::new(VerdictId::TlsUntrusted, Hop::Tls, severity, line));
        }
    } else if let Some(days) = tls.days_left.filter(|days| (0..RENEWAL_DAYS).contains(days)) {
        add(VerdictId::TlsExpiresSoon, Severity::Note, format!("{days} days left, until {}", tls.not_after));
    }
}

fn http(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(http) = &evidence.http else { return };
    let first = &http.first;
    let line = facts::describe_exchange(first);
    let mut add = |finding| findings.push(finding);
    let broken = |id, line: String| Finding::new(id, Hop::Http, Severity::Broken, line);
    if first.status == Some(400) && PLAIN_REFUSED.iter().any(|words| first.body.contains(words)) {
        add(broken(VerdictId::PlainToTls, line));
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
    match (failure.kind, &http.other_scheme) {
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

/// HTTP/1.0 has no upgrades; where they work all the same, it is only a note.
pub(super) fn one_zero(evidence: &Evidence) -> Severity {
    if facts::works(evidence, Hop::Upgrade) || evidence.upgrades.is_none() {
        Severity::Note
    } else {
        facts::fault(evidence)
    }
}
