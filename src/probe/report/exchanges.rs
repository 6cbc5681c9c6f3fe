//! `--verbose`: each hop on its line, with what was sent and what came. Pure.

use super::{
    layout::{DIM, Line, PLAIN, hang},
    look::Look,
};
use crate::probe::{document::HopReport, evidence::Exchange};

/// Where requests, and what was sent and came, begin.
const REQUESTS: usize = 4;
const LINES: usize = 6;

/// A hop, and the exchanges that its evidence keeps, in the order in which they were sent.
pub(super) fn hop(report: &HopReport, head: Line, look: Look) -> Vec<Line> {
    let summary = format!("{} ({} ms)", report.summary, report.ms);
    let mut lines = hang(head, PLAIN, &look.text(&summary), look.margin() + super::hops::NAMES, look.width);
    let mut exchanges: Vec<&Exchange> = report.exchanges.iter().collect();
    exchanges.sort_by_key(|exchange| exchange.sent_at_ms);
    lines.extend(exchanges.into_iter().flat_map(|one| exchange(one, look)));
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
