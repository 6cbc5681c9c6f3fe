//! A note on what this probe could not see: a host's documented limit on the whole time of an answer that is longer than
//! the streams were watched.

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    evidence::Evidence,
    hop::Hop,
    hosts::{self, Host},
};

pub(super) fn rules(evidence: &Evidence, chain: &[Host], findings: &mut Vec<Finding>) {
    let cut = [VerdictId::AgeCut, VerdictId::EarlyEnd, VerdictId::IdleCut];
    if !facts::something_streams(evidence) || findings.iter().any(|finding| cut.contains(&finding.id)) {
        return;
    }
    let streams = evidence.streams.values().map(|stream| stream.watched_ms);
    let held = evidence.hold.iter().flat_map(|hold| &hold.held).map(|quiet| quiet.held_ms);
    let watched_ms = streams.chain(held).max().unwrap_or_default();
    if let Some((host, limit)) = hosts::limit_on_age(chain, watched_ms) {
        let line = format!(
            "{host}: {limit}, unless it is set to another time; the streams were watched for {} s",
            watched_ms / 1000
        );
        findings.push(Finding::new(VerdictId::LimitNotTested, Hop::Hold, Severity::Note, line));
    }
}
