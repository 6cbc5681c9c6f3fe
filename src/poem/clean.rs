//! Text → text whose lines end in LF and hold nothing invisible but spaces.

use std::borrow::Cow;

/// A tab at the start of a line goes to the next multiple of this column.
const TAB: usize = 4;

/// Every kind of line end becomes LF, tabs become spaces, and characters go that are not seen: byte order
/// marks in the middle, zero-width and soft breaks, form feeds and other controls.
///
/// Joiners (U+200C, U+200D) stay: emoji and several scripts need them.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    // The column, while nothing but space was seen in this line.
    let mut indent = Some(0);
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                // Text converted twice ends its lines in CR CR LF.
                let mut rest = letters.clone();
                while rest.next_if_eq(&'\r').is_some() {}
                if rest.next_if_eq(&'\n').is_some() {
                    letters = rest;
                }
                clean.push('\n');
            }
            '\n' | '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\t' => {
                let wide = indent.map_or(1, |column| TAB - column % TAB);
                clean.extend(std::iter::repeat_n(' ', wide));
                indent = indent.map(|column| column + wide);
                continue;
            }
            ' ' | '\u{a0}' | '\u{2002}' | '\u{2003}' | '\u{3000}' if indent.is_some() => {
                clean.push(' ');
                indent = indent.map(|column| column + 1);
                continue;
            }
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' => continue,
            letter if letter.is_control() => continue,
            letter => {
                clean.push(letter);
                indent = None;
                continue;
            }
        }
        indent = Some(0);
    }
    clean
}

/// How many line ends there are, by any of the three usual systems.
pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns =
        bytes.iter().enumerate().filter(|(at, byte)| **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    feeds + returns.count()
}

/// Signs that something went wrong with the text before it came here.
pub(super) fn damage(text: &str) -> Option<Cow<'static, str>> {
    let lost = text.matches('\u{fffd}').count();
    let mut letters = text.chars().peekable();
    let mut twice = 0;
    while let Some(letter) = letters.next() {
        if letter == 'Ã' && letters.peek().is_some_and(|next| ('\u{80}'..='\u{bf}').contains(next)) {
            twice += 1;
        }
    }
    match (lost, twice) {
        (0, 0..3) => None,
        (0, _) => Some(
            "accented letters look spoilt, such as Ã¨ for è: it was read in the wrong encoding and saved"
                .into(),
        ),
        (lost, _) => {
            Some(format!("{lost} characters were lost before (U+FFFD); save it again from its source").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_lf_whatever_they_ended_in() {
        for end in ["\n", "\r\n", "\r", "\r\r\n", "\u{2028}", "\u{85}", "\u{b}", "\u{2029}"] {
            assert_eq!(clean(&format!("a{end}  b{end}{end}c")), "a\n  b\n\nc", "{end:?}");
        }
        assert_eq!(clean("a\r\nb\rc\nd"), "a\nb\nc\nd");
        assert_eq!(line_breaks(b"a\r\nb\rc\nd"), 3);
    }

    #[test]
    fn nothing_invisible_stays() {
        for (text, wanted) in [
            ("\u{c}Ché", "Ché"),
            ("cam\u{ad}min\u{200b} di\u{feff}\u{2060}", "cammin di"),
            ("\u{1b}[1mbold\u{7}", "[1mbold"),
            ("a\tb", "a b"),
            ("\ta\n \tb\n    c", "    a\n    b\n    c"),
            ("\u{a0}\u{a0}a\u{a0}b", "  a\u{a0}b"),
            ("\u{1f469}\u{200d}\u{1f467}", "\u{1f469}\u{200d}\u{1f467}"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn damage_is_noticed() {
        assert_eq!(damage("Città è più, São"), None);
        assert!(damage("CittÃ\u{a0} Ã¨ piÃ¹").is_some_and(|text| text.contains("encoding")));
        assert!(damage("Citt\u{fffd}").is_some_and(|text| text.contains('1')));
    }
}
