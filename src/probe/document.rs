//! What `--json` prints; `docs/probe.md` describes it.

use serde::Serialize;
use serde_json::Value;

use super::{
    Times,
    diagnose::{Severity, Verdict, outcome, whole},
    evidence::Evidence,
    hop::{Hop, Outcome},
    summary::summary,
};

/// The version of this shape; it changes when a field goes or changes its meaning.
const VERSION: u32 = 1;

/// The whole document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    version: u32,
    url: String,
    /// The version of the Dante that probed.
    dante: &'static str,
    started: String,
    ms: u64,
    outcome: &'static str,
    exit_code: u8,
    #[serde(skip)]
    severity: Severity,
    hops: Vec<HopReport>,
    verdicts: Vec<Verdict>,
}

/// One hop.
#[derive(Debug, Serialize)]
pub struct HopReport {
    /// Which.
    pub(crate) hop: Hop,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) ms: u64,
    /// In one line.
    pub(crate) summary: String,
    /// What was seen.
    pub(crate) evidence: Value,
}

impl HopReport {
    /// The report of one hop.
    pub(crate) fn new(evidence: &Evidence, times: &Times, hop: Hop, verdicts: &[Verdict]) -> Self {
        let outcome = outcome(evidence, hop, verdicts);
        let summary = match outcome {
            Outcome::Skipped => "not requested".to_owned(),
            Outcome::NotReached => "not reached".to_owned(),
            _ => summary(evidence, hop),
        };
        let ms = times.get(&hop).copied().unwrap_or_default();
        Self { hop, outcome, ms, summary, evidence: evidence.at(hop) }
    }
}

impl Document {
    /// The document of a probe.
    pub(crate) fn new(
        evidence: &Evidence,
        times: &Times,
        verdicts: Vec<Verdict>,
        started: String,
        ms: u64,
    ) -> Self {
        let whole = whole(evidence, &verdicts);
        Self {
            version: VERSION,
            url: evidence.url.clone(),
            dante: env!("CARGO_PKG_VERSION"),
            started,
            ms,
            outcome: word(whole),
            exit_code: exit_code(whole),
            severity: whole,
            hops: Hop::all().map(|hop| HopReport::new(evidence, times, hop, &verdicts)).collect(),
            verdicts,
        }
    }

    /// The verdicts.
    pub(crate) fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// good, degraded or broken.
    pub(crate) fn outcome(&self) -> &'static str {
        self.outcome
    }

    /// The worst that was found.
    pub(crate) fn severity(&self) -> Severity {
        self.severity
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

fn word(whole: Severity) -> &'static str {
    match whole {
        Severity::Note => "good",
        Severity::Degraded => "degraded",
        Severity::Broken => "broken",
    }
}

fn exit_code(whole: Severity) -> u8 {
    match whole {
        Severity::Note => 0,
        Severity::Degraded => 3,
        Severity::Broken => 4,
    }
}
