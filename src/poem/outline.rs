//! Lines → pieces: which lines belong to which canto, and which are not the poem's.

use std::collections::HashMap;

use super::{
    canticle::Spellings,
    headless::without_headings,
    notes::Matter,
    parts::{Part, PartKind, next, parts},
    piece::{Fate, Piece},
    runs::choose,
};

/// Divides a text at its headings; `distributed` is whether somebody put paper around the poem.
pub(super) fn outline<'t>(lines: &[&'t str], distributed: bool) -> Vec<Piece<'t>> {
    let plain: Vec<&str>;
    let lines = if distributed {
        plain = lines.iter().map(|line| if is_rule(line) { "" } else { *line }).collect();
        &plain
    } else {
        lines
    };
    let parts = parts(lines, distributed);
    if !parts.iter().any(|part| matches!(part.kind, PartKind::Canto(_))) {
        return without_headings(lines, distributed);
    }
    let names = Spellings::new(&parts);
    let cantos = choose(&parts, &names);
    if !cantos.values().any(|fate| matches!(fate, Fate::Open { .. })) {
        return fates_without_cantos(parts, &cantos);
    }
    let mut pieces: Vec<Piece<'t>> = Vec::new();
    let mut opened = false;
    for (at, part) in parts.iter().enumerate() {
        let fate = match part.kind {
            PartKind::Canto(_) => cantos[&at].clone(),
            PartKind::Contents => Fate::LeftOut(Matter::Contents),
            PartKind::Notes => Fate::LeftOut(Matter::Notes),
            PartKind::Start if distributed => Fate::LeftOut(Matter::TitlePage),
            PartKind::Start => Fate::Keep,
            PartKind::Title(_) => match pieces.last().map(|piece| &piece.fate) {
                _ if part.text() == 0 => Fate::Keep,
                // Contents have headings of their own.
                Some(Fate::LeftOut(Matter::Contents))
                    if matches!(next(&parts, at), Some(PartKind::Title(_))) =>
                {
                    Fate::LeftOut(Matter::Contents)
                }
                _ if is_title_page(&parts[at..], &cantos, at) => Fate::LeftOut(Matter::TitlePage),
                Some(Fate::LeftOut(matter)) if !opened => Fate::LeftOut(*matter),
                _ if distributed && !opened => Fate::LeftOut(Matter::TitlePage),
                _ => Fate::Keep,
            },
        };
        opened |= matches!(fate, Fate::Open { .. });
        pieces.push(Piece { fate, lines: part.lines.clone(), size: part.size, titled: part.titled });
    }
    pieces
}

/// Whether a line is drawn: `- - - -`, `* * *`.
fn is_rule(line: &str) -> bool {
    line.len() > 4 && line.chars().all(|letter| matches!(letter, '-' | '*' | '_' | '=' | '~' | ' '))
}

/// Whether a title stands before its first canto, so that what is between is a title page.
fn is_title_page(rest: &[Part<'_>], cantos: &HashMap<usize, Fate>, at: usize) -> bool {
    let next = rest.iter().enumerate().skip(1).find(|(_, part)| !matches!(part.kind, PartKind::Title(_)));
    matches!(next, Some((after, _)) if matches!(cantos.get(&(at + after)), Some(Fate::Open { number: 1, .. })))
}

/// All headings are empty: a list, perhaps.
fn fates_without_cantos<'t>(parts: Vec<Part<'t>>, cantos: &HashMap<usize, Fate>) -> Vec<Piece<'t>> {
    let pieces = parts.into_iter().enumerate().map(|(at, part)| {
        let fate = cantos.get(&at).cloned().unwrap_or(Fate::Keep);
        Piece { fate, lines: part.lines, size: part.size, titled: false }
    });
    pieces.collect()
}
