//! What `--json` prints; `docs/probe.md` describes it.

use serde::Serialize;
use serde_json::Value;

use super::{
    Times,
    diagnose::{Severity, Verdict, outcome, whole},
    evidence::{Evidence, Exchange, LineSeen},
    hop::{Hop, Outcome},
    report::brief::{Brief, app_words},
    subject::Kind,
    summary::summary,
    target::Target,
};

/// The version of this shape; it changes when a field goes or changes its meaning.
const VERSION: u32 = 2;

/// The whole document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    version: u32,
    url: String,
    /// What was probed.
    subject: Kind,
    /// The version of the Dante that probed.
    dante: &'static str,
    started: String,
    ms: u64,
    line: LineSeen,
    outcome: &'static str,
    exit_code: u8,
    #[serde(skip)]
    severity: Severity,
    hops: Vec<HopReport>,
    verdicts: Vec<Verdict>,
    /// Where Dante was found, if the path alone is wrong.
    #[serde(skip)]
    try_url: Option<String>,
    /// The path to Dante without the slash at its end, as far as it is known or was meant; none where no Dante is expected.
    #[serde(skip)]
    prefix: Option<String>,
    /// How the stream of an application went, in words; none where no application was listened to.
    #[serde(skip)]
    app: Option<String>,
    /// Every exchange, in the order in which they were answered.
    #[serde(skip)]
    journal: Vec<Exchange>,
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
    /// In a few words.
    #[serde(skip)]
    pub(crate) brief: Brief,
    /// What the first answer calls its server, at the hop of HTTP.
    #[serde(skip)]
    pub(crate) server: Option<String>,
}

impl HopReport {
    /// The report of one hop.
    pub(crate) fn new(evidence: &Evidence, times: &Times, hop: Hop, verdicts: &[Verdict]) -> Self {
        let outcome = outcome(evidence, hop, verdicts);
        let summary = match outcome {
            Outcome::Skipped if hop == Hop::Name && evidence.proxy.is_some() => {
                "the proxy looks it up".to_owned()
            }
            Outcome::Skipped => "not requested".to_owned(),
            Outcome::NotReached => "not reached".to_owned(),
            _ => summary(evidence, hop),
        };
        let ms = times.get(&hop).copied().unwrap_or_default();
        let brief = Brief::new(evidence, hop, outcome);
        let first = evidence.http.as_ref().filter(|_| hop == Hop::Http).map(|http| &http.first);
        let server = first.and_then(|first| first.header("server")).map(str::to_owned);
        Self { hop, outcome, ms, summary, evidence: evidence.at(hop), brief, server }
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
            subject: evidence.subject,
            dante: env!("CARGO_PKG_VERSION"),
            started,
            ms,
            line: evidence.line.clone(),
            outcome: word(whole),
            exit_code: exit_code(whole),
            severity: whole,
            hops: Hop::all().map(|hop| HopReport::new(evidence, times, hop, &verdicts)).collect(),
            verdicts,
            try_url: try_url(evidence),
            prefix: evidence.subject.is_page().then(|| evidence.prefix()),
            app: app_words(evidence),
            journal: Vec::new(),
        }
    }

    /// With every exchange that was made.
    pub(crate) fn with_journal(self, journal: Vec<Exchange>) -> Self {
        Self { journal, ..self }
    }

    /// Every exchange, in the order in which they were answered.
    pub(crate) fn journal(&self) -> &[Exchange] {
        &self.journal
    }

    /// All hops, in their order.
    pub(crate) fn hops(&self) -> &[HopReport] {
        &self.hops
    }

    /// Where Dante was found, if the path alone is wrong.
    pub(crate) fn try_url(&self) -> Option<&str> {
        self.try_url.as_deref()
    }

    /// The path to Dante without the slash at its end, empty at the root, as far as it is known or was meant; none where
    /// no Dante is expected.
    pub(crate) fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// What was probed.
    pub(crate) fn subject(&self) -> Kind {
        self.subject
    }

    /// How the stream of an application went, in words; none where no application was listened to.
    pub(crate) fn app(&self) -> Option<&str> {
        self.app.as_deref()
    }

    /// The verdicts.
    pub(crate) fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
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

/// The page where Dante was found instead.
fn try_url(evidence: &Evidence) -> Option<String> {
    let page = evidence.page.as_ref()?;
    let found_at = page.found_elsewhere()?;
    Target::parse(&page.url).ok().map(|target| target.at(found_at).to_string())
}

/// The outcome in a word.
pub(crate) fn word(whole: Severity) -> &'static str {
    match whole {
        Severity::Note => "good",
        Severity::Degraded => "degraded",
        Severity::Broken => "broken",
    }
}

/// The exit code, which `docs/probe.md` documents.
pub(crate) fn exit_code(whole: Severity) -> u8 {
    match whole {
        Severity::Note => 0,
        Severity::Degraded => 3,
        Severity::Broken => 4,
    }
}
