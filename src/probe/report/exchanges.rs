//! `--verbose`: each hop on its line, with what was sent and what came. Pure.

use serde_json::{Map, Value};

use super::{
    layout::{DIM, Line, PLAIN, hang},
    look::Look,
};
use crate::probe::{document::HopReport, evidence::Exchange};

/// Where requests, and what was sent and came, begin.
const REQUESTS: usize = 4;
const LINES: usize = 6;

/// What was shown already: which requests, and when they were sent.
#[derive(Debug, Default)]
pub(super) struct Shown(Vec<(usize, u64)>);

impl Shown {
    /// The exchanges in a hop's evidence that were not shown yet, in the order in which they were sent. Every hop keeps its
    /// own in its own places.
    pub(super) fn new_in(&mut self, evidence: &Value) -> Vec<Exchange> {
        let mut all = Vec::new();
        collect(evidence, &mut all);
        self.new_of(all)
    }

    /// Those of these exchanges that were not shown yet, in the order in which they were sent.
    pub(super) fn new_of(&mut self, mut all: Vec<Exchange>) -> Vec<Exchange> {
        // More may have become known of one.
        let key = |one: &Exchange| (one.number, one.sent_at_ms);
        all.retain(|exchange| !self.0.contains(&key(exchange)));
        all.sort_by_key(|exchange| exchange.sent_at_ms);
        self.0.extend(all.iter().map(key));
        all
    }
}

/// The exchanges of which the evidence keeps only how they went.
pub(super) fn others(exchanges: &[Exchange], look: Look) -> Vec<Line> {
    if exchanges.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), Line::new(PLAIN, "other requests")];
    lines.extend(exchanges.iter().flat_map(|one| exchange(one, look)));
    lines
}

fn collect(value: &Value, all: &mut Vec<Exchange>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, all)),
        Value::Object(fields) => {
            fields.values().for_each(|value| collect(value, all));
            if fields.contains_key("sentAtMs") {
                // Those that belong to it were collected by themselves.
                let alone = fields.iter().filter(|(_, value)| !is_exchange(value));
                let alone: Map<_, _> = alone.map(|(name, value)| (name.clone(), value.clone())).collect();
                all.extend(serde_json::from_value::<Exchange>(alone.into()));
            }
        }
        _ => {}
    }
}

fn is_exchange(value: &Value) -> bool {
    value.get("sentAtMs").is_some()
}

/// A hop, and its exchanges.
pub(super) fn hop(report: &HopReport, head: Line, exchanges: &[Exchange], look: Look) -> Vec<Line> {
    let summary = format!("{} ({} ms)", report.summary, report.ms);
    let mut lines = hang(head, PLAIN, &look.text(&summary), look.margin() + super::hops::NAMES, look.width);
    lines.extend(exchanges.iter().flat_map(|one| exchange(one, look)));
    lines
}

fn exchange(exchange: &Exchange, look: Look) -> Vec<Line> {
    let mut lines = vec![
        Line::new(PLAIN, " ".repeat(REQUESTS))
            .with(PLAIN, look.text(&format!("{} {}", exchange.method, exchange.url))),
    ];
    let mut add = |mark: &str, text: &str| {
        let head = Line::new(PLAIN, " ".repeat(REQUESTS)).with(DIM, mark);
        lines.extend(hang(head, DIM, &look.text(text), LINES, look.width));
    };
    let connections = match exchange.connections {
        0 | 1 => String::new(),
        several => format!(", one of {several} connections at that time"),
    };
    add(">", &format!("sent after {:.3} s{connections}", exchange.sent_at_ms as f64 / 1000.0));
    for (name, value) in &exchange.sent {
        add(">", &format!("{name}: {value}"));
    }
    if let Some(status) = exchange.status {
        let head = exchange.head_ms.map(|ms| format!(", head after {ms} ms")).unwrap_or_default();
        let (version, bytes, ms) = (&exchange.version, exchange.body_bytes, exchange.ms);
        add("<", &format!("{status} {version}{head}, {bytes} bytes read in {ms} ms"));
    }
    for (name, value) in &exchange.headers {
        add("<", &format!("{name}: {value}"));
    }
    if !exchange.body.trim().is_empty() {
        // What went well says little.
        let most = if exchange.status.is_some_and(|status| status < 300) { 150 } else { usize::MAX };
        add("<", &exchange.body.chars().take(most).collect::<String>());
    }
    if let Some(raw) = &exchange.raw {
        add("<", raw);
    }
    if let Some(failure) = &exchange.failure {
        add("!", &format!("{} (after {} ms)", failure.text, exchange.ms));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exchange_is_shown_once_and_in_its_order() {
        let exchange = |sent_at_ms, again: Option<Exchange>| Exchange {
            sent_at_ms,
            again: again.map(Box::new),
            ..Exchange::default()
        };
        let first = exchange(7, None);
        let evidence = serde_json::json!({
            "list": [{"exchange": exchange(5, Some(exchange(9, None)))}, {"exchange": null}],
            "other": first,
        });
        let mut shown = Shown::default();
        assert_eq!(shown.new_of(vec![first]).len(), 1);
        let new = shown.new_in(&evidence);
        assert_eq!(new.iter().map(|one| one.sent_at_ms).collect::<Vec<_>>(), [5, 9]);
        assert!(new.iter().all(|one| one.again.is_none()));
        assert!(shown.new_in(&evidence).is_empty());
    }
}
