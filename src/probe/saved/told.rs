//! [`Told`]: what a page saw, as the probe says it.

use serde::Serialize;

use super::form::{PageReport, SavedOutage, SavedTransport, SavedVerdict};
use crate::{
    probe::{
        diagnose::{Severity, Verdict, told_elsewhere},
        document::{exit_code, word},
        hop::{Hop, Outcome},
        target::Target,
        verdicts::VerdictId,
    },
    transport::Transport,
};

/// What a page saw.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub(crate) time: String,
    pub(crate) page: String,
    pub(crate) url: String,
    pub(crate) agent: String,
    outcome: &'static str,
    exit_code: u8,
    #[serde(skip)]
    severity: Severity,
    pub(crate) transports: Vec<TransportTold>,
    pub(crate) outages: Vec<SavedOutage>,
}

/// What it saw of one transport.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransportTold {
    /// As the page names it: one that this Dante doesn't know, too.
    pub(crate) transport: String,
    /// The hop of the probe that is the same.
    pub(crate) hop: Option<Hop>,
    pub(crate) outcome: Outcome,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) stanzas: u64,
    #[serde(skip)]
    pub(crate) late: Option<(f64, f64)>,
    pub(crate) verdicts: Vec<Verdict>,
    /// Verdicts that are not in this catalogue.
    pub(crate) unknown: Vec<Unknown>,
}

/// A verdict that is not in this catalogue: of a newer page, or the page's own, such as that the device was offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Unknown {
    pub(crate) id: String,
    /// What the page says of it.
    pub(crate) said: String,
}

impl Told {
    /// Puts a report into the probe's words.
    pub(crate) fn new(report: PageReport) -> Self {
        let severity = whole(&report.transports);
        let prefix = prefix(report.root.as_deref().unwrap_or(&report.url));
        let transports = report.transports.into_iter().map(|one| TransportTold::new(one, severity, &prefix));
        Self {
            time: report.time,
            page: report.page,
            url: report.url,
            agent: report.agent,
            outcome: word(severity),
            exit_code: exit_code(severity),
            severity,
            transports: transports.collect(),
            outages: report.outages,
        }
    }

    /// How the whole went.
    pub(crate) fn severity(&self) -> Severity {
        self.severity
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl TransportTold {
    fn new(saved: SavedTransport, whole: Severity, prefix: &str) -> Self {
        let hop = saved.transport.parse::<Transport>().ok().map(Hop::Stream);
        let severity = match saved.outcome {
            // What does not work breaks the whole only where nothing else does.
            Outcome::Failed => whole,
            Outcome::Degraded => Severity::Degraded,
            Outcome::Good | Outcome::NotReached | Outcome::Skipped => Severity::Note,
        };
        let mut told = Self {
            transport: saved.transport,
            hop,
            outcome: saved.outcome,
            state: saved.state,
            reason: saved.reason,
            stanzas: saved.stanzas,
            late: saved.timing.map(|timing| (timing.p50_ms, timing.p95_ms)),
            verdicts: Vec::new(),
            unknown: Vec::new(),
        };
        for SavedVerdict { id, said } in saved.verdicts {
            match (id.parse::<VerdictId>(), hop) {
                (Ok(known), Some(hop)) => {
                    let seen = told.seen(&said);
                    told.verdicts.push(told_elsewhere(known, hop, severity, seen, prefix));
                }
                _ => told.unknown.push(Unknown { id, said }),
            }
        }
        told
    }

    /// What the page says that it saw.
    fn seen(&self, said: &str) -> String {
        match &self.reason {
            Some(reason) if !said.is_empty() => format!("{reason}; the page says: {said}"),
            Some(reason) => reason.clone(),
            None => format!("the page says: {said}"),
        }
    }

    /// Whether stanzas came.
    pub(crate) fn works(&self) -> bool {
        matches!(self.outcome, Outcome::Good | Outcome::Degraded)
    }

    /// The ids of its verdicts.
    pub(crate) fn ids(&self) -> Vec<String> {
        let known = self.verdicts.iter().map(|verdict| verdict.id.to_string());
        known.chain(self.unknown.iter().map(|unknown| unknown.id.clone())).collect()
    }
}

/// How the whole went, as with a probe: broken where nothing streamed.
fn whole(transports: &[SavedTransport]) -> Severity {
    let mut tried =
        transports.iter().map(|one| one.outcome).filter(|one| *one != Outcome::Skipped).peekable();
    if tried.peek().is_none() {
        return Severity::Broken;
    }
    let outcomes: Vec<Outcome> = tried.collect();
    if !outcomes.iter().any(|one| matches!(one, Outcome::Good | Outcome::Degraded)) {
        Severity::Broken
    } else if outcomes.iter().all(|one| *one == Outcome::Good) {
        Severity::Note
    } else {
        Severity::Degraded
    }
}

/// The path to Dante without the slash at its end.
fn prefix(address: &str) -> String {
    Target::parse(address).map(|target| target.path.trim_end_matches('/').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::saved::form::read;

    /// What a page tells whose transports went so.
    fn told(transports: &str) -> Told {
        let text = format!(
            r#"{{"format": "dante-page-report", "version": 1, "time": "2026-11-27T12:00:00.000Z", "page": "read",
                "url": "https://h/dante/sse/", "root": "https://h/dante/", "agent": "a browser", "transports": [{transports}]}}"#
        );
        Told::new(read(&text).unwrap())
    }

    fn transport(name: &str, outcome: &str, verdict: &str) -> String {
        let verdicts = if verdict.is_empty() {
            String::new()
        } else {
            format!(r#"{{"id": "{verdict}", "said": "So."}}"#)
        };
        format!(
            r#"{{"transport": "{name}", "outcome": "{outcome}", "state": "x", "reason": "why", "verdicts": [{verdicts}]}}"#
        )
    }

    #[test]
    fn the_whole_is_judged_as_a_probe_is() {
        for (outcomes, code) in [
            (&["good"][..], 0),
            (&["good", "skipped"], 0),
            (&["good", "failed"], 3),
            (&["degraded"], 3),
            (&["good", "notReached"], 3),
            (&["failed", "failed"], 4),
            (&["notReached"], 4),
            (&["skipped"], 4),
            (&[], 4),
        ] {
            let transports: Vec<_> = outcomes.iter().map(|outcome| transport("sse", outcome, "")).collect();
            assert_eq!(told(&transports.join(",")).exit_code(), code, "{outcomes:?}");
        }
    }

    #[test]
    fn verdicts_have_the_words_of_the_catalogue() {
        let all = told(&format!(
            "{},{}",
            transport("socketio-websocket", "failed", "upgrade-refused"),
            transport("sse", "good", "")
        ));
        let [verdict] = all.transports[0].verdicts.as_slice() else { panic!("one verdict") };
        assert_eq!(verdict.cause, VerdictId::UpgradeRefused.entry().cause);
        assert_eq!(verdict.severity, Severity::Degraded);
        assert_eq!(verdict.evidence, "why; the page says: So.");
        assert!(!verdict.remedies[0].text.contains('{'));
    }

    #[test]
    fn what_is_not_known_is_kept_as_it_is() {
        let all = told(&format!(
            "{},{}",
            transport("sse", "failed", "newer-verdict"),
            transport("carrier-pigeon", "failed", "buffered")
        ));
        assert_eq!(all.transports[0].ids(), ["newer-verdict"]);
        assert_eq!((all.transports[1].hop, all.transports[1].ids()), (None, vec!["buffered".to_owned()]));
    }

    #[test]
    fn prefixes() {
        for (address, expected) in [("https://h/", ""), ("https://h/dante/", "/dante"), ("no address", "")] {
            assert_eq!(prefix(address), expected);
        }
    }
}
