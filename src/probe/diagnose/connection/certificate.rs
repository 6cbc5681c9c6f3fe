//! Rules for certificates: whom they are for, who vouches for them, and how long they last.

use super::super::{Finding, Severity, VerdictId};
use crate::probe::{evidence::Tls, hop::Hop};

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
    if let Some(untrusted) = &tls.untrusted {
        not_trusted(tls, untrusted, findings);
    } else if should_be_renewed(tls) {
        let (left, life) = (tls.seconds_left.unwrap_or_default(), tls.life_seconds.unwrap_or_default());
        let line = format!("{} left of {}, until {}", span(left), span(life), tls.not_after);
        findings.push(Finding::new(VerdictId::TlsExpiresSoon, Hop::Tls, Severity::Note, line));
    }
}

fn not_trusted(tls: &Tls, untrusted: &str, findings: &mut Vec<Finding>) {
    // Whoever says --insecure knows, and wants to know about the rest.
    let severity = if tls.insecure { Severity::Note } else { Severity::Broken };
    findings.extend(
        faults(tls, untrusted).into_iter().map(|(id, line)| Finding::new(id, Hop::Tls, severity, line)),
    );
}

/// What is wrong with a certificate that is not trusted, each as it is a verdict on a host's.
pub(in crate::probe::diagnose) fn faults(tls: &Tls, untrusted: &str) -> Vec<(VerdictId, String)> {
    let mut all = Vec::new();
    let mut add = |id, line: String| all.push((id, line));
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
        let covers = if tls.names.is_empty() {
            format!("it lists no names (subjectAltName), and browsers ignore its subject, {}", tls.subject)
        } else {
            format!("it covers {}", tls.names.join(", "))
        };
        add(VerdictId::TlsWrongName, covers);
    }
    if all.is_empty() || (!tls.self_signed && untrusted.contains("UnknownIssuer")) {
        let private = PRIVATE.iter().find(|(words, _)| tls.issuer.contains(words));
        let why = private.map_or(untrusted, |(_, why)| why);
        let sent = match tls.chain {
            1 => "sent without any intermediate certificate".to_owned(),
            count => format!("{count} certificates sent"),
        };
        let line = format!("issued by {}, {sent}: {why}", tls.issuer);
        all.push((VerdictId::TlsUntrusted, line));
    }
    all
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

    #[test]
    fn the_clock_here_is_named_if_it_is_off_by_days() {
        let tls = |ahead| Tls { clock_ahead_seconds: ahead, ..Tls::default() };
        assert_eq!(clock(&tls(None)), None);
        assert_eq!(clock(&tls(Some(HOUR))), None);
        let behind = "this machine's clock is 400 days behind the host's";
        assert_eq!(clock(&tls(Some(-400 * DAY))).as_deref(), Some(behind));
    }
}
