//! Rules for coming back after a drop, and for the editions that nodes read.

use super::{Finding, Severity, VerdictId, answers, facts};
use crate::probe::{
    evidence::{Comeback, Evidence, FailureKind},
    hop::Hop,
};

/// What Dante says to a reader who counted in another edition.
const FOREIGN_EDITION: &str = "foreign-edition";

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    editions(evidence, findings);
    let comebacks = evidence.resume.iter().flat_map(|resume| &resume.comebacks);
    for back in comebacks.filter(|back| back.index != Some(back.wanted)) {
        findings.extend(not_resumed(evidence, back));
    }
}

/// All nodes must read the same, or a reader's offset means nothing to the next one.
fn editions(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let hosting = evidence.hosting.iter().flat_map(|hosting| hosting.editions.clone());
    let streams = evidence.streams.values().filter_map(|stream| text(&stream.opening.as_ref()?["edition"]));
    let comebacks = evidence.resume.iter().flat_map(|resume| &resume.comebacks);
    let mut all: Vec<String> =
        hosting.chain(streams).chain(comebacks.clone().filter_map(|back| back.edition.clone())).collect();
    all.sort_unstable();
    all.dedup();
    // A stale hosting.json of another site has an edition, too.
    let stale = evidence.hosting.is_some() && evidence.hosting_status().is_none();
    let refused = comebacks.clone().find(|back| says_foreign(back));
    let line = match (refused, all.as_slice()) {
        (Some(back), _) => format!("{}: {}", back.transport, answer(back)),
        (None, [_, _, ..]) if !stale => format!("nodes read the editions {}", all.join(" and ")),
        _ => return,
    };
    findings.push(Finding::new(VerdictId::EditionsDiffer, Hop::Resume, Severity::Degraded, line));
}

fn says_foreign(back: &Comeback) -> bool {
    let ended = back.ended.as_ref().is_some_and(|ended| ended.how.contains(FOREIGN_EDITION));
    ended || back.exchange.body.contains(FOREIGN_EDITION)
}

fn answer(back: &Comeback) -> String {
    match (&back.ended, &back.failure) {
        (Some(ended), _) if back.exchange.status.is_some() => ended.how.clone(),
        (_, Some(failure)) => failure.text.clone(),
        _ => facts::describe_exchange(&back.exchange),
    }
}

fn not_resumed(evidence: &Evidence, back: &Comeback) -> Option<Finding> {
    let fault = facts::fault(evidence);
    let line = |came: &str| format!("{}: asked for stanza {}, but {came}", back.transport, back.wanted);
    let finding = |id, came: &str| Some(Finding::new(id, Hop::Resume, fault, line(came)));
    if says_foreign(back) {
        return None;
    }
    if let Some(index) = back.index {
        return finding(VerdictId::LostOnResume, &format!("stanza {index} came"));
    }
    // That nothing came in time says nothing of where the reading would have gone on.
    if back.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout) {
        return finding(VerdictId::SlowAnswer, &answer(back));
    }
    if let Some(found) = answers::by_change(&back.exchange, Hop::Resume, fault)
        .or_else(|| answers::by_itself(&back.exchange, Hop::Resume, fault))
    {
        return Some(found);
    }
    match back.from {
        Some(from) if from != back.wanted => {
            finding(VerdictId::LostOnResume, &format!("the reading resumed at {from}"))
        }
        // It resumed where it should; that the next stanza was not waited for is no fault.
        Some(_) => None,
        None => finding(VerdictId::LostOnResume, &answer(back)),
    }
}
