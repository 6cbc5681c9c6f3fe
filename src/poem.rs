//! Text → [`Poem`]: canticles, cantos, stanzas. Pure; knows no transport.
//!
//! A poem's text is paragraphs separated by blank lines. Lines such as `Inferno: Canto IV` or
//! `Inferno • Canto IV` open a canto; a line that holds nothing but the name of a canticle
//! (a title page, as many editions have them) is skipped. A text without such headings is simply
//! its paragraphs.

use std::{fmt::Write as _, ops::Range};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The largest text that is read, in bytes. The whole *Comedy* has half a megabyte.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The embedded text: the first canto of each canticle in Longfellow's translation (1867).
const EMBEDDED: &str = include_str!("../divine-comedy.txt");

/// Where a stanza stands in its poem; what clients get beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// 0-based index of the stanza in the whole poem.
    pub index: usize,
    /// How many stanzas the poem has.
    pub of: usize,
    /// Name of the canticle, if the text has headings.
    pub canticle: Option<String>,
    /// Number of the canto within its canticle, if the text has headings.
    pub canto: Option<u32>,
    /// 1-based number of the stanza within its canto (in the poem, without headings).
    pub stanza: usize,
    /// 1-based number of the stanza's first line within its canto (in the poem, without headings).
    pub line: usize,
}

/// Some lines that are said at once: a tercet, a closing line, a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    /// The lines, joined by `\n`, without the indentation that all of them share.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// One canto: its heading and the stanzas that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canto {
    /// Name of the canticle, as the heading spells it.
    pub canticle: String,
    /// Number of the canto within the canticle.
    pub number: u32,
    /// Indices of its stanzas in the poem.
    pub stanzas: Range<usize>,
}

/// A text, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poem {
    stanzas: Vec<Stanza>,
    cantos: Vec<Canto>,
    edition: String,
}

/// Why a text is no poem.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PoemError {
    /// A byte sequence is not UTF-8.
    #[error("line {line} is not UTF-8 text; save the file as UTF-8 and try again")]
    NotUtf8 {
        /// 1-based line of the first bad byte.
        line: usize,
    },
    /// Nothing but blank lines and headings.
    #[error("it holds no stanza; stanzas are paragraphs of text, separated by blank lines")]
    Empty,
    /// More than [`MAX_BYTES`].
    #[error("it has more than {MAX_BYTES} bytes, the most that are read; give a shorter text")]
    TooLarge,
}

impl Poem {
    /// The poem that the binary carries: 3 cantos, 140 stanzas.
    pub fn embedded() -> Self {
        Self::divide(EMBEDDED)
    }

    /// Divides a text: UTF-8 with or without a byte order mark, lines ending in LF or CRLF.
    ///
    /// # Errors
    /// When the text is not UTF-8, too large, or holds no stanza.
    pub fn parse(text: &[u8]) -> Result<Self, PoemError> {
        if text.len() > MAX_BYTES {
            return Err(PoemError::TooLarge);
        }
        let text = std::str::from_utf8(text).map_err(|error| PoemError::NotUtf8 {
            line: 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
        })?;
        let poem = Self::divide(text);
        if poem.stanzas.is_empty() { Err(PoemError::Empty) } else { Ok(poem) }
    }

    fn divide(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let titles: Vec<String> =
            text.lines().filter_map(heading).map(|(canticle, _)| canticle.to_lowercase()).collect();
        let mut parts = Parts::default();
        for line in text.lines() {
            if let Some((canticle, number)) = heading(line) {
                parts.open_canto(canticle, number);
            } else if line.trim().is_empty() || titles.contains(&line.trim().to_lowercase()) {
                parts.close_stanza();
            } else {
                parts.lines.push(line.trim_end());
            }
        }
        parts.finish()
    }

    /// All stanzas, in order.
    pub fn stanzas(&self) -> &[Stanza] {
        &self.stanzas
    }

    /// All cantos, in order; empty for a text without headings.
    pub fn cantos(&self) -> &[Canto] {
        &self.cantos
    }

    /// The whole text, as it could be read again: headings, and stanzas between blank lines.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut cantos = self.cantos.iter().peekable();
        for (index, stanza) in self.stanzas.iter().enumerate() {
            while let Some(canto) = cantos.next_if(|canto| canto.stanzas.start <= index) {
                // Writing to a String cannot fail.
                let _ = write!(text, "{}: Canto {}\n\n", canto.canticle, canto.number);
            }
            text.push_str(&stanza.text);
            text.push_str(if index + 1 < self.len() { "\n\n" } else { "\n" });
        }
        text
    }

    /// How many stanzas there are; at least one.
    #[allow(clippy::len_without_is_empty, reason = "a poem is never empty")]
    pub fn len(&self) -> usize {
        self.stanzas.len()
    }

    /// Eight hexadecimal digits that change when any heading or word changes, and only then.
    pub fn edition(&self) -> &str {
        &self.edition
    }
}

/// A poem in the making.
#[derive(Default)]
struct Parts<'text> {
    stanzas: Vec<Stanza>,
    cantos: Vec<Canto>,
    lines: Vec<&'text str>,
    /// Stanzas and lines so far in this canto.
    said: (usize, usize),
}

impl Parts<'_> {
    fn open_canto(&mut self, canticle: &str, number: u32) {
        self.close_stanza();
        let start = self.stanzas.len();
        self.cantos.push(Canto { canticle: canticle.to_owned(), number, stanzas: start..start });
        self.said = (0, 0);
    }

    fn close_stanza(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let index = self.stanzas.len();
        let canto = self.cantos.last_mut();
        let place = Place {
            index,
            of: 0,
            canticle: canto.as_ref().map(|canto| canto.canticle.clone()),
            canto: canto.as_ref().map(|canto| canto.number),
            stanza: self.said.0 + 1,
            line: self.said.1 + 1,
        };
        if let Some(canto) = canto {
            canto.stanzas.end = index + 1;
        }
        self.said = (self.said.0 + 1, self.said.1 + self.lines.len());
        self.stanzas.push(Stanza { text: outdent(&self.lines), place });
        self.lines.clear();
    }

    fn finish(mut self) -> Poem {
        self.close_stanza();
        let of = self.stanzas.len();
        let mut hash = Sha256::new();
        for stanza in &mut self.stanzas {
            stanza.place.of = of;
            let Place { canticle, canto, .. } = &stanza.place;
            hash.update(format!("{canticle:?} {canto:?}\n{}\n\n", stanza.text));
        }
        let edition = hash.finalize()[..4].iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Poem { stanzas: self.stanzas, cantos: self.cantos, edition }
    }
}

/// Joins lines after taking away the indentation that all of them share.
fn outdent(lines: &[&str]) -> String {
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let shared = lines.iter().map(indent).min().unwrap_or(0);
    lines.iter().map(|line| &line[shared..]).collect::<Vec<_>>().join("\n")
}

/// Reads `Inferno: Canto IV` or `Inferno • Canto 4` as a canticle and a number.
fn heading(line: &str) -> Option<(&str, u32)> {
    let (canticle, rest) = line.split_once([':', '•'])?;
    let canticle = canticle.trim();
    let number = rest.trim().strip_prefix("Canto ")?.trim();
    if canticle.is_empty() {
        return None;
    }
    let number = number.parse().ok().or_else(|| roman(number))?;
    Some((canticle, number))
}

/// Reads a Roman numeral of the usual, subtractive form.
pub(crate) fn roman(text: &str) -> Option<u32> {
    if text.len() > 15 {
        return None;
    }
    let mut total = 0;
    let mut largest = 0;
    for letter in text.chars().rev() {
        let value = match letter {
            'I' => 1,
            'V' => 5,
            'X' => 10,
            'L' => 50,
            'C' => 100,
            'D' => 500,
            'M' => 1000,
            _ => return None,
        };
        if value < largest {
            total -= value;
        } else {
            total += value;
            largest = value;
        }
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_poem_is_three_cantos_of_longfellow() {
        let poem = Poem::embedded();
        let cantos: Vec<_> = poem
            .cantos()
            .iter()
            .map(|canto| {
                let lines = poem.stanzas()[canto.stanzas.clone()].iter().map(|s| s.text.lines().count());
                (canto.canticle.as_str(), canto.number, canto.stanzas.len(), lines.sum::<usize>())
            })
            .collect();
        assert_eq!(cantos, [("Inferno", 1, 46, 136), ("Purgatorio", 1, 46, 136), ("Paradiso", 1, 48, 142)]);
        assert_eq!(poem.len(), 140);
        assert_eq!(
            poem.stanzas()[0].text,
            "Midway upon the journey of our life\n  I found myself within a forest dark,\n  \
             For the straightforward pathway had been lost."
        );
        assert!(EMBEDDED.is_ascii(), "plain ASCII quotes");
    }

    #[test]
    fn places_count_from_the_start_of_their_canto() {
        let poem = Poem::embedded();
        let place = &poem.stanzas()[47].place;
        assert_eq!(
            *place,
            Place {
                index: 47,
                of: 140,
                canticle: Some("Purgatorio".into()),
                canto: Some(1),
                stanza: 2,
                line: 4
            }
        );
    }

    #[test]
    fn forms_of_the_same_text_are_the_same_poem() {
        let plain = "Inferno: Canto I\n\nA\n  b\n\nc\n\nPurgatorio: Canto II\n\nd\n";
        let poem = Poem::parse(plain.as_bytes()).unwrap();
        assert_eq!(poem.len(), 3);
        for form in [
            plain.replace('\n', "\r\n"),
            format!("\u{feff}{plain}"),
            plain.replace(": ", " • "),
            plain.replace("Purg", "PURGATORIO\n\n\nPurg"),
            plain.replace("Canto II", "Canto 2"),
            plain.trim_end().to_owned(),
            plain.replace("\n\n", "\n \t\n\n"),
            format!("   {}", plain.replace('\n', "\n   ")),
        ] {
            assert_eq!(Poem::parse(form.as_bytes()).as_ref(), Ok(&poem), "{form:?}");
        }
        let other = Poem::parse(plain.replace('c', "C").as_bytes()).unwrap();
        assert_ne!(other.edition(), poem.edition());
    }

    #[test]
    fn paragraphs_are_stanzas_where_there_are_no_headings() {
        let poem = Poem::parse("One: two.\n\nThree,\nfour.\n".as_bytes()).unwrap();
        assert!(poem.cantos().is_empty());
        let places: Vec<_> = poem.stanzas().iter().map(|s| (s.place.stanza, s.place.line)).collect();
        assert_eq!(places, [(1, 1), (2, 2)]);
        assert_eq!(poem.stanzas()[1].text, "Three,\nfour.");
    }

    #[test]
    fn what_is_no_poem_says_why() {
        assert_eq!(Poem::parse(b"a\n\nb\n\xff\n"), Err(PoemError::NotUtf8 { line: 4 }));
        assert_eq!(Poem::parse(b" \n\n"), Err(PoemError::Empty));
        assert_eq!(Poem::parse(b"Inferno: Canto I\n"), Err(PoemError::Empty));
        let huge = vec![b'a'; MAX_BYTES + 1];
        assert_eq!(Poem::parse(&huge), Err(PoemError::TooLarge));
    }

    #[test]
    fn a_poem_written_out_is_the_same_poem() {
        let poem = Poem::embedded();
        assert_eq!(Poem::parse(poem.text().as_bytes()), Ok(poem));
        let plain = Poem::parse(b"a\nb\n\nc").unwrap();
        assert_eq!(plain.text(), "a\nb\n\nc\n");
    }

    #[test]
    fn roman_numerals() {
        for (text, number) in [("I", 1), ("IV", 4), ("XIV", 14), ("XXXIII", 33), ("XCIX", 99), ("C", 100)] {
            assert_eq!(roman(text), Some(number), "{text}");
        }
        assert_eq!(roman(""), None);
        assert_eq!(roman("IZ"), None);
    }
}
