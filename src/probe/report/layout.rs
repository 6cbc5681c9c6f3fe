//! Lines, and how texts are laid out in them. Pure.

use std::fmt;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub(super) const PLAIN: Style = Style::new();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const RED: Style = AnsiColor::Red.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

/// A line: parts, each in one style. `Display` writes it with the styles as ANSI sequences and without a line feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    /// A line of one part.
    pub(super) fn new(style: Style, text: impl Into<String>) -> Self {
        Self::default().with(style, text)
    }

    /// With one part more.
    #[must_use]
    pub(super) fn with(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push((style, text.into()));
        self
    }

    /// Its columns.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| columns(text)).sum()
    }

    /// With spaces up to a column.
    #[must_use]
    fn up_to(self, column: usize) -> Self {
        let spaces = column.saturating_sub(self.width());
        self.with(PLAIN, " ".repeat(spaces))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (style, text) in self.0.iter().filter(|(_, text)| !text.is_empty()) {
            write!(f, "{style}{text}{style:#}")?;
        }
        Ok(())
    }
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// A text in rows of at most `width` columns, broken at spaces. A word that is longer is broken, too, unless it is a URL or
/// a path: those are there to be copied.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let words = text.split(' ').filter(|word| !word.is_empty());
    let pieces: Vec<String> = words.flat_map(|word| pieces(word, width)).collect();
    rows(&pieces, " ", width)
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    if columns(word) <= width || word.contains("://") || word.starts_with('/') {
        return vec![word.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        let last = pieces.last_mut().filter(|piece| columns(piece) + letter.width().unwrap_or(0) <= width);
        match last {
            Some(piece) => piece.push(letter),
            None => pieces.push(letter.into()),
        }
    }
    pieces
}

/// Items with something between them, in rows of at most `width` columns.
pub(super) fn rows<T: AsRef<str>>(items: &[T], between: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for item in items.iter().map(AsRef::as_ref) {
        match rows.last_mut() {
            Some(row) if columns(row) + columns(between) + columns(item) <= width => {
                row.push_str(between);
                row.push_str(item);
            }
            _ => rows.push(item.to_owned()),
        }
    }
    rows
}

/// A head, and beside it, from the column `indent` on, a text; if the head reaches into that column and the text does
/// not fit beside it, the text stands below.
pub(super) fn hang(head: Line, style: Style, text: &str, indent: usize, width: usize) -> Vec<Line> {
    let beside = if head.width() < indent { indent } else { head.width() + 2 };
    let fits = beside == indent || beside + columns(text) <= width;
    let column = if fits { beside } else { indent };
    let mut lines = if fits { Vec::new() } else { vec![head.clone()] };
    for (index, row) in wrap(text, width.saturating_sub(column)).into_iter().enumerate() {
        let start = if fits && index == 0 { head.clone() } else { Line::default() };
        lines.push(start.up_to(column).with(style, row));
    }
    if lines.is_empty() { vec![head] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hung(head: &str, text: &str) -> String {
        let lines = hang(Line::new(PLAIN, head), PLAIN, text, 6, 20);
        lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn texts_hang_beside_their_heads() {
        for (head, text, lines) in [
            ("ab", "", "ab"),
            ("ab", "one two", "ab    one two"),
            ("ab", "one two three four", "ab    one two three\n      four"),
            ("ab", "a-word-that-is-too-long b", "ab    a-word-that-is\n      -too-long b"),
            ("ab", "http://h/too-long-to-fit b", "ab    http://h/too-long-to-fit\n      b"),
            ("abcdefgh", "one two", "abcdefgh  one two"),
            ("abcdefgh", "one two three", "abcdefgh\n      one two three"),
        ] {
            assert_eq!(hung(head, text), lines);
        }
    }

    #[test]
    fn items_share_rows() {
        assert_eq!(rows(&["tls 1.3", "http/1.1", "page"], "  ", 17), ["tls 1.3  http/1.1", "page"]);
        assert_eq!(rows::<&str>(&[], "  ", 17), [""; 0]);
    }
}
