//! [`compare`]: transport by transport, what a browser saw and what a probe saw of the same host.

use serde::Serialize;

use super::told::{Told, TransportTold};
use crate::probe::{
    document::Document,
    hop::{Hop, Outcome},
    verdicts::VerdictId,
};

/// One transport, by both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Comparison {
    pub(crate) hop: Hop,
    pub(crate) browser: Side,
    pub(crate) probe: Side,
    /// Whether it works for one and not for the other.
    pub(crate) differs: bool,
    /// What that means, and what to look at.
    pub(crate) meaning: Option<&'static str>,
}

/// What one of them saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Side {
    pub(crate) outcome: Outcome,
    pub(crate) verdicts: Vec<String>,
}

const BROWSER_ONLY: &str = "the browser's way differs from the probe's: look at its proxy, its extensions, an antivirus program, and the policy of its \
     network; or the host was different then";
const PROBE_ONLY: &str = "the probe's way differs from the browser's: look at where it runs, and at its proxy (--direct); or the host was different then. \
     --browser opens the page from here, too";
const TIME: &str =
    "the probe listens for seconds, and the browser read on: --hold 65s, or auto, finds limits on time";

/// Compares what both have seen, in the order of the probe's hops; what only one has tried is left out.
pub(crate) fn compare(told: &Told, document: &Document) -> Vec<Comparison> {
    let hops = document.hops().iter().filter_map(|report| {
        let browser = told.transports.iter().find(|one| one.hop == Some(report.hop))?;
        let probe = Side { outcome: report.outcome, verdicts: ids(document, report.hop) };
        comparison(browser, report.hop, probe)
    });
    hops.collect()
}

fn comparison(told: &TransportTold, hop: Hop, probe: Side) -> Option<Comparison> {
    let tried = |outcome| !matches!(outcome, Outcome::NotReached | Outcome::Skipped);
    if !tried(told.outcome) || !tried(probe.outcome) {
        return None;
    }
    let browser = Side { outcome: told.outcome, verdicts: told.ids() };
    let differs = browser.outcome != probe.outcome && (is_good(&browser) || is_good(&probe));
    let takes_time = |id: &VerdictId| {
        matches!(
            id,
            VerdictId::AgeCut | VerdictId::IdleCut | VerdictId::EarlyEnd | VerdictId::ServerRestarted
        )
    };
    let meaning = match (differs, is_good(&probe)) {
        (false, _) => None,
        (true, true) if told.verdicts.iter().any(|verdict| takes_time(&verdict.id)) || told.works() => {
            Some(TIME)
        }
        (true, true) => Some(BROWSER_ONLY),
        (true, false) => Some(PROBE_ONLY),
    };
    Some(Comparison { hop, browser, probe, differs, meaning })
}

fn is_good(side: &Side) -> bool {
    side.outcome == Outcome::Good
}

/// The verdicts of a probe that show at a hop.
fn ids(document: &Document, hop: Hop) -> Vec<String> {
    let shows = document.verdicts().iter().filter_map(|verdict| {
        let at = verdict.hop == hop || verdict.also.iter().any(|also| also.hop == hop);
        at.then(|| verdict.id.to_string())
    });
    shows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{probe::saved::read, transport::Transport};

    const HOP: Hop = Hop::Stream(Transport::WebSocket);

    fn told(outcome: &str, verdict: &str) -> Told {
        let text = format!(
            r#"{{"format": "dante-page-report", "version": 1, "time": "", "page": "read", "url": "https://h/", "agent": "",
                "transports": [{{"transport": "websocket", "outcome": "{outcome}", "state": "x", "verdicts": [{{"id": "{verdict}"}}]}}]}}"#
        );
        Told::new(read(&text).unwrap())
    }

    #[test]
    fn who_sees_a_fault_that_the_other_does_not() {
        use Outcome::{Degraded, Failed, Good, NotReached, Skipped};
        for (browser, verdict, probe, expected) in [
            ("good", "x", Good, Some(None)),
            ("failed", "upgrade-refused", Failed, Some(None)),
            // By other names, since a browser is told less; but both see it.
            ("failed", "upgrade-refused", Degraded, Some(None)),
            ("failed", "upgrade-refused", Good, Some(Some(BROWSER_ONLY))),
            ("degraded", "idle-cut", Good, Some(Some(TIME))),
            ("failed", "early-end", Good, Some(Some(TIME))),
            ("degraded", "buffered", Good, Some(Some(TIME))),
            ("good", "x", Failed, Some(Some(PROBE_ONLY))),
            ("good", "x", Degraded, Some(Some(PROBE_ONLY))),
            ("notReached", "x", Good, None),
            ("good", "x", NotReached, None),
            ("skipped", "x", Skipped, None),
        ] {
            let side = Side { outcome: probe, verdicts: Vec::new() };
            let found = comparison(&told(browser, verdict).transports[0], HOP, side);
            assert_eq!(found.as_ref().map(|found| found.meaning), expected, "{browser} {verdict} {probe:?}");
            assert!(found.is_none_or(|found| found.differs == found.meaning.is_some()));
        }
    }
}
