//! What a page of Dante has saved, in the form of a report; and beside it, what a probe saw. Pure.

use super::{
    Detail,
    brief::{Brief, name},
    hops,
    layout::{CYAN, DIM, Line, PLAIN, RED, YELLOW, hang},
    look::{Look, Mark},
    outcome::{self, Tally},
    title::Title,
    verdict,
};
use crate::probe::{
    diagnose::Severity,
    hop::{Hop, Outcome},
    saved::{Comparison, Side, Told, TransportTold, Unknown},
};

/// Where the text about an unknown verdict begins.
const INDENT: usize = 9;

/// All that a page saw.
pub(super) fn told(told: &Told, detail: Detail, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    if detail != Detail::Quiet {
        lines.extend(Title::new(&told.url, &told.time, look).lines(None, look));
        let by = format!("what the page ({}) saw in {}", told.page, told.agent);
        lines.extend(hang(Line::new(DIM, "  "), DIM, &look.text(&by), 2, look.width));
        let streams: Vec<_> = told.transports.iter().filter_map(stream).collect();
        lines.extend(hops::streams(&streams, look));
        for strange in told.transports.iter().filter(|one| one.hop.is_none()) {
            let mark = if strange.works() { Mark::Good } else { Mark::Failed };
            lines.extend(hops::beside(mark, &look.text(&strange.transport), &way(strange), look));
        }
        lines.extend(outages(told, look));
        lines.push(Line::default());
    }
    lines.extend(outcome::outcome(told.severity(), &tally(told), look));
    for one in &told.transports {
        for known in &one.verdicts {
            lines.push(Line::default());
            lines.extend(verdict::block(known, look));
        }
        for unknown in &one.unknown {
            lines.push(Line::default());
            lines.extend(strange(one, unknown, told.severity(), look));
        }
    }
    lines
}

/// How often the stream was away, and how long at most.
fn outages(told: &Told, look: Look) -> Vec<Line> {
    let Some(longest) = told.outages.iter().max_by_key(|outage| outage.ms) else { return Vec::new() };
    let count = match told.outages.len() {
        1 => "1 outage, of".to_owned(),
        several => format!("{several} outages, the longest of"),
    };
    let text = format!("{count} {:.1} s at {}: {}", longest.ms as f64 / 1000.0, longest.at, longest.reason);
    hops::beside(Mark::Degraded, "away", &text, look)
}

/// What the browser and the probe saw, side by side.
pub(super) fn compared(comparisons: &[Comparison], look: Look) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    if comparisons.is_empty() {
        let text = "The page and the probe have tried no transport in common.";
        lines.extend(hang(Line::default(), PLAIN, text, 0, look.width));
        return lines;
    }
    lines.push(Line::new(PLAIN.bold(), "The browser and this probe"));
    for one in comparisons {
        let mark = if one.differs { Mark::Degraded } else { Mark::Good };
        let text = format!("browser: {}; probe: {}", side(&one.browser), side(&one.probe));
        lines.extend(hops::beside(mark, name(one.hop), &text, look));
        if let Some(meaning) = one.meaning {
            let label = Line::new(DIM, "  tell");
            lines.extend(hang(label, PLAIN, &look.text(meaning), INDENT, look.width));
        }
    }
    lines
}

fn side(side: &Side) -> String {
    let word = match side.outcome {
        Outcome::Good => "good",
        Outcome::Degraded => "with faults",
        Outcome::Failed => "does not work",
        Outcome::NotReached | Outcome::Skipped => "not tried",
    };
    if side.verdicts.is_empty() { word.to_owned() } else { format!("{word} ({})", side.verdicts.join(", ")) }
}

fn tally(told: &Told) -> Tally {
    let tried = told.transports.iter().filter(|one| one.outcome != Outcome::Skipped);
    let works = tried.clone().filter_map(|one| Some((one.hop?, one.works())));
    Tally::of_streams(works.collect(), tried.clone().any(|one| one.outcome != Outcome::NotReached))
}

fn stream(told: &TransportTold) -> Option<(Hop, Outcome, Brief)> {
    (told.outcome != Outcome::Skipped).then_some(())?;
    Some((told.hop?, told.outcome, Brief::told(way(told))))
}

/// How a stream went, in a few words.
fn way(told: &TransportTold) -> String {
    let mut way = match &told.reason {
        Some(reason) if !told.works() || told.state != "streaming" => format!("{}: {reason}", told.state),
        _ => told.state.clone(),
    };
    if told.stanzas > 0 {
        way.push_str(&format!(", {} stanzas", told.stanzas));
    }
    if let Some((p50, p95)) = told.late {
        way.push_str(&format!(", p50 {p50:.0} ms and p95 {p95:.0} ms late"));
    }
    way
}

/// A verdict that is not in the catalogue.
fn strange(told: &TransportTold, unknown: &Unknown, whole: Severity, look: Look) -> Vec<Line> {
    let style = match (told.outcome, whole) {
        (Outcome::Failed, Severity::Broken) => RED,
        (Outcome::Failed | Outcome::Degraded, _) => YELLOW,
        _ => CYAN,
    };
    let text = "The page says so, and this dante does not know it: a newer page's, or one of the browser's side only.";
    let id = Line::new(style.bold(), look.text(&unknown.id));
    let indent = id.width() + 3;
    let mut lines = hang(id, PLAIN, text, indent, look.width);
    let seen = format!("{}: {}", told.transport, unknown.said);
    lines.extend(hang(Line::new(DIM, "  seen"), PLAIN, &look.text(&seen), INDENT, look.width));
    lines
}
