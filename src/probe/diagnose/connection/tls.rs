//! Rules for TLS: why a handshake failed.

use super::{
    super::{Finding, Severity, VerdictId, facts},
    certificate,
};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Exchange, Failure, FailureKind, Tls},
    hop::Hop,
};

pub(super) fn rules(tls: &Tls, findings: &mut Vec<Finding>) {
    if let Some(failure) = &tls.failure {
        findings.push(failed(tls, failure));
    } else {
        certificate::rules(tls, findings);
    }
}

/// Why a handshake failed.
fn failed(tls: &Tls, failure: &Failure) -> Finding {
    let finding = |id, line: String| Finding::new(id, Hop::Tls, Severity::Broken, line);
    let text = &failure.text;
    if let Some(plain) = plain_answer(tls, failure) {
        return finding(VerdictId::TlsToPlain, plain);
    }
    if failure.kind == FailureKind::Timeout {
        return finding(VerdictId::BlackHole, text.clone());
    }
    if let Some(came) = &tls.not_tls {
        let start: String = came.chars().take(80).collect();
        return finding(VerdictId::Garbage, format!("what came is not TLS; it starts with {start}"));
    }
    let chosen = tls.old_choice.as_ref();
    if let Some(choice) = chosen.filter(|choice| choice.is_old_version) {
        let line = format!("{text}; offered older versions, the server chooses {}", choice.choice);
        return finding(VerdictId::TlsTooOld, line);
    }
    let alert = failure.alert.as_ref().map_or("", |alert| alert.name.as_str());
    if alert == "certificate_required" || tls.asked_for_certificate {
        let line = format!("it asked for a client certificate; {text}");
        return wants_certificate(finding(VerdictId::TlsClientCertificate, line), failure);
    }
    if let Some(subject) = &tls.without_name {
        let line = format!("{text}; without the name in the handshake, it shows a certificate for {subject}");
        return finding(VerdictId::TlsUnknownName, line);
    }
    match (alert, chosen) {
        ("unrecognized_name", _) => finding(VerdictId::TlsUnknownName, text.clone()),
        ("protocol_version", None) => finding(VerdictId::TlsTooOld, text.clone()),
        (_, Some(choice)) => {
            let line = format!("{text}; offered older cipher suites, the server chooses {}", choice.choice);
            finding(VerdictId::TlsOther, line)
        }
        // Go's answer where no certificate is found, and so Caddy's and Traefik's (crypto/tls, handshake_server_tls13.go,
        // pickCertificate).
        ("internal_error", None) => finding(VerdictId::TlsUnknownName, text.clone()).or(
            &[VerdictId::TlsOther],
            "Caddy and Traefik close so where they have no certificate for the name; its log says whether it is that",
        ),
        _ => finding(VerdictId::TlsOther, text.clone()),
    }
}

/// The proof that the port speaks plain HTTP: no TLS came, and an answer to plain HTTP is a real one, not a server's word that this is a
/// port for TLS.
fn plain_answer(tls: &Tls, failure: &Failure) -> Option<String> {
    if let Some(came) = tls.not_tls.as_ref().filter(|came| came.starts_with("HTTP/")) {
        let line: String = came.split("\\r").next().unwrap_or_default().chars().take(80).collect();
        return Some(format!("plain HTTP answers the TLS handshake: {line}"));
    }
    let plain = tls.plain.as_ref().filter(|plain| plain.status.is_some())?;
    let is_real = classify(plain) != Class::PlainToTls;
    // Some close on a handshake without a word, or wait for the end of a line; some servers of TLS close, too, and answer anything
    // else with 400.
    let silent = matches!(failure.kind, FailureKind::Closed | FailureKind::Reset | FailureKind::Timeout);
    (is_real && (tls.not_tls.is_some() || (silent && plain.status != Some(400))))
        .then(|| format!("{}; over plain HTTP, {}", failure.text, facts::describe_exchange(plain)))
}

/// A server that closes without an alert may have another reason.
pub(super) fn wants_certificate(finding: Finding, failure: &Failure) -> Finding {
    if failure.alert.is_some() {
        return finding;
    }
    finding.or(&[VerdictId::NoAnswer], "the server's log says why it closed")
}

/// Whether a server that asked for a client certificate in the handshake refused a request for want of one. In TLS 1.3 its alert
/// may come only then (RFC 8446, 4.4.2.4); Node.js closes without one (tls, `rejectUnauthorized`).
pub(super) fn refused_without_certificate(tls: Option<&Tls>, first: &Exchange) -> bool {
    let alert = first.failure.as_ref().and_then(|failure| failure.alert.as_ref());
    let required = alert.is_some_and(|alert| alert.name == "certificate_required");
    let asked = tls.is_some_and(|tls| tls.asked_for_certificate);
    let ended =
        alert.is_some() || first.failed_by(FailureKind::Closed) || first.failed_by(FailureKind::Reset);
    first.status.is_none() && (required || (asked && ended && first.raw.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Alert, OldChoice};

    fn alert(name: &str) -> Failure {
        Failure {
            alert: Some(Alert { name: name.to_owned(), code: 0 }),
            ..Failure::new(FailureKind::Tls, "alert")
        }
    }

    fn answer(status: u16, body: &str) -> Option<Exchange> {
        Some(Exchange { status: Some(status), body: body.to_owned(), ..Exchange::default() })
    }

    /// The id that a failed handshake gives.
    fn id(failure: Failure, tls: Tls) -> VerdictId {
        failed(&tls, &failure).id
    }

    #[test]
    fn why_a_handshake_failed() {
        use VerdictId::*;
        let closed = || Failure::new(FailureKind::Closed, "closed");
        let old = |is_old_version| Some(OldChoice { choice: "x".to_owned(), is_old_version });
        let nginx = "<center>The plain HTTP request was sent to HTTPS port</center>";
        for (failure, tls, expected) in [
            (Failure::new(FailureKind::Timeout, "late"), Tls::default(), BlackHole),
            (alert("protocol_version"), Tls { plain: answer(400, nginx), ..Tls::default() }, TlsTooOld),
            (alert("handshake_failure"), Tls { old_choice: old(true), ..Tls::default() }, TlsTooOld),
            (alert("handshake_failure"), Tls { old_choice: old(false), ..Tls::default() }, TlsOther),
            (alert("handshake_failure"), Tls { plain: answer(200, "x"), ..Tls::default() }, TlsOther),
            (
                alert("handshake_failure"),
                Tls { asked_for_certificate: true, ..Tls::default() },
                TlsClientCertificate,
            ),
            (alert("certificate_required"), Tls::default(), TlsClientCertificate),
            (alert("unrecognized_name"), Tls::default(), TlsUnknownName),
            (
                alert("handshake_failure"),
                Tls { without_name: Some("CN=x".into()), ..Tls::default() },
                TlsUnknownName,
            ),
            (closed(), Tls { plain: answer(200, "x"), ..Tls::default() }, TlsToPlain),
            (
                Failure::new(FailureKind::Timeout, "late"),
                Tls { plain: answer(404, "x"), ..Tls::default() },
                TlsToPlain,
            ),
            (closed(), Tls { plain: answer(400, ""), ..Tls::default() }, TlsOther),
            (closed(), Tls { plain: answer(400, nginx), ..Tls::default() }, TlsOther),
            (closed(), Tls::default(), TlsOther),
            (
                Failure::new(FailureKind::Tls, "corrupt"),
                Tls { not_tls: Some("HTTP/1.1 400 Bad Request\\r\\n".into()), ..Tls::default() },
                TlsToPlain,
            ),
            (
                Failure::new(FailureKind::Tls, "corrupt"),
                Tls { not_tls: Some("<html>".into()), plain: answer(200, "x"), ..Tls::default() },
                TlsToPlain,
            ),
            (
                Failure::new(FailureKind::Tls, "corrupt"),
                Tls { not_tls: Some("SSH-2.0-OpenSSH".into()), ..Tls::default() },
                Garbage,
            ),
        ] {
            assert_eq!(id(failure.clone(), tls.clone()), expected, "{failure:?} {tls:?}");
        }
    }

    #[test]
    fn a_server_that_ends_for_want_of_a_certificate() {
        let asked = Tls { asked_for_certificate: true, ..Tls::default() };
        let first = |failure| Exchange { failure: Some(failure), ..Exchange::default() };
        let closed = || first(Failure::new(FailureKind::Closed, "closed"));
        assert!(refused_without_certificate(Some(&asked), &closed()));
        assert!(refused_without_certificate(Some(&asked), &first(alert("bad_certificate"))));
        assert!(refused_without_certificate(None, &first(alert("certificate_required"))));
        assert!(!refused_without_certificate(Some(&Tls::default()), &closed()));
        assert!(!refused_without_certificate(
            Some(&asked),
            &first(Failure::new(FailureKind::Timeout, "late"))
        ));
    }
}
