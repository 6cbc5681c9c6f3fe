//! [`Look`]: what the output can show: its width, and whether it shows more than ASCII.

use crate::hosting::environment::Environment;

/// Columns of a report where nothing is known of the output, such as in a file or a mail.
const USUAL: usize = 80;
/// Below the first, words would stand alone in their lines; beyond the second, eyes lose the line.
const COLUMNS: (usize, usize) = (60, 100);

/// What the output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns in a line, from 60 to 100.
    pub(crate) width: usize,
    /// Whether it shows ASCII alone.
    pub(crate) ascii: bool,
}

/// The marks before hops, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Good,
    Degraded,
    Failed,
    NotReached,
}

impl Look {
    /// What an output can show; `columns` are those of the terminal, if it is one.
    ///
    /// POSIX: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set decides (XBD 8.2); names of UTF-8 locales end in
    /// `.UTF-8` or `.utf8`. On Windows, where these are not set, Windows Terminal tells itself by `WT_SESSION`; fonts of the
    /// older console lack the marks.
    pub(crate) fn new(env: &Environment, columns: Option<usize>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| env.get(name));
        let unicode = match locale.map(|locale| locale.to_ascii_lowercase()) {
            Some(locale) => locale.contains("utf-8") || locale.contains("utf8"),
            None => env.has("WT_SESSION"),
        };
        let width = columns.map_or(USUAL, |columns| columns.clamp(COLUMNS.0, COLUMNS.1));
        Self { width, ascii: !unicode }
    }

    /// A text on one line, without what a terminal would obey or what would turn its letters around: it may come from
    /// anybody.
    pub(super) fn text(self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                letter if letter.is_control() => plain.push(' '),
                // Marks of direction, and letters without width (Unicode 16, table 2-3 and annex 9, 2).
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
                letter if !self.ascii || letter.is_ascii() => plain.push(letter),
                letter => plain.push_str(&in_ascii(letter)),
            }
        }
        plain
    }

    /// A mark; all take the same columns.
    pub(super) fn mark(self, mark: Mark) -> &'static str {
        match (mark, self.ascii) {
            (Mark::Good, false) => "✓",
            (Mark::Degraded, false) => "!",
            (Mark::Failed, false) => "✗",
            (Mark::NotReached, false) => "–",
            (Mark::Good, true) => "ok",
            (Mark::Degraded, true) => "! ",
            (Mark::Failed, true) => "x ",
            (Mark::NotReached, true) => "- ",
        }
    }

    /// The columns that marks and the space after them take.
    pub(super) fn margin(self) -> usize {
        if self.ascii { 3 } else { 2 }
    }
}

/// A letter in letters of ASCII.
fn in_ascii(letter: char) -> String {
    match letter {
        '→' => "->".to_owned(),
        '–' | '—' | '‑' => "-".to_owned(),
        '…' => "...".to_owned(),
        '“' | '”' | '„' => "\"".to_owned(),
        '‘' | '’' => "'".to_owned(),
        '\u{a0}' => " ".to_owned(),
        // The bars of a plot: how many eighths they have.
        '▁'..='█' => (u32::from(letter) - u32::from('▁') + 1).to_string(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        for (variables, ascii) in [
            (&[] as &[(&str, &str)], true),
            (&[("LANG", "en_US.UTF-8")], false),
            (&[("LANG", "C.utf8")], false),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
            (&[("LC_ALL", ""), ("LC_CTYPE", "de_DE.UTF-8"), ("LANG", "C")], false),
            (&[("LANG", "de_DE.ISO-8859-15")], true),
            (&[("WT_SESSION", "1")], false),
            (&[("WT_SESSION", "1"), ("LANG", "C")], true),
        ] {
            let env: Environment = variables.iter().copied().collect();
            assert_eq!(Look::new(&env, None), Look { width: 80, ascii }, "{variables:?}");
        }
    }

    #[test]
    fn the_width_is_bounded() {
        let env = Environment::default();
        for (columns, width) in [(10, 60), (72, 72), (300, 100)] {
            assert_eq!(Look::new(&env, Some(columns)).width, width);
        }
    }

    #[test]
    fn hostile_text() {
        let text = "a\x1b[2J\u{202e}b\nc → “è”… ▁█";
        assert_eq!(Look { width: 80, ascii: false }.text(text), "a [2Jb c → “è”… ▁█");
        assert_eq!(Look { width: 80, ascii: true }.text(text), "a [2Jb c -> \"?\"... 18");
    }
}
