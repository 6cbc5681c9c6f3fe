//! Rules for TLS: why a handshake failed, and what is wrong with a certificate.

use super::super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Exchange, Failure, FailureKind, Tls},
    hop::Hop,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// From this life on, a certificate has been renewed long before its last week: Let's Encrypt's of 90 days are renewed with 30 left
/// (<https://letsencrypt.org/docs/faq/>), those of 45 days with 15.
const LONG_LIFE: i64 = 60 * DAY;
const LAST_WEEK: i64 = 7 * DAY;
/// Shorter ones are renewed by a share of their life: Let's Encrypt's of six days half-way
/// (<https://letsencrypt.org/docs/profiles/>), Caddy's own of twelve hours with a third left (certmagic, `DefaultRenewalWindowRatio`).
/// With a sixth left, that has failed.
const LAST_SHARE: i64 = 6;

/// A clock that is off by less may be off for many reasons, and explains no certificate.
const CLOCK_OFF: i64 = DAY;

/// Certificates that a host makes for itself, and shows where it has none for the name: what stands in the subject, and whose it is
/// (Traefik, pkg/tls/generate/generate.go; ingress-nginx, internal/net/ssl/ssl.go; Plesk's is "CN=Plesk").
const PLACEHOLDERS: [(&str, &str); 4] = [
    ("TRAEFIK DEFAULT CERT", "Traefik"),
    ("Kubernetes Ingress Controller Fake Certificate", "ingress-nginx"),
    ("CN=Plesk", "Plesk"),
    ("Parallels Panel", "Plesk"),
];

/// Authorities that browsers do not trust, and what for: Let's Encrypt's for tests, Cloudflare's for its own connections to the origin,
/// Caddy's for one machine.
const PRIVATE: [(&str, &str); 3] = [
    (
        "(STAGING)",
        "this is a test certificate: take the staging server out of the ACME client's configuration",
    ),
    (
        "CloudFlare Origin",
        "only Cloudflare trusts it, for its connections to the origin: browsers must come by way of Cloudflare",
    ),
    (
        "Caddy Local Authority",
        "Caddy signed it itself (tls internal), as it does for names without a public certificate",
    ),
];

pub(super) fn rules(tls: &Tls, findings: &mut Vec<Finding>) {
    if let Some(failure) = &tls.failure {
        findings.push(failed(tls, failure));
    } else if let Some(untrusted) = &tls.untrusted {
        not_trusted(tls, untrusted, findings);
    } else if should_be_renewed(tls) {
        let left = tls.seconds_left.unwrap_or_default();
        let line = format!("{} left of {}, until {}", span(left), life(tls), tls.not_after);
        findings.push(Finding::new(VerdictId::TlsExpiresSoon, Hop::Tls, Severity::Note, line));
    }
}

/// Why a handshake failed.
fn failed(tls: &Tls, failure: &Failure) -> Finding {
    let finding = |id, line: String| Finding::new(id, Hop::Tls, Severity::Broken, line);
    let text = &failure.text;
    if failure.kind == FailureKind::Timeout {
        return finding(VerdictId::BlackHole, text.clone());
    }
    if let Some(plain) = plain_answer(tls, failure) {
        return finding(VerdictId::TlsToPlain, plain);
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
        ("internal_error", None) => finding(VerdictId::TlsOther, text.clone()).or(
            &[VerdictId::TlsUnknownName],
            "Caddy ends the handshake so if it has no certificate for the name: probe with a name of its configuration",
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
    // Some close on a handshake without a word; some servers of TLS, too, and answer anything else with 400.
    let closed =
        matches!(failure.kind, FailureKind::Closed | FailureKind::Reset) && plain.status != Some(400);
    (is_real && (tls.not_tls.is_some() || closed))
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

fn not_trusted(tls: &Tls, untrusted: &str, findings: &mut Vec<Finding>) {
    // Whoever says --insecure knows, and wants to know about the rest.
    let severity = if tls.insecure { Severity::Note } else { Severity::Broken };
    let before = findings.len();
    let mut add = |id, line: String| findings.push(Finding::new(id, Hop::Tls, severity, line));
    if tls.self_signed {
        let placeholder = PLACEHOLDERS.iter().find(|(words, _)| tls.subject.contains(words));
        add(
            VerdictId::TlsSelfSigned,
            match placeholder {
                Some((_, who)) => {
                    format!("{} is what {who} shows where it has no certificate for the name", tls.subject)
                }
                None => format!("issuer and subject are both {}", tls.subject),
            },
        );
    }
    let clock = clock(tls).map(|clock| format!("; {clock}")).unwrap_or_default();
    if tls.not_yet_valid {
        add(VerdictId::TlsNotYetValid, format!("it is only valid from {}{clock}", tls.not_before));
    } else if tls.seconds_left.or(tls.days_left).is_some_and(|left| left < 0) {
        add(VerdictId::TlsExpired, format!("it expired on {}{clock}", tls.not_after));
    }
    if tls.name_matches == Some(false) {
        add(VerdictId::TlsWrongName, format!("it covers {}", tls.names.join(", ")));
    }
    if findings.len() == before || (!tls.self_signed && untrusted.contains("UnknownIssuer")) {
        let private = PRIVATE.iter().find(|(words, _)| tls.issuer.contains(words));
        let why = private.map_or(untrusted, |(_, why)| why);
        let line = format!("issued by {}, {} certificates sent: {why}", tls.issuer, tls.chain);
        findings.push(Finding::new(VerdictId::TlsUntrusted, Hop::Tls, severity, line));
    }
}

/// How wrong the clock of this machine seems to be.
fn clock(tls: &Tls) -> Option<String> {
    let ahead = tls.clock_ahead_seconds.filter(|ahead| ahead.abs() > CLOCK_OFF)?;
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    Some(format!("this machine's clock is {} {way} the host's", span(ahead.abs())))
}

/// Whether a certificate's renewal should have come long ago.
fn should_be_renewed(tls: &Tls) -> bool {
    let (Some(left), Some(life)) = (tls.seconds_left, tls.life_seconds) else { return false };
    if life >= LONG_LIFE { left < LAST_WEEK } else { left * LAST_SHARE < life }
}

fn life(tls: &Tls) -> String {
    span(tls.life_seconds.unwrap_or_default())
}

/// A time in its largest unit that counts at least two.
fn span(seconds: i64) -> String {
    match seconds {
        _ if seconds >= 2 * DAY => format!("{} days", seconds / DAY),
        _ if seconds >= 2 * HOUR => format!("{} hours", seconds / HOUR),
        _ if seconds >= 2 * MINUTE => format!("{} minutes", seconds / MINUTE),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Alert, OldChoice};

    #[test]
    fn certificates_are_measured_by_their_own_life() {
        for (left, life, expected) in [
            (12 * HOUR - 5 * MINUTE, 12 * HOUR, false),
            (5 * HOUR, 12 * HOUR, false),
            (HOUR, 12 * HOUR, true),
            (3 * DAY, 160 * HOUR, false),
            (DAY, 160 * HOUR, true),
            (15 * DAY, 45 * DAY, false),
            (29 * DAY, 90 * DAY, false),
            (8 * DAY, 90 * DAY, false),
            (6 * DAY, 90 * DAY, true),
            (6 * DAY, 398 * DAY, true),
        ] {
            let tls = Tls { seconds_left: Some(left), life_seconds: Some(life), ..Tls::default() };
            assert_eq!(should_be_renewed(&tls), expected, "{} of {}", span(left), span(life));
        }
    }

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
    fn the_clock_here_is_named_if_it_is_off_by_days() {
        let tls = |ahead| Tls { clock_ahead_seconds: ahead, ..Tls::default() };
        assert_eq!(clock(&tls(None)), None);
        assert_eq!(clock(&tls(Some(HOUR))), None);
        let behind = "this machine's clock is 400 days behind the host's";
        assert_eq!(clock(&tls(Some(-400 * DAY))).as_deref(), Some(behind));
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
