//! Rules for a name with several addresses: which are dead, and which answer something else.

use std::net::{IpAddr, SocketAddr};

use super::super::{Finding, Severity, VerdictId};
use crate::probe::{
    classify::{Class, classify},
    evidence::{AddressAnswer, FailureKind, PageAnswer, Tcp},
    hop::Hop,
};

pub(super) fn rules(tcp: &Tcp, findings: &mut Vec<Finding>) {
    let tried = tcp.attempts.iter().map(|one| (&one.address, one.failure.as_ref()));
    let others = tcp.addresses.iter().map(|one| (&one.address, one.failure.as_ref()));
    let dead: Vec<_> = tried
        .chain(others)
        .filter_map(|(address, failure)| Some((address, failure?)))
        .filter(|(address, failure)| matters(address, failure.kind))
        .map(|(address, failure)| format!("{address} {}", failure.text))
        .collect();
    if !dead.is_empty() {
        findings.push(Finding::new(VerdictId::AddressDead, Hop::Tcp, Severity::Note, dead.join("; ")));
    }
    findings.extend(differing(&tcp.addresses));
}

/// Whether readers suffer from an address that does not answer. One that drops them makes them wait. One that refuses costs them
/// nothing where the server listens on IPv4 and the name is the machine itself; one without a route is often a matter of this machine,
/// which has no IPv6.
fn matters(address: &str, kind: FailureKind) -> bool {
    let Ok(address) = address.parse::<SocketAddr>() else { return false };
    match kind {
        FailureKind::Timeout => true,
        FailureKind::Refused => !address.ip().is_loopback(),
        FailureKind::Unreachable => matches!(address.ip(), IpAddr::V4(_)),
        _ => false,
    }
}

/// Addresses of which some are Dante, and some are not.
fn differing(addresses: &[AddressAnswer]) -> Option<Finding> {
    let first = is_dante(addresses.first()?)?;
    let known: Vec<_> = addresses.iter().filter_map(|one| Some((one, is_dante(one)?))).collect();
    if known.iter().all(|(_, is_dante)| *is_dante == first) {
        return None;
    }
    let severity = if first { Severity::Degraded } else { Severity::Broken };
    let lines =
        known.iter().filter_map(|(one, _)| Some(format!("{} {}", one.address, say(one.answers.first()?))));
    let line = lines.collect::<Vec<_>>().join("; ");
    Some(Finding::new(VerdictId::AddressesDiffer, Hop::Tcp, severity, line))
}

/// Whether Dante's page is at an address; none if its answers differ among themselves, time ran out, or a limit was met.
fn is_dante(address: &AddressAnswer) -> Option<bool> {
    let first = address.answers.first()?;
    let busy = |one: &PageAnswer| {
        matches!(
            classify(&one.exchange),
            Class::RateLimit | Class::Unavailable | Class::None(FailureKind::Timeout)
        )
    };
    let steady = address.answers.iter().all(|one| one.is_dante == first.is_dante && !busy(one));
    steady.then_some(first.is_dante)
}

fn say(answer: &PageAnswer) -> String {
    let exchange = &answer.exchange;
    if answer.is_dante {
        return "is Dante".to_owned();
    }
    match (exchange.status, &exchange.failure) {
        (Some(status), _) => match title(&exchange.body) {
            Some(title) => format!("answers {status}, {title:?}"),
            None => format!("answers {status}"),
        },
        (None, Some(failure)) => format!("fails: {}", failure.text),
        (None, None) => "does not answer".to_owned(),
    }
}

/// The title of a page, which says best whose it is.
fn title(html: &str) -> Option<String> {
    let at = html.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let text = html.get(at..)?.split('<').next()?.trim();
    (!text.is_empty()).then(|| text.chars().take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Exchange, Failure};

    fn page(is_dante: bool) -> PageAnswer {
        let body = if is_dante { "<title>Inferno</title>" } else { "<TITLE>Welcome to nginx!</title>" };
        let exchange = Exchange { status: Some(200), body: body.to_owned(), ..Exchange::default() };
        PageAnswer { exchange, is_dante }
    }

    fn late() -> PageAnswer {
        let failure = Some(Failure::new(FailureKind::Timeout, "late"));
        PageAnswer { exchange: Exchange { failure, ..Exchange::default() }, is_dante: false }
    }

    fn at(address: &str, answers: Vec<PageAnswer>) -> AddressAnswer {
        AddressAnswer { address: address.to_owned(), answers, failure: None }
    }

    #[test]
    fn sites_that_differ() {
        let said = |addresses: &[AddressAnswer]| {
            differing(addresses).map(|finding| (finding.severity, finding.evidence))
        };
        let (four, six) = ("127.0.0.1:80", "[::1]:80");
        let both = |four_is, six_is| vec![at(four, vec![page(four_is); 2]), at(six, vec![page(six_is); 2])];
        assert_eq!(said(&both(true, true)), None);
        assert_eq!(said(&both(false, false)), None);
        let line = r#"127.0.0.1:80 is Dante; [::1]:80 answers 200, "Welcome to nginx!""#;
        assert_eq!(said(&both(true, false)), Some((Severity::Degraded, line.to_owned())));
        let line = r#"127.0.0.1:80 answers 200, "Welcome to nginx!"; [::1]:80 is Dante"#;
        assert_eq!(said(&both(false, true)), Some((Severity::Broken, line.to_owned())));
        let turns = [at(four, vec![page(true)]), at(six, vec![page(false), page(true)])];
        assert_eq!(said(&turns), None, "servers that take turns are another matter");
        let slow = [at(four, vec![page(true)]), at(six, vec![page(false), late()])];
        assert_eq!(said(&slow), None, "time that ran out shows nothing");
    }

    #[test]
    fn dead_addresses_that_matter() {
        use FailureKind::{Refused, Timeout, Unreachable};
        for (address, kind, expected) in [
            ("[::1]:80", Refused, false),
            ("127.0.0.2:80", Refused, false),
            ("127.0.0.2:80", Timeout, true),
            ("192.0.2.1:80", Refused, true),
            ("192.0.2.1:80", Unreachable, true),
            ("[2001:db8::1]:80", Refused, true),
            ("[2001:db8::1]:80", Timeout, true),
            ("[2001:db8::1]:80", Unreachable, false),
        ] {
            assert_eq!(matters(address, kind), expected, "{address} {kind:?}");
        }
    }
}
