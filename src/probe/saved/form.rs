//! The form of a saved report. Fields that are not needed here are not read; what a newer page adds is left alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::hop::Outcome;

/// The most that is read: a page keeps fifty frames of each stream.
pub(crate) const LARGEST: u64 = 4 * 1024 * 1024;

const FORMAT: &str = "dante-page-report";
const VERSION: u64 = 1;

/// Why a text is no report that can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    /// It is no JSON.
    #[error("it is not JSON ({0}); give the file that Save report on Dante's page has saved")]
    NotJson(serde_json::Error),
    /// It is something else.
    #[error(
        "it is not a report of Dante's page (\"format\" is not \"{FORMAT}\"); give the file that Save report has saved"
    )]
    Other,
    /// It is of another version.
    #[error(
        "it is a report of version {0}, and this dante reads version {VERSION}; use the dante that serves the page"
    )]
    Version(Value),
    /// Something in it is not as `docs/report.md` has it.
    #[error("it is damaged ({0}); save it again")]
    Damaged(serde_json::Error),
}

/// What a page has saved.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageReport {
    /// When, in ISO 8601.
    pub(crate) time: String,
    /// Which page: `read` or `compare`.
    pub(crate) page: String,
    pub(crate) url: String,
    /// The address of Dante's root, if the page names it.
    #[serde(default)]
    pub(crate) root: Option<String>,
    /// The browser, as it calls itself.
    pub(crate) agent: String,
    pub(crate) transports: Vec<SavedTransport>,
    #[serde(default)]
    pub(crate) outages: Vec<SavedOutage>,
}

/// One transport.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedTransport {
    pub(crate) transport: String,
    pub(crate) outcome: Outcome,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) verdicts: Vec<SavedVerdict>,
    #[serde(default)]
    pub(crate) stanzas: u64,
    #[serde(default)]
    pub(crate) timing: Option<SavedTiming>,
}

/// A verdict of the page.
#[derive(Debug, Deserialize)]
pub(crate) struct SavedVerdict {
    pub(crate) id: String,
    /// What the page says of it, in its own language.
    #[serde(default)]
    pub(crate) said: String,
}

/// How late stanzas were.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedTiming {
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
}

/// A time without a stream: when it began, how long it was, and how.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct SavedOutage {
    pub(crate) at: String,
    pub(crate) ms: u64,
    pub(crate) reason: String,
}

/// Reads a report.
///
/// # Errors
/// When the text is none that can be read.
pub(crate) fn read(text: &str) -> Result<PageReport, FormError> {
    // Some editors put a byte order mark before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(FormError::NotJson)?;
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(FormError::Other);
    }
    let version = value.get("version").cloned().unwrap_or_default();
    if version.as_u64() != Some(VERSION) {
        return Err(FormError::Version(version));
    }
    serde_json::from_value(value).map_err(FormError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why_and_what_can() {
        for (text, parts) in [
            ("", &["not JSON", "Save report"][..]),
            ("{", &["not JSON", "line 1"]),
            ("[]", &["not a report", "dante-page-report"]),
            (r#"{"version": 2, "verdicts": []}"#, &["not a report"]),
            (r#"{"format": "dante-page-report"}"#, &["version null", "reads version 1"]),
            (
                r#"{"format": "dante-page-report", "version": 2}"#,
                &["version 2", "the dante that serves the page"],
            ),
            (r#"{"format": "dante-page-report", "version": 1}"#, &["damaged", "time"]),
            (
                r#"{"format": "dante-page-report", "version": 1, "time": "", "page": "read", "url": "", "agent": "",
                    "transports": [{"transport": "sse", "state": "lost", "outcome": "odd"}]}"#,
                &["damaged", "odd"],
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_newer_page_adds_is_left_alone() {
        let report = read(
            "\u{feff}{\"format\": \"dante-page-report\", \"version\": 1, \"time\": \"2026-11-27T12:00:00.000Z\", \"page\": \"read\",
              \"url\": \"https://h/\", \"agent\": \"a\", \"newer\": [1],
              \"transports\": [{\"transport\": \"carrier-pigeon\", \"state\": \"streaming\", \"outcome\": \"good\", \"newer\": {}}]}",
        )
        .unwrap();
        assert_eq!(report.transports[0].transport, "carrier-pigeon");
        assert_eq!(report.transports[0].outcome, Outcome::Good);
    }
}
