//! What the banner says of a poem: what was left out of the file, and what looks odd.

use std::{collections::HashSet, fmt};

use super::{Canto, Stanza};

/// More lines than this in a stanza are odd; verse paragraphs of blank verse have some thirty.
const LONG_STANZA: usize = 40;

/// More characters than this in a line are odd. A whole paragraph of prose in one line has some hundreds.
const LONG_LINE: usize = 1000;

/// What can be in a file beside the poem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Matter {
    /// Project Gutenberg's lines before the text.
    Header,
    /// Title page, credits, preface.
    TitlePage,
    /// A table of contents.
    Contents,
    /// Notes, appendices, an index.
    Notes,
    /// Cantos that come again elsewhere, at more length.
    Repeats,
    /// Titles beside the numbers of cantos.
    CantoTitles,
    /// Project Gutenberg's lines after the text.
    Licence,
}

/// Something that whoever gave a text should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// Lines of the file that are not streamed.
    LeftOut {
        /// What they are.
        matter: Matter,
        /// How many there are, blank ones not counted.
        lines: usize,
    },
    /// Something that may be wrong, in words.
    Odd(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd(text) => f.write_str(text),
            Self::LeftOut { matter, lines } => {
                let what = match matter {
                    Matter::Header => "Project Gutenberg's header",
                    Matter::TitlePage => "title pages and credits",
                    Matter::Contents => "a table of contents",
                    Matter::Notes => "notes and appendices",
                    Matter::Repeats => "shorter cantos under repeated headings",
                    Matter::CantoTitles => "titles in canto headings",
                    Matter::Licence => "Project Gutenberg's licence",
                };
                write!(f, "{what} ({})", counted(*lines, "line"))
            }
        }
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// What looks odd about a text as it was divided.
pub(super) fn oddities(stanzas: &[Stanza], cantos: &[Canto]) -> Vec<Note> {
    let mut odd = Vec::new();
    let mut say = |text: String| odd.push(Note::Odd(text));
    let lines = stanzas.iter().flat_map(|stanza| stanza.text.lines());
    let longest_line = lines.map(|line| line.chars().count()).max().unwrap_or(0);
    let longest = stanzas.iter().map(|stanza| stanza.text.lines().count()).max().unwrap_or(0);
    if cantos.is_empty() {
        say("no canto headings found; they look like \"Inferno: Canto IV\" or \"Canto IV\"".into());
    } else {
        let before = stanzas.iter().take_while(|stanza| stanza.place.canto.is_none()).count();
        if before > 0 {
            say(format!("{} before the first canto heading", counted(before, "stanza")));
        }
        missing(cantos).into_iter().chain(repeated(cantos)).for_each(&mut say);
    }
    if stanzas.len() == 1 {
        say("1 stanza; are the stanzas separated by blank lines?".into());
    }
    if longest > LONG_STANZA {
        say(format!("stanzas of up to {longest} lines; are they separated by blank lines?"));
    }
    if stanzas.len() >= 12 && longest == 1 && !cantos.is_empty() {
        say("every stanza is a single line; is there a blank line after every line?".into());
    }
    if longest_line > LONG_LINE {
        say(format!("lines of up to {longest_line} characters"));
    }
    odd
}

/// Cantos that a canticle skips; most likely their headings look different.
fn missing(cantos: &[Canto]) -> Vec<String> {
    let runs = cantos.chunk_by(|one, next| one.canticle == next.canticle);
    let gaps = runs.filter_map(|cantos| {
        let skipped = |pair: &[Canto]| (pair[0].number.saturating_add(1)..pair[1].number).collect::<Vec<_>>();
        let close = cantos.windows(2).filter(|pair| pair[1].number.saturating_sub(pair[0].number) < 100);
        let missing: Vec<u32> = close.flat_map(skipped).collect();
        let first = missing.first()?;
        Some(format!("{} has no heading of canto {first}{}", cantos[0].canticle, and_more(missing.len())))
    });
    gaps.collect()
}

/// Cantos that come more than once, at much the same length.
fn repeated(cantos: &[Canto]) -> Option<String> {
    let mut seen = HashSet::new();
    let again: Vec<_> = cantos.iter().filter(|canto| !seen.insert((&canto.canticle, canto.number))).collect();
    let first = again.first()?;
    let more = and_more(again.len());
    Some(format!("{}: Canto {}{more} comes more than once", first.canticle, first.number))
}

fn and_more(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" and {} more", count - 1) }
}
