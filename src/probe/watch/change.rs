//! [`Change`]: what changed while a host was watched, as people and programs are told it.

use serde::Serialize;

use crate::probe::diagnose::Severity;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ChangeKind {
    /// Streams that were open ended.
    Cut,
    /// A stream could not be opened from the beginning.
    Refused,
    /// Streams came back.
    Back,
    /// The page is answered otherwise than before.
    Status,
    /// It was once, and not when it was asked again.
    Hiccup,
    /// Answers take at least twice as long as at the beginning, and go on so.
    Slower,
    /// They no longer do.
    AsBefore,
    /// A certificate that was not seen before.
    Certificate,
    /// A node that was not seen before.
    Node,
    /// An address that was not seen before.
    Address,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What kind.
    pub(crate) change: ChangeKind,
    /// When, since the watch began, in milliseconds.
    pub(crate) at_ms: u64,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Whether it is a fault, and how bad.
    pub(crate) severity: Severity,
    /// The streams that it is about.
    pub(crate) streams: Vec<String>,
    /// How it was.
    pub(crate) before: Option<String>,
    /// How it is.
    pub(crate) now: Option<String>,
    /// How long a stream had been open that was cut, or gone that came back: the longest of them, in milliseconds.
    pub(crate) after_ms: Option<u64>,
    /// All of it in a line.
    pub(crate) text: String,
}

impl ChangeKind {
    /// Its name in a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Refused => "refused",
            Self::Back => "back",
            Self::Status => "status",
            Self::Hiccup => "hiccup",
            Self::Slower => "slower",
            Self::AsBefore => "as before",
            Self::Certificate => "certificate",
            Self::Node => "node",
            Self::Address => "address",
        }
    }

    /// How bad it is, as far as its kind says.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Cut | Self::Refused | Self::Slower | Self::Hiccup => Severity::Degraded,
            Self::Back | Self::Status | Self::AsBefore | Self::Certificate | Self::Node | Self::Address => {
                Severity::Note
            }
        }
    }
}

/// What is known of a change before it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: ChangeKind,
    pub(super) severity: Severity,
    pub(super) before: Option<String>,
    pub(super) now: Option<String>,
    pub(super) text: String,
}

impl Found {
    /// From one thing to another.
    pub(super) fn new(kind: ChangeKind, before: &str, now: &str, text: String) -> Self {
        let (before, now) = (Some(before.to_owned()), Some(now.to_owned()));
        Self { kind, severity: kind.severity(), before, now, text }
    }
}

/// A time of some seconds or more, in words: 850 ms, 12.3 s, 3m 20s.
pub(crate) fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => {
            let whole = std::time::Duration::from_secs(ms / 1000);
            humantime::format_duration(whole).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let spans = [0, 850, 12_340, 200_000, 3_600_000].map(span);
        assert_eq!(spans, ["0 ms", "850 ms", "12.3 s", "3m 20s", "1h"]);
    }
}
