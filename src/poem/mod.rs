//! Text → [`Poem`]: canticles, cantos, stanzas. Pure; knows no transport.
//!
//! A poem's text is paragraphs separated by blank lines, or told by their indentation. Lines such as
//! `Inferno: Canto IV` or `CANTO IV` open a canto; a line that holds nothing but the name of a canticle is a
//! title. A text without such headings is simply its paragraphs.
//!
//! From top to bottom, as bytes become a poem:
//!
//! | module | what it knows |
//! |---|---|
//! | `encoding` | bytes → text, or what they are instead |
//! | `clean` | line ends, and characters that are not seen |
//! | `gutenberg` | what Project Gutenberg puts around a text |
//! | `outline` | which lines belong to which canto, and which are not the poem's: |
//! | `parts`, `canticle`, `runs` | a text with headings, and which of them count |
//! | `headless` | a text without |
//! | `piece` | what both come to |
//! | `heading`, `numeral` | how a line says that it is a heading, and its number |
//! | `stanzas` | the lines of a canto → stanzas |
//! | `builder` | stanzas → the poem, with places and edition |
//! | `notes` | what was left out, and what looks odd |

mod builder;
mod canticle;
mod clean;
mod encoding;
mod gutenberg;
mod heading;
mod headless;
mod notes;
mod numeral;
mod outline;
mod parts;
mod piece;
mod runs;
mod stanzas;

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

use serde::Serialize;

use builder::Builder;
pub(crate) use encoding::FileKind;
pub(crate) use notes::counted;
pub(crate) use notes::{Matter, Note};
pub(crate) use numeral::roman;
use piece::Fate;

/// The largest text that is read, in bytes. The whole *Comedy* has half a megabyte.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The largest stanza, in bytes: much more than any poem has, and what every client takes in one message (the smallest limit that was
/// found is 1 MiB, of Python's websockets), with all its quotes and line ends escaped.
const MAX_STANZA: usize = 256 * 1024;

/// How much of a stanza an error shows, in characters.
const SHOWN: usize = 40;

/// The embedded text: the first canto of each canticle in Longfellow's translation (1867).
const EMBEDDED: &str = include_str!("../../divine-comedy.txt");

/// Where a stanza stands in its poem; what clients get beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// 0-based index of the stanza in the whole poem.
    pub(crate) index: usize,
    /// How many stanzas the poem has.
    pub(crate) of: usize,
    /// Name of the canticle, if the text has headings.
    pub(crate) canticle: Option<String>,
    /// Number of the canto within its canticle, if the text has headings.
    pub(crate) canto: Option<u32>,
    /// 1-based number of the stanza within its canto (in the poem, without headings).
    pub(crate) stanza: usize,
    /// 1-based number of the stanza's first line within its canto (in the poem, without headings).
    pub(crate) line: usize,
}

/// Some lines that are said at once: a tercet, a closing line, a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stanza {
    /// The lines, joined by `\n`, without the indentation that all of them share.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// One canto: its heading and the stanzas that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Canto {
    /// Name of the canticle, as the heading spells it.
    pub(crate) canticle: String,
    /// Number of the canto within the canticle.
    pub(crate) number: u32,
    /// Indices of its stanzas in the poem.
    pub(crate) stanzas: Range<usize>,
}

/// A text, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poem {
    stanzas: Vec<Stanza>,
    cantos: Vec<Canto>,
    edition: String,
    notes: Vec<Note>,
}

/// Why a text cannot be a poem.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PoemError {
    /// It is a file of another kind.
    #[error("{0}")]
    NotText(FileKind),
    /// Letters are in an encoding of eight bits.
    #[error(
        "line {line} is not UTF-8 text (byte {byte:02X}): most likely it is Windows-1252 (Latin-1) or another old encoding; \
         save it as UTF-8 in an editor, or run: iconv -f WINDOWS-1252 -t UTF-8 FILE >poem.txt"
    )]
    NotUtf8 {
        /// 1-based line of the first bad byte.
        line: usize,
        /// That byte.
        byte: u8,
    },
    /// UTF-8 elsewhere, but not here.
    #[error(
        "line {line} is damaged: not UTF-8, as the rest of the file is; repair that line, or save the file again as UTF-8"
    )]
    Damaged {
        /// 1-based line of the first bad byte.
        line: usize,
    },
    /// A byte of zero, which no text has.
    #[error(
        "line {line} has a zero byte, which no text has, so the file is damaged; save it again as plain text in UTF-8"
    )]
    Zero {
        /// 1-based line of the first zero.
        line: usize,
    },
    /// Nothing but blank lines and headings.
    #[error("it holds no stanza; stanzas are paragraphs of text, separated by blank lines")]
    Empty,
    /// More than `MAX_BYTES`.
    #[error("it has more than {MAX_BYTES} bytes, the most that are read; give a shorter text")]
    TooLarge,
    /// More than `MAX_STANZA`.
    #[error(
        "stanza {number} (\"{start}…\") has {bytes} bytes, more than {MAX_STANZA}, the most that go in one message; \
         divide it with blank lines"
    )]
    LongStanza {
        /// 1-based, in the whole poem.
        number: usize,
        /// How it begins.
        start: String,
        /// How long it is.
        bytes: usize,
    },
}

impl Poem {
    /// The poem that the binary carries: 3 cantos, 140 stanzas.
    pub fn embedded() -> Self {
        Self::divide(EMBEDDED)
    }

    /// Divides a text: UTF-8 with or without a byte order mark, with any line ends.
    ///
    /// # Errors
    /// When the text is not UTF-8, too large, holds no stanza, or one that is too long.
    pub fn parse(text: &[u8]) -> Result<Self, PoemError> {
        let poem = Self::divide(encoding::decode(text)?);
        if poem.stanzas.is_empty() {
            return Err(PoemError::Empty);
        }
        match poem.stanzas.iter().find(|stanza| stanza.text.len() > MAX_STANZA) {
            Some(stanza) => Err(PoemError::LongStanza {
                number: stanza.place.index + 1,
                start: stanza.text.trim_start().chars().take(SHOWN).collect(),
                bytes: stanza.text.len(),
            }),
            None => Ok(poem),
        }
    }

    fn divide(text: &str) -> Self {
        let text = clean::clean(text);
        let lines: Vec<&str> = text.lines().collect();
        let distributed = gutenberg::unpack(&lines);
        let mut left_out = LeftOut::default();
        let poem = match &distributed {
            Some(found) => {
                left_out.add(Matter::Header, found.header);
                left_out.add(Matter::Licence, found.licence);
                found.lines
            }
            None => &lines,
        };
        let pieces = outline::outline(poem, distributed.is_some());
        let cantos = pieces.iter().filter(|piece| matches!(piece.fate, Fate::Open { .. })).count();
        let blocks = pieces.iter().filter(|piece| !matches!(piece.fate, Fate::LeftOut(_)));
        let blocks = blocks.map(|piece| stanzas::blocks(&piece.lines).count()).sum();
        let mut builder = Builder::new(stanzas::division(cantos, blocks));
        let mut empty = Vec::new();
        for piece in &pieces {
            match &piece.fate {
                Fate::LeftOut(matter) => {
                    left_out.add(*matter, piece.size);
                    continue;
                }
                Fate::Empty => empty.push(piece),
                Fate::Keep => {}
                Fate::Open { canticle, number } => {
                    left_out.add(Matter::CantoTitles, usize::from(piece.titled));
                    builder.open_canto(canticle, *number);
                }
            }
            builder.add(&piece.lines);
        }
        let mut notes = left_out.into_notes();
        notes.extend(clean::damage(&text).map(|text| Note::Odd(text.into_owned())));
        if !empty.is_empty() {
            notes.push(Note::Odd(format!("{} without text", counted(empty.len(), "canto heading"))));
        }
        builder.finish(notes)
    }

    /// What was left out of the text, and what looks odd about it.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// All stanzas, in order.
    pub(crate) fn stanzas(&self) -> &[Stanza] {
        &self.stanzas
    }

    /// All cantos, in order; empty for a text without headings.
    pub(crate) fn cantos(&self) -> &[Canto] {
        &self.cantos
    }

    /// The whole text, as it could be read again: headings, and stanzas between blank lines.
    pub(crate) fn text(&self) -> String {
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
    pub(crate) fn len(&self) -> usize {
        self.stanzas.len()
    }

    /// Eight hexadecimal digits that change when any heading or word changes, and only then.
    pub(crate) fn edition(&self) -> &str {
        &self.edition
    }
}

/// Lines that are not the poem's, counted by kind.
#[derive(Default)]
struct LeftOut(BTreeMap<Matter, usize>);

impl LeftOut {
    fn add(&mut self, matter: Matter, lines: usize) {
        *self.0.entry(matter).or_default() += lines;
    }

    fn into_notes(self) -> Vec<Note> {
        let some = self.0.into_iter().filter(|(_, lines)| *lines > 0);
        some.map(|(matter, lines)| Note::LeftOut { matter, lines }).collect()
    }
}

#[cfg(test)]
mod tests;
