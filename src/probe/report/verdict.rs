//! A verdict as a block: its cause, what was seen, what fixes it. Pure.

use super::{
    brief::name,
    layout::{CYAN, DIM, Line, PLAIN, RED, YELLOW, hang},
    look::Look,
};
use crate::{
    hosting::recipes::Recipe,
    probe::{
        diagnose::{Severity, Verdict, WrittenRemedy},
        hop::Hop,
        hosts::Host,
        verdicts::VerdictId,
    },
};

/// Where the texts of a block begin: two columns, a label, two columns.
const TEXTS: usize = 9;
/// Where lines to paste begin.
const PASTED: usize = 11;

/// The block of a verdict.
pub(super) fn block(verdict: &Verdict, look: Look) -> Vec<Line> {
    let mut block = Block { look, lines: Vec::new() };
    block.head(verdict);
    let stream = match verdict.hop {
        hop @ Hop::Stream(_) => format!("{}: ", name(hop)),
        _ => String::new(),
    };
    block.text("seen", &format!("{stream}{}", verdict.evidence));
    block.also(verdict);
    for remedy in &verdict.remedies {
        block.remedy(remedy);
    }
    if !verdict.or.is_empty() {
        let others: Vec<&str> = verdict.or.iter().map(|id| id.into()).collect();
        block.text("or", &others.join(", "));
    }
    if let Some(to_tell) = &verdict.to_tell {
        block.text("tell", to_tell);
    }
    block.lines
}

/// The recipes of the hosts whose configuration is to be changed: those for which there are lines, and those of IIS, whose
/// web.config takes more than lines.
pub(super) fn recipes(verdict: &Verdict) -> impl Iterator<Item = Recipe> {
    let has_lines = |host: &Host, remedy: &WrittenRemedy| host.is_iis() || !remedy.lines.is_empty();
    let hosts =
        verdict.remedies.iter().filter_map(move |remedy| remedy.host.filter(|host| has_lines(host, remedy)));
    hosts.filter_map(Host::recipe)
}

/// The command that prints a recipe, which is never broken.
pub(super) fn command(recipe: Recipe, prefix: &str, look: Look) -> Line {
    let prefix = if prefix.is_empty() { "/" } else { prefix };
    Line::new(DIM, look.text(&format!("  {:<5}  dante hosting {recipe} --prefix {prefix}", "all")))
}

struct Block {
    look: Look,
    lines: Vec<Line>,
}

impl Block {
    fn head(&mut self, verdict: &Verdict) {
        let (style, note) = match verdict.severity {
            Severity::Note => (CYAN, "note: "),
            Severity::Degraded => (YELLOW, ""),
            Severity::Broken => (RED, ""),
        };
        let id = Line::new(style.bold(), format!("{note}{}", verdict.id));
        let indent = id.width() + 3;
        self.lines.extend(hang(id, PLAIN, &self.look.text(&verdict.cause), indent, self.look.width));
    }

    /// A text beside its label.
    fn text(&mut self, label: &str, text: &str) {
        let label = Line::new(DIM, format!("  {label}"));
        self.lines.extend(hang(label, PLAIN, &self.look.text(text), TEXTS, self.look.width));
    }

    fn also(&mut self, verdict: &Verdict) {
        let mut ids: Vec<(VerdictId, Vec<&str>)> = Vec::new();
        for also in &verdict.also {
            match ids.iter_mut().find(|(id, _)| *id == also.id) {
                Some((_, hops)) => hops.push(name(also.hop)),
                None => ids.push((also.id, vec![name(also.hop)])),
            }
        }
        let (same, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|(id, _)| *id == verdict.id);
        let same = same.iter().map(|(_, hops)| format!("at {}", hops.join(", ")));
        let others = others.iter().map(|(id, hops)| format!("{id} at {}", hops.join(", ")));
        let texts: Vec<_> = same.chain(others).collect();
        if !texts.is_empty() {
            self.text("also", &texts.join("; "));
        }
    }

    fn remedy(&mut self, remedy: &WrittenRemedy) {
        let host = match remedy.host {
            Some(host) => format!("{host}: "),
            None => String::new(),
        };
        self.text("fix", &format!("{host}{}", remedy.text));
        for line in &remedy.lines {
            let text = format!("{}{}", " ".repeat(PASTED), self.look.text(line));
            self.lines.push(Line::new(PLAIN, text));
        }
    }
}
