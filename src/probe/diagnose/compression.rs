//! Rules for compression.

use super::{Finding, Severity, VerdictId, facts};
use crate::{
    probe::{evidence::Evidence, hop::Hop},
    transport::Transport,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    if let Some(seen) = &evidence.compression
        && seen.page_unpacks == Some(false)
    {
        let line = format!("the page says Content-Encoding: {}", seen.page.as_deref().unwrap_or_default());
        findings.push(Finding::new(VerdictId::DoubleCompression, Hop::Compression, Severity::Degraded, line));
    }
    // The stream itself shows it, too, unless its head was held back.
    let already = findings.iter().any(|finding| finding.id == VerdictId::CompressedStream);
    if let Some(coding) = evidence.compression.as_ref().and_then(|seen| seen.stream.as_ref())
        && !already
    {
        let line = format!("an event stream that ends at once has Content-Encoding: {coding}");
        let even = evidence.streams.get(&Transport::Sse).is_some_and(facts::delivers);
        let severity = if even { Severity::Note } else { facts::fault(evidence) };
        findings.push(Finding::new(VerdictId::CompressedStream, Hop::Compression, severity, line));
    }
}
