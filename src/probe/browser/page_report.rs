//! What Dante's own pages say of their streams: the page that compares the transports (`static/js/view/comparison.js`) and the one
//! that is read (`static/js/session.js`) show what they measured, and this reads what they show.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    probe::evidence::{PageReport, TransportReport},
    transport::Transport,
};

/// Run in a page: null if it is none of Dante's.
pub(crate) const REPORT_SCRIPT: &str = r##"(() => {
  const { body } = document;
  const table = document.querySelector("table.comparison");
  if (!table && !document.getElementById("poem")) return null;
  const text = (element) => (element?.textContent ?? "").trim().slice(0, 400);
  const transports = {};
  for (const cell of table?.querySelectorAll("tr[data-figure] td[data-choice]") ?? []) {
    const { choice, state = "" } = cell.dataset;
    const shown = `.rows td[data-choice="${choice}"] .thread:not(.due):not(.none)`;
    transports[choice] ??= { stanzas: table.querySelectorAll(shown).length };
    const { figure } = cell.parentElement.dataset;
    // The state in words, beside its name.
    Object.assign(transports[choice], { state, [figure === "state" ? "axis" : figure]: text(cell) });
  }
  return {
    root: new URL(body.dataset.root || ".", location.href).href,
    state: body.dataset.state ?? "",
    said: text(document.getElementById("verdict")) || text(document.getElementById("what")),
    stanzas: document.querySelectorAll("#poem .stanza").length,
    transports,
  };
})()"##;

/// The form in which the script returns it.
#[derive(Debug, Deserialize)]
struct Shown {
    root: String,
    state: String,
    said: String,
    stanzas: u64,
    transports: BTreeMap<String, ShownTransport>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ShownTransport {
    state: String,
    stanzas: u64,
    first: String,
    worst: String,
    axis: String,
}

/// What the script returned; none where the page is none of Dante's.
pub(crate) fn read_report(value: Value) -> Option<PageReport> {
    let shown: Shown = serde_json::from_value(value).ok()?;
    let transports = shown.transports.into_iter().filter_map(|(name, one)| {
        let ShownTransport { state, stanzas, first, worst, axis } = one;
        Some((name.parse::<Transport>().ok()?, TransportReport { state, stanzas, first, worst, axis }))
    });
    let transports = transports.collect();
    Some(PageReport {
        root: shown.root,
        state: shown.state,
        said: shown.said,
        stanzas: shown.stanzas,
        transports,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_page_shows() {
        let sse = json!({"state": "streaming", "stanzas": 4, "first": "79 ms", "median": "+1 ms", "axis": "streaming"});
        let shown = json!({"root": "https://h/", "state": "streaming", "said": "All four.", "stanzas": 0, "transports": {"sse": sse, "smoke": {}}});
        let report = read_report(shown).unwrap();
        let sse = &report.transports[&Transport::Sse];
        assert_eq!((report.transports.len(), sse.stanzas, sse.first.as_str()), (1, 4, "79 ms"));
        assert_eq!(read_report(Value::Null), None);
    }
}
