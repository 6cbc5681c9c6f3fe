//! Lines → parts: each opened by a heading, a title, or another line that is not the poem's.

use std::collections::HashSet;

use super::heading::{self, Heading};

/// What a line does to the lines after it.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartKind<'t> {
    Start,
    /// The name of a canticle.
    Title(&'t str),
    Canto(Heading<'t>),
    Contents,
    Notes,
}

#[derive(Debug)]
pub(super) struct Part<'t> {
    pub(super) kind: PartKind<'t>,
    pub(super) lines: Vec<&'t str>,
    pub(super) size: usize,
    pub(super) titled: bool,
}

impl Part<'_> {
    /// Lines that are not blank, without the opening one.
    pub(super) fn text(&self) -> usize {
        self.lines.iter().filter(|line| !line.trim().is_empty()).count()
    }
}

pub(super) fn parts<'t>(lines: &[&'t str], distributed: bool) -> Vec<Part<'t>> {
    let headings: Vec<Option<Heading<'_>>> = lines.iter().map(|line| heading::heading(line)).collect();
    let named: HashSet<String> =
        headings.iter().flatten().filter_map(|found| found.canticle).map(str::to_lowercase).collect();
    // Names that no heading gives are looked for where headings are without.
    let unnamed = headings.iter().flatten().any(|found| found.canticle.is_none());
    let blank = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_none_or(|line| line.trim().is_empty());
    let mut parts = vec![Part { kind: PartKind::Start, lines: Vec::new(), size: 0, titled: false }];
    // Whether this paragraph began with a heading: a table of contents can be one paragraph.
    let mut among_headings = false;
    for (at, line) in lines.iter().enumerate() {
        let first = blank(at.checked_sub(1));
        let alone = first && blank(Some(at + 1));
        let kind = match headings[at] {
            Some(found) if first || among_headings => Some(PartKind::Canto(found)),
            Some(found) if found.title.is_empty() && (found.canticle.is_some() || blank(Some(at + 1))) => {
                Some(PartKind::Canto(found))
            }
            _ if named.contains(&line.trim().to_lowercase()) => Some(PartKind::Title(line.trim())),
            _ if unnamed && (first || among_headings) => {
                heading::canticle(line).map(|(_, name)| PartKind::Title(name))
            }
            _ => None,
        };
        let kind = kind
            .or_else(|| (first && heading::opens_contents(line)).then_some(PartKind::Contents))
            .or_else(|| {
                ((alone || (first && (distributed || line.trim_end().ends_with(':'))))
                    && heading::opens_notes(line))
                .then_some(PartKind::Notes)
            });
        among_headings = kind.is_some() || (among_headings && !first);
        match (kind, parts.last_mut()) {
            (Some(kind), _) => {
                let mut part = Part { kind, lines: Vec::new(), size: 1, titled: false };
                if let PartKind::Canto(Heading { title, .. }) = kind
                    && !title.is_empty()
                {
                    // An argument that goes on in the next line is text; a title alone is not.
                    let goes_on = !blank(Some(at + 1)) && headings.get(at + 1).is_some_and(Option::is_none);
                    part.titled = !goes_on;
                    part.lines.extend(goes_on.then_some(title));
                }
                parts.push(part);
            }
            (None, Some(part)) => {
                part.size += usize::from(!line.trim().is_empty());
                part.lines.push(line);
            }
            (None, None) => {}
        }
    }
    parts
}

/// What opens the part after this one.
pub(super) fn next<'p, 't>(parts: &'p [Part<'t>], at: usize) -> Option<&'p PartKind<'t>> {
    parts.get(at + 1).map(|part| &part.kind)
}
