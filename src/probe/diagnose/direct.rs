//! What is the proxy's doing: what differs without it, where the probe was made without it, too; else what may be. Pure.

use super::{Finding, Severity, VerdictId, diagnose, whole};
use crate::probe::{
    evidence::{Evidence, ProxySeen, Tls},
    hop::Hop,
};

/// Told by `--direct`, which is to be tried.
const TRY_DIRECT: &str =
    "dante probe --direct probes without the proxy, too, and tells which of the two it is";
const NOT_WITHOUT: &str =
    "the host cannot be reached from here without the proxy; probe it from outside this network";

/// Whom certificates name that proxies and virus scanners make for the sites that they read along: what stands in the issuer.
const INSPECTORS: [&str; 18] = [
    "mitmproxy",
    "Zscaler",
    "Fortinet",
    "FortiGate",
    "Palo Alto Networks",
    "Netskope",
    "goskope",
    "Blue Coat",
    "Forcepoint",
    "Sophos SSL CA",
    "Cisco Umbrella",
    "Check Point",
    "PortSwigger",
    "Charles Proxy",
    "DO_NOT_TRUST_Fiddler",
    "Kaspersky",
    "Avast Web/Mail Shield",
    "ESET SSL Filter",
];

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(proxy) = evidence.proxy.as_ref().filter(|proxy| proxy.is_used()) else { return };
    let direct = proxy.direct.as_deref();
    if let Some(tls) = &evidence.tls {
        intercepted(tls, direct.and_then(|direct| direct.tls.as_ref()), findings);
    }
    if let Some(direct) = direct {
        without_the_way_out(direct, findings);
    }
    match direct {
        Some(direct) if answers(direct) => only_through_proxy(proxy, direct, findings),
        direct => {
            let to_tell = if direct.is_some() { NOT_WITHOUT } else { TRY_DIRECT };
            for finding in findings.iter_mut().filter(|finding| may_be_the_proxy(finding)) {
                finding.add_or(VerdictId::ProxyInterferes, to_tell);
            }
        }
    }
}

/// Whether the host answers without the proxy.
fn answers(direct: &Evidence) -> bool {
    direct.http.as_ref().is_some_and(|http| http.first.status.is_some())
}

/// Where the proxy itself fails, what the host is without it.
fn without_the_way_out(direct: &Evidence, findings: &mut [Finding]) {
    let how = match &direct.http {
        Some(http) if http.first.status.is_some() => "the host answers",
        Some(_) => "the host does not answer either",
        None => "the host is not reached either",
    };
    for finding in
        findings.iter_mut().filter(|finding| finding.hop == Hop::Proxy && finding.severity > Severity::Note)
    {
        finding.evidence += &format!("; without the proxy, {how}");
    }
}

/// Whether a proxy can be behind what was found, beside the host.
fn may_be_the_proxy(finding: &Finding) -> bool {
    finding.severity > Severity::Note && finding.hop > Hop::Tls
}

/// What is found only through the proxy is its doing.
fn only_through_proxy(proxy: &ProxySeen, direct: &Evidence, findings: &mut Vec<Finding>) {
    let without = diagnose(direct);
    let also_without = |id: VerdictId| {
        without.iter().any(|verdict| verdict.id == id || verdict.also.iter().any(|also| also.id == id))
    };
    let mut only: Vec<&mut Finding> = findings
        .iter_mut()
        .filter(|finding| may_be_the_proxy(finding) && !also_without(finding.id))
        .collect();
    let Some(first) = only.iter().min_by_key(|finding| finding.hop) else { return };
    let (hop, severity) = (first.hop, only.iter().map(|finding| finding.severity).max());
    let what = format!("{} at {hop}: {}", first.id, first.evidence);
    only.iter_mut().for_each(|finding| finding.by_proxy = true);
    let how = match whole(direct, &without) {
        Severity::Note => "the same probe without it is good".to_owned(),
        _ => "the same probe without it does not show this".to_owned(),
    };
    let line = format!("through {} ({}): {what}; {how}", proxy.url, proxy.source);
    let severity = severity.unwrap_or(Severity::Degraded);
    findings.push(Finding::new(VerdictId::ProxyInterferes, Hop::Proxy, severity, line));
}

/// Whether the certificate is the proxy's own: its issuer is known for that, or another one than without the proxy.
fn intercepted(tls: &Tls, direct: Option<&Tls>, findings: &mut Vec<Finding>) {
    let seen = || format!("the certificate is issued by {}", tls.issuer);
    let known = INSPECTORS.iter().any(|name| tls.issuer.contains(name));
    let direct = direct.filter(|direct| !direct.issuer.is_empty());
    let line = match direct {
        // An authority has several intermediate certificates, which take turns: its name is the same in all of them.
        Some(direct) if organisation(&direct.issuer) != organisation(&tls.issuer) => {
            Some(format!("{}; without the proxy, by {}", seen(), direct.issuer))
        }
        Some(_) => None,
        None => known.then(seen),
    };
    if let Some(line) = line {
        findings.push(Finding::new(VerdictId::TlsIntercepted, Hop::Tls, Severity::Note, line));
    } else if direct.is_none() {
        // Of whom a certificate is that nobody vouches for cannot be known.
        let unknown = [VerdictId::TlsUntrusted, VerdictId::TlsSelfSigned];
        for finding in findings.iter_mut().filter(|finding| unknown.contains(&finding.id)) {
            finding.add_or(VerdictId::TlsIntercepted, TRY_DIRECT);
        }
    }
}

/// The organisation in a name (X.520), or else the whole name.
fn organisation(name: &str) -> &str {
    name.split(", ").find_map(|part| part.strip_prefix("O=")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Exchange, Http};

    fn issued_by(issuer: &str) -> Tls {
        Tls { issuer: issuer.to_owned(), ..Tls::default() }
    }

    #[test]
    fn interception_is_only_said_where_it_is_proved() {
        let found = |issuer: &str, direct: Option<&str>| {
            let mut findings =
                vec![Finding::new(VerdictId::TlsUntrusted, Hop::Tls, Severity::Broken, "unknown issuer")];
            intercepted(&issued_by(issuer), direct.map(issued_by).as_ref(), &mut findings);
            let said = findings.iter().any(|finding| finding.id == VerdictId::TlsIntercepted);
            (said, findings[0].or.contains(&VerdictId::TlsIntercepted))
        };
        assert_eq!(found("CN=mitmproxy, O=mitmproxy", None), (true, false));
        assert_eq!(found("CN=Own CA", None), (false, true));
        assert_eq!(found("CN=Own CA", Some("CN=Own CA")), (false, false));
        assert_eq!(found("CN=Own CA", Some("C=US, O=Let's Encrypt, CN=R12")), (true, false));
        let turns = found("C=US, O=Let's Encrypt, CN=R13", Some("C=US, O=Let's Encrypt, CN=R12"));
        assert_eq!(turns, (false, false), "intermediate certificates take turns");
        // Behind the proxy, the host itself may be inspected.
        assert_eq!(found("O=Zscaler Inc.", Some("O=Zscaler Inc.")), (false, false));
    }

    #[test]
    fn what_is_only_there_by_the_proxy() {
        let answered = Exchange { status: Some(200), ..Exchange::default() };
        let http = Some(Http { first: answered, ..Http::default() });
        let found = |direct: Option<Evidence>| {
            let proxy = ProxySeen { direct: direct.map(Box::new), ..ProxySeen::default() };
            let evidence = Evidence { proxy: Some(proxy), ..Evidence::default() };
            let mut findings = vec![
                Finding::new(VerdictId::PageRefused, Hop::Page, Severity::Degraded, "x"),
                Finding::new(VerdictId::StickinessByCookie, Hop::Sticky, Severity::Note, "x"),
            ];
            rules(&evidence, &mut findings);
            assert!(findings[1].or.is_empty(), "a note is no fault");
            let told = findings.iter().any(|finding| finding.id == VerdictId::ProxyInterferes);
            (told, findings[0].by_proxy, findings[0].to_tell.clone())
        };
        assert_eq!(found(None), (false, false, Some(TRY_DIRECT.into())));
        assert_eq!(found(Some(Evidence::default())), (false, false, Some(NOT_WITHOUT.into())));
        assert_eq!(found(Some(Evidence { http, ..Evidence::default() })), (true, true, None));
    }

    #[test]
    fn a_proxy_that_fails_is_told_from_a_host_that_does() {
        let answered = Exchange { status: Some(200), ..Exchange::default() };
        let said = |direct: Evidence| {
            let refused = Finding::new(VerdictId::ProxyRefuses, Hop::Proxy, Severity::Broken, "403");
            let mut findings = [refused];
            without_the_way_out(&direct, &mut findings);
            findings[0].evidence.clone()
        };
        let http = |first| Evidence { http: Some(Http { first, ..Http::default() }), ..Evidence::default() };
        assert_eq!(said(http(answered)), "403; without the proxy, the host answers");
        assert_eq!(
            said(http(Exchange::default())),
            "403; without the proxy, the host does not answer either"
        );
        assert_eq!(said(Evidence::default()), "403; without the proxy, the host is not reached either");
    }
}
