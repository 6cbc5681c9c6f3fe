//! Rules for the way out: a proxy that is not there, that wants credentials, or that opens no tunnel.

use super::{Finding, Severity, VerdictId, connection::faults, describe_answer, works};
use crate::probe::{
    evidence::{Evidence, Exchange, FailureKind, ProxySeen},
    hop::Hop,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(seen) = evidence.proxy.as_ref().filter(|seen| seen.is_used()) else { return };
    let found = no_way(seen).or_else(|| forwarded(evidence, seen));
    findings.extend(found.map(|finding| Finding { severity: severity(evidence, seen), ..finding }));
}

/// Pages may come through where no tunnel does.
fn severity(evidence: &Evidence, seen: &ProxySeen) -> Severity {
    let pages = evidence.page.as_ref().and_then(|page| page.exchanges.last());
    let pages = pages.is_some_and(|page| page.is(200)) || works(evidence, Hop::Handshake);
    if seen.forwards && pages { Severity::Degraded } else { Severity::Broken }
}

/// Why there is no way through the proxy.
fn no_way(seen: &ProxySeen) -> Option<Finding> {
    let failure = seen.failure.as_ref()?;
    let who = format!("{} ({})", seen.url, seen.source);
    let finding = |id, line: String| Finding::new(id, Hop::Proxy, Severity::Broken, line);
    let connect = seen.connect.as_ref();
    let in_squid =
        connect.and_then(|connect| connect.header("x-squid-error")).map(|error| format!(" ({error})"));
    let line = match connect.filter(|connect| connect.status.is_some()) {
        Some(connect) => {
            let (to, answer) = (&connect.url, describe_answer(connect));
            format!("{who} answers CONNECT {to} with {answer}{}", in_squid.unwrap_or_default())
        }
        None => format!("{who}: {}", failure.text),
    };
    if let Some(other) = &seen.other_scheme {
        return Some(finding(VerdictId::NotAProxy, format!("{line}; this port speaks {other}")));
    }
    let id = match (failure.kind, connect.and_then(|connect| connect.status)) {
        _ if !seen.reached() => VerdictId::ProxyUnreachable,
        (FailureKind::ProxyCredentials, _) => {
            return Some(finding(VerdictId::ProxyCredentials, line + wanted(seen, connect)));
        }
        (FailureKind::Tls, _) => {
            let (id, line) = tls(seen, line);
            return Some(finding(id, line));
        }
        (_, Some(400 | 404 | 405 | 501)) => VerdictId::NotAProxy,
        (_, Some(500 | 502 | 503 | 504)) => VerdictId::ProxyCannotReach,
        (FailureKind::ProxyRefused, _) => VerdictId::ProxyRefuses,
        (FailureKind::Timeout, _) => {
            return Some(finding(VerdictId::ProxyHangs, line).or(
                &[VerdictId::ProxyCannotReach, VerdictId::NotAProxy],
                "the proxy's log says whether it waits for the host; if it has no word of it, it is no proxy, or of another kind",
            ));
        }
        (FailureKind::NotHttp | FailureKind::Garbage, _) => VerdictId::NotAProxy,
        (FailureKind::Closed | FailureKind::Reset, _) => {
            return Some(finding(VerdictId::NotAProxy, line).or(
                &[VerdictId::ProxyRefuses],
                "the proxy's log says why it closed; if it has no word of it, it is no proxy, or of another kind",
            ));
        }
        _ => VerdictId::ProxyUnreachable,
    };
    Some(finding(id, line))
}

/// What is wrong with the TLS of the proxy itself.
fn tls(seen: &ProxySeen, line: String) -> (VerdictId, String) {
    let Some(tls) = seen.tls.as_deref() else { return (VerdictId::ProxyUnreachable, line) };
    if let Some(untrusted) = &tls.untrusted {
        let why: Vec<_> = faults(tls, untrusted).into_iter().map(|(_, why)| why).collect();
        return (VerdictId::ProxyUntrusted, format!("{line}; of its certificate: {}", why.join("; ")));
    }
    match &tls.not_tls {
        Some(came) => (VerdictId::NotAProxy, format!("{line}; it does not speak TLS, it says {came:?}")),
        None => (VerdictId::ProxyUnreachable, line),
    }
}

/// What a proxy wants that asks for credentials.
fn wanted(seen: &ProxySeen, connect: Option<&Exchange>) -> &'static str {
    let offers = |scheme: &str| {
        connect.is_some_and(|connect| {
            let mut asked = connect.headers.iter().filter(|(name, _)| name == "proxy-authenticate");
            asked.any(|(_, value)| {
                value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            })
        })
    };
    let asks = connect.is_some_and(|connect| connect.header("proxy-authenticate").is_some());
    match (seen.credentials, offers("basic")) {
        _ if asks && !offers("basic") => "; it does not take Basic, the only kind that the probe speaks",
        (false, _) => "; no credentials were given",
        (true, _) => "; those that were given are not accepted",
    }
}

/// What a proxy says itself to a request that it was to forward.
fn forwarded(evidence: &Evidence, seen: &ProxySeen) -> Option<Finding> {
    let first = evidence.http.as_ref().map(|http| &http.first).filter(|_| seen.forwards)?;
    let line = format!("{} ({}) answers with {}", seen.url, seen.source, describe_answer(first));
    let found = |id, line| Some(Finding::new(id, Hop::Proxy, Severity::Broken, line));
    match first.status? {
        407 => found(VerdictId::ProxyCredentials, line + wanted(seen, Some(first))),
        // Squid names its own errors (src/errorpage.cc); these are about the way on, and its rules.
        _ => match first.header("x-squid-error")?.split(' ').next()? {
            "ERR_DNS_FAIL" | "ERR_CONNECT_FAIL" | "ERR_CANNOT_FORWARD" => {
                found(VerdictId::ProxyCannotReach, line)
            }
            "ERR_ACCESS_DENIED" => found(VerdictId::ProxyRefuses, line),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Attempt, Failure, Tls};

    fn found(seen: ProxySeen) -> Option<VerdictId> {
        let evidence = Evidence { proxy: Some(seen), ..Evidence::default() };
        let mut findings = Vec::new();
        rules(&evidence, &mut findings);
        assert!(findings.len() < 2);
        findings.pop().map(|finding| finding.id)
    }

    fn failed(kind: FailureKind, status: Option<u16>) -> ProxySeen {
        ProxySeen {
            attempts: vec![Attempt::default()],
            connect: Some(Exchange { status, ..Exchange::default() }),
            failure: Some(Failure::new(kind, "x")),
            ..ProxySeen::default()
        }
    }

    #[test]
    fn why_there_is_no_way_through() {
        use FailureKind::*;
        use VerdictId as Id;
        for (kind, status, expected) in [
            (ProxyCredentials, Some(407), Id::ProxyCredentials),
            (ProxyRefused, Some(403), Id::ProxyRefuses),
            (ProxyRefused, Some(302), Id::ProxyRefuses),
            (ProxyRefused, None, Id::ProxyRefuses),
            (ProxyRefused, Some(502), Id::ProxyCannotReach),
            (ProxyRefused, Some(405), Id::NotAProxy),
            (Timeout, None, Id::ProxyHangs),
            (NotHttp, None, Id::NotAProxy),
            (Closed, None, Id::NotAProxy),
            (Tls, None, Id::ProxyUnreachable),
        ] {
            assert_eq!(found(failed(kind, status)), Some(expected), "{kind:?} {status:?}");
        }
        let refused = Failure::new(Refused, "refused");
        let attempts = vec![Attempt { failure: Some(refused.clone()), ..Attempt::default() }];
        let gone = ProxySeen { attempts, failure: Some(refused), ..ProxySeen::default() };
        assert_eq!(found(gone), Some(Id::ProxyUnreachable));
        let excepted = ProxySeen { excepted_by: Some("NO_PROXY".into()), ..failed(Timeout, None) };
        assert_eq!(found(excepted), None);
        assert_eq!(found(ProxySeen::default()), None);
    }

    #[test]
    fn what_is_wrong_with_the_tls_of_the_proxy() {
        let line = |tls| {
            let seen = ProxySeen { tls: Some(Box::new(tls)), ..failed(FailureKind::Tls, None) };
            let evidence = Evidence { proxy: Some(seen), ..Evidence::default() };
            let mut findings = Vec::new();
            rules(&evidence, &mut findings);
            findings.pop().map(|finding| (finding.id, finding.evidence)).unwrap()
        };
        let (issuer, untrusted) = ("CN=office".to_owned(), Some("UnknownIssuer".to_owned()));
        let (id, words) = line(Tls { issuer, untrusted, chain: 1, ..Tls::default() });
        assert_eq!(id, VerdictId::ProxyUntrusted);
        assert!(words.contains("issued by CN=office"), "{words}");
        let (names, untrusted) = (vec!["a.test".to_owned()], Some("NotValidForName".to_owned()));
        let (id, words) = line(Tls { names, untrusted, name_matches: Some(false), ..Tls::default() });
        assert_eq!(id, VerdictId::ProxyUntrusted);
        assert!(words.ends_with("of its certificate: it covers a.test"), "{words}");
        let (id, words) = line(Tls { not_tls: Some("HTTP/1.0 400".into()), ..Tls::default() });
        assert_eq!(id, VerdictId::NotAProxy);
        let other_scheme = Some("TLS".to_owned());
        assert_eq!(
            found(ProxySeen { other_scheme, ..failed(FailureKind::Closed, None) }),
            Some(VerdictId::NotAProxy)
        );
        assert!(words.ends_with(r#"it does not speak TLS, it says "HTTP/1.0 400""#), "{words}");
    }

    #[test]
    fn what_credentials_are_wanted() {
        let with = |credentials, schemes: &[&str]| {
            let headers = schemes.iter().map(|one| ("proxy-authenticate".into(), (*one).into())).collect();
            let connect = Exchange { status: Some(407), headers, ..Exchange::default() };
            wanted(&ProxySeen { credentials, ..ProxySeen::default() }, Some(&connect))
        };
        assert!(with(false, &["Basic realm=\"x\""]).contains("no credentials"));
        assert!(with(true, &["Negotiate", "basic realm=x"]).contains("not accepted"));
        assert!(with(true, &["Negotiate", "NTLM"]).contains("does not take Basic"));
    }
}
