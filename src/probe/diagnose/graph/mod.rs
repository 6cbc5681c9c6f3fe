//! Which finding explains which: one cause is said once, and first, with what else it shows in. Pure.
//!
//! What a verdict explains is said in the file of its family, the same as in `verdicts/`:
//!
//! | file | whose effects it knows |
//! |---|---|
//! | `proxy` | the proxy on the way out |
//! | `connection` | the way to the host, and answers of any kind |
//! | `page` | the page and its files |
//! | `engine` | engines and upgrades |
//! | `streams` | streams |
//! | `http2` | HTTP/2 |
//! | `places` | no verdicts: which hops and verdicts belong together |

mod connection;
mod engine;
mod http2;
mod page;
mod places;
mod proxy;
mod streams;

use super::{Also, Finding, Severity, VerdictId};
use crate::probe::hop::Hop;

/// A finding, and those that it explains.
pub(super) struct Explained {
    pub(super) finding: Finding,
    pub(super) also: Vec<Also>,
}

/// Joins findings that are the same at several hops, and puts each under the one that explains it. What explains others stands first, then
/// what is worse, then as the hops come; before all, where a browser contradicts the rest.
pub(super) fn explain(mut findings: Vec<Finding>) -> Vec<Explained> {
    findings.sort_by_key(|finding| finding.hop);
    let mut causes: Vec<Explained> = Vec::new();
    for finding in findings {
        match causes.iter_mut().find(|cause| is_one(&cause.finding, &finding)) {
            Some(cause) => {
                cause.finding.severity = cause.finding.severity.max(finding.severity);
                if finding.hop != cause.finding.hop && !cause.also.iter().any(|also| also.hop == finding.hop)
                {
                    cause.also.push(also(finding));
                }
            }
            None => causes.push(Explained { finding, also: Vec::new() }),
        }
    }
    let mut at = 0;
    while at < causes.len() {
        let explained = |other: &Explained| {
            !std::ptr::eq(other, &causes[at]) && explains(&other.finding, &causes[at].finding)
        };
        match causes.iter().position(explained) {
            // Two that explain each other: the earlier one stays.
            Some(cause) if !(explains(&causes[at].finding, &causes[cause].finding) && at < cause) => {
                let effect = causes.remove(at);
                let cause = cause - usize::from(cause > at);
                let severity = effect.finding.severity;
                // A note that explains what works badly is more than a note.
                let cause = &mut causes[cause];
                cause.finding.severity = cause.finding.severity.max(severity_of(cause.finding.id, severity));
                cause.also.push(also(effect.finding));
                cause.also.extend(effect.also);
                at = 0;
            }
            _ => at += 1,
        }
    }
    causes.sort_by_key(|cause| {
        let is_note = cause.finding.severity == Severity::Note;
        // Where a browser contradicts the rest, the rest is read with other eyes.
        let contradicts = matches!(cause.finding.id, VerdictId::BrowserFails | VerdictId::BrowserWorks);
        (
            !contradicts,
            is_note,
            cause.also.is_empty(),
            std::cmp::Reverse(cause.finding.severity),
            cause.finding.hop,
        )
    });
    causes
}

fn also(finding: Finding) -> Also {
    Also { id: finding.id, hop: finding.hop, evidence: finding.evidence }
}

/// A line or a machine that stalls is nobody's fault, whatever it shows in.
fn severity_of(cause: VerdictId, effect: Severity) -> Severity {
    match cause {
        VerdictId::SlowLine | VerdictId::SlowStart | VerdictId::LineStalled => Severity::Note,
        _ => effect,
    }
}

/// Whether two findings are one: the same verdict, wherever it shows. Streams that buffer or end may do so for reasons of their own, but
/// a remedy is given once.
fn is_one(known: &Finding, new: &Finding) -> bool {
    known.id == new.id
}

/// Whether a cause explains an effect.
type Explains = fn(cause: &Finding, effect: &Finding) -> bool;

/// What the verdicts of each family explain; one that a family does not know is none of its own.
const FAMILIES: &[Explains] = &[
    proxy::explains,
    connection::explains,
    page::explains,
    engine::explains,
    streams::explains,
    http2::explains,
];

fn explains(cause: &Finding, effect: &Finding) -> bool {
    // Why a stream was refused is told where it was asked for alone.
    if effect.id == VerdictId::StreamRefused && effect.hop == Hop::Against {
        let asked = matches!(cause.hop, Hop::Upgrade | Hop::Stream(_) | Hop::App);
        return asked && cause.severity > Severity::Note;
    }
    FAMILIES.iter().any(|explains| explains(cause, effect))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport;

    /// What stands first, and below it what it explains.
    fn explained(findings: &[(VerdictId, Hop, Severity)]) -> Vec<(VerdictId, Severity, Vec<VerdictId>)> {
        let findings =
            findings.iter().map(|(id, hop, severity)| Finding::new(*id, *hop, *severity, "")).collect();
        let also = |cause: &Explained| cause.also.iter().map(|also| also.id).collect();
        explain(findings)
            .iter()
            .map(|cause| (cause.finding.id, cause.finding.severity, also(cause)))
            .collect()
    }

    const SSE: Hop = Hop::Stream(Transport::Sse);
    const WEBSOCKET: Hop = Hop::Stream(Transport::WebSocket);

    #[test]
    fn one_verdict_at_several_hops_is_one() {
        let found = explained(&[
            (VerdictId::CredentialsRequired, SSE, Severity::Broken),
            (VerdictId::CredentialsRequired, WEBSOCKET, Severity::Degraded),
        ]);
        assert_eq!(
            found,
            [(VerdictId::CredentialsRequired, Severity::Broken, vec![VerdictId::CredentialsRequired])]
        );
    }

    #[test]
    fn a_cause_takes_what_it_explains_and_stands_first() {
        let found = explained(&[
            (VerdictId::TlsExpiresSoon, Hop::Tls, Severity::Note),
            (VerdictId::PostRefused, Hop::Sticky, Severity::Degraded),
            (VerdictId::EarlyEnd, Hop::Stream(Transport::SocketIoPolling), Severity::Degraded),
            (VerdictId::Buffered, SSE, Severity::Degraded),
        ]);
        let ids: Vec<_> = found.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, [VerdictId::PostRefused, VerdictId::Buffered, VerdictId::TlsExpiresSoon]);
        assert_eq!(found[0].2, [VerdictId::EarlyEnd]);
    }

    #[test]
    fn a_note_that_explains_a_fault_is_one_unless_it_is_the_line() {
        let of =
            |cause, effect| explained(&[(cause, SSE, Severity::Note), (effect, SSE, Severity::Degraded)]);
        let compressed = of(VerdictId::CompressedStream, VerdictId::Buffered);
        assert_eq!(
            compressed,
            [(VerdictId::CompressedStream, Severity::Degraded, vec![VerdictId::Buffered])]
        );
        let stalled = of(VerdictId::LineStalled, VerdictId::Buffered);
        assert_eq!(stalled, [(VerdictId::LineStalled, Severity::Note, vec![VerdictId::Buffered])]);
    }

    #[test]
    fn explanations_end() {
        use strum::VariantArray as _;
        let all: Vec<_> = VerdictId::VARIANTS
            .iter()
            .flat_map(|id| Hop::all().map(|hop| (*id, hop, Severity::Degraded)))
            .collect();
        let found = explained(&all);
        let said: usize = found.iter().map(|(.., also)| 1 + also.len()).sum();
        assert_eq!(said, all.len(), "nothing is lost, and nothing said twice");
    }
}
