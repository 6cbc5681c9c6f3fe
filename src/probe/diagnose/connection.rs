//! Rules for the path to the host: name and TCP; several addresses, TLS, certificates and HTTP have files of their own.

mod addresses;
mod certificate;
mod http;
mod tls;

pub(super) use self::{certificate::faults, http::one_zero};
use super::{Finding, Severity, VerdictId};
use crate::probe::{
    evidence::{Connections, Evidence, FailureKind},
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
    http::rules(evidence, findings);
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

/// Resets within so many milliseconds are one event: a restart, or a line that was gone for a moment.
const ONE_EVENT: u64 = 1000;

/// Some connections broke off, and the same requests were answered over others. Once may be chance.
fn some_reset(seen: &Connections) -> Option<Finding> {
    let by_chance: Vec<_> = seen.broken.iter().filter(|one| one.answered_again).collect();
    let how = if by_chance.first()?.kind == FailureKind::Reset { "reset" } else { "closed" };
    let times = || by_chance.iter().map(|one| one.at_ms);
    let is_one_event = times().max()? - times().min()? < ONE_EVENT;
    let severity = if is_one_event { Severity::Note } else { Severity::Degraded };
    let (count, of) = (by_chance.len(), seen.opened);
    let were = if count == 1 { "was" } else { "were" };
    let line = format!(
        "{count} of {of} connections {were} {how} before the answer was whole; asked again, the same was answered"
    );
    Some(Finding::new(VerdictId::ConnectionsReset, Hop::Tcp, severity, line))
}
