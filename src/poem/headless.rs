//! Texts without headings of cantos: whatever poem it is, credits and contents can be told from it.

use std::collections::HashMap;

use super::{
    gutenberg, heading,
    notes::Matter,
    numeral,
    piece::{Fate, Piece},
};

/// A text that has no cantos: credits and contents can be told from it, nothing else.
pub(super) fn without_headings<'t>(lines: &[&'t str], distributed: bool) -> Vec<Piece<'t>> {
    let numbered: Vec<(usize, &str)> = lines.iter().copied().enumerate().collect();
    let paragraphs =
        numbered.split(|(_, line)| line.trim().is_empty()).filter(|paragraph| !paragraph.is_empty());
    let last: HashMap<String, usize> =
        numbered.iter().map(|(at, line)| (line.trim().to_lowercase(), *at)).collect();
    let mut in_contents = false;
    let mut pieces = Vec::new();
    for (at, paragraph) in paragraphs.enumerate() {
        let first = paragraph[0].1;
        let fate = match () {
            () if distributed && (at < 10 || first.starts_with('[')) && gutenberg::is_credit(first) => {
                Fate::LeftOut(Matter::TitlePage)
            }
            () if heading::opens_contents(first) => {
                in_contents = true;
                Fate::LeftOut(Matter::Contents)
            }
            () if in_contents && paragraph.iter().any(|(at, line)| is_entry(line, *at, &last)) => {
                Fate::LeftOut(Matter::Contents)
            }
            () => {
                in_contents = false;
                Fate::Keep
            }
        };
        let mut lines: Vec<_> = paragraph.iter().map(|(_, line)| *line).collect();
        lines.push("");
        pieces.push(Piece { fate, lines, size: paragraph.len(), titled: false });
    }
    // A lone heading with nothing that it lists is a poem of that name.
    let is_contents = |piece: &Piece<'_>| piece.fate == Fate::LeftOut(Matter::Contents);
    if pieces.iter().filter(|piece| is_contents(piece)).map(|piece| piece.size).sum::<usize>() < 3 {
        pieces.iter_mut().filter(|piece| is_contents(piece)).for_each(|piece| piece.fate = Fate::Keep);
    }
    pieces
}

/// Whether a line of contents: it comes again later, is numbered, or ends with a page's number.
fn is_entry(line: &str, at: usize, last: &HashMap<String, usize>) -> bool {
    let line = line.trim();
    let numbered = line.split_once(['.', ')']).is_some_and(|(number, _)| {
        numeral::roman(number).is_some()
            || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let text = line.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let paged = text.len() < line.len() && (text.ends_with("  ") || text.trim_end().ends_with(['.', '…']));
    numbered || paged || last.get(&line.to_lowercase()).is_some_and(|last| *last > at)
}
