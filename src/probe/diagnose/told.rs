//! A verdict that somebody else has found, in the words of this catalogue. Pure.

use super::{Severity, Verdict, WrittenRemedy, names::Names};
use crate::probe::{hop::Hop, verdicts::VerdictId};

/// The verdict on a stream of Dante at this path, which has no slash at its end; `seen` is what shows it.
pub(crate) fn told_elsewhere(
    id: VerdictId,
    hop: Hop,
    severity: Severity,
    seen: String,
    prefix: &str,
) -> Verdict {
    let (entry, names) = (id.entry(), Names::of_dante(prefix));
    let remedy = WrittenRemedy::new(None, entry.remedy, &names);
    Verdict {
        id,
        hop,
        severity,
        cause: names.fill(entry.cause),
        remedy: remedy.joined(),
        remedies: vec![remedy],
        host: None,
        hosts: Vec::new(),
        evidence: seen,
        also: Vec::new(),
        or: Vec::new(),
        to_tell: None,
    }
}
