//! Lines that are not the poem's own: headings of cantos, names of canticles, tables of contents, notes.

use super::numeral;

/// What opens a canto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading<'t> {
    /// The canticle, where the heading names it: `Inferno: Canto IV`.
    pub(super) canticle: Option<&'t str>,
    /// The canto's number.
    pub(super) number: u32,
    /// What follows the number: `Canto IV. The first circle`.
    pub(super) title: &'t str,
}

/// Words for a canto in the languages that Dante is read in.
const CANTO: [&str; 3] = ["canto", "chant", "gesang"];

/// The canticles' names; each row is one canticle.
const CANTICLES: [&[&str]; 3] = [
    &["inferno", "hell", "hölle", "enfer", "infierno"],
    &["purgatorio", "purgatory", "fegefeuer", "läuterungsberg", "purgatoire"],
    &["paradiso", "paradise", "heaven", "paradies", "paradis", "paraíso"],
];

/// What may stand before a canticle's name, or in its place before a colon.
const BEFORE_CANTICLES: [&str; 19] = [
    "the vision of ",
    "the vision: ",
    "the divine comedy: ",
    "divine comedy: ",
    "la divina commedia: ",
    "dante's ",
    "dante’s ",
    "the ",
    "la ",
    "le ",
    "il ",
    "el ",
    "die ",
    "das ",
    "der ",
    "l'",
    "l’",
    "of ",
    "or ",
];

/// Words of a number of Dante's parts, as in `CANTICLE I: INFERNO` and `CANTICA PRIMA - INFERNO`.
const PARTS: [&str; 8] = ["canticle", "cantica", "part", "parte", "volume", "vol.", "cantique", "book"];

/// Between a canticle's name and the word for a canto.
const BETWEEN: [char; 11] = [':', '•', '·', '-', '–', '—', ',', '.', '|', ';', '/'];

/// Reads `Inferno: Canto IV`, `INFERNO - CANTO QUARTO.`, `Canto 4`, `CANTO IV. The first circle`, `Erster Gesang`.
///
/// A canticle that isn't one of Dante's counts only before a colon, a dot in the middle or a dash.
pub(super) fn heading(line: &str) -> Option<Heading<'_>> {
    let line = undecorated(line);
    let (before, after) = around_canto(line)?;
    let before = before.trim();
    let after = after.trim().trim_start_matches([':', '.']).trim_start();
    if after.is_empty() {
        // The number before the word.
        let number = numeral::number(before.trim_end_matches('.'))?;
        return Some(Heading { canticle: None, number, title: "" });
    }
    let (number, title) = number_and_title(after)?;
    let name = before.trim_end_matches(BETWEEN).trim_end();
    let canticle = match name {
        "" if before.is_empty() => None,
        "" => return None,
        name => {
            let mark = before[name.len()..].trim();
            let certain = mark.contains([':', '•', '·', '–', '—', '|'])
                || (mark == "-" && name.split(' ').count() <= 3);
            (certain || canticle(name).is_some()).then_some(Some(name))?
        }
    };
    // `Canto IV (Inferno)`
    let beside = canticle.is_none().then(|| title.trim_matches(['(', ')', '[', ']', '.', ' ']));
    if let Some(beside) = beside.filter(|title| self::canticle(title).is_some()) {
        return Some(Heading { canticle: Some(beside), number, title: "" });
    }
    Some(Heading { canticle, number, title })
}

/// What stands before and after the first word for a canto.
fn around_canto(line: &str) -> Option<(&str, &str)> {
    // Headings are short, even with a title.
    let mut at = 0;
    for word in line.split_inclusive([' ', '.', ':']) {
        let bare = word.trim_end_matches([' ', '.', ':']);
        if CANTO.iter().any(|canto| bare.eq_ignore_ascii_case(canto)) {
            return Some((&line[..at], &line[at + bare.len()..]));
        }
        at += word.len();
        if at > 80 {
            break;
        }
    }
    None
}

/// Divides `IV. The first circle`. A title is told by a mark or a wide gap after the number.
fn number_and_title(text: &str) -> Option<(u32, &str)> {
    let whole = text.trim_end_matches(['.', ':', ' ']);
    let lower_roman = || {
        numeral::roman(&whole.to_uppercase()).filter(|_| whole.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    if let Some(number) = numeral::number(whole).or_else(lower_roman) {
        return Some((number, ""));
    }
    ["  ", ". ", ": ", " - ", ".—", ".–", " – ", " — ", "—", ") ", " (", " ["].iter().find_map(|mark| {
        let (number, _) = text.split_once(mark)?;
        let title = text[number.len()..].trim_matches(['.', ':', '-', '–', '—', ' ']);
        // A verse is cited, and no title begins with a number.
        let cited = title.starts_with(|first: char| first.is_ascii_digit());
        numeral::number(number.trim()).filter(|_| !cited).map(|number| (number, title))
    })
}

/// The canticle that a line names and nothing else, in words of its own: `HELL`, `CANTICLE I: INFERNO`,
/// `L'Enfer`, `THE VISION OF HELL`; and which of the three it is.
pub(super) fn canticle(line: &str) -> Option<(usize, &str)> {
    let line = undecorated(line).trim_end_matches(['.', ',', ':', ';']);
    if line.len() > 60 {
        return None;
    }
    let begins =
        |text: &str, with: &str| text.get(..with.len()).is_some_and(|start| start.to_lowercase() == with);
    let mut name = line;
    if PARTS.iter().any(|part| begins(name, part)) {
        name = name.rsplit([':', '-', '–', '—', '.', ',']).next().unwrap_or(name).trim();
    }
    while let Some(prefix) = BEFORE_CANTICLES.iter().find(|prefix| begins(name, prefix)) {
        name = name[prefix.len()..].trim_start();
    }
    let lower = name.to_lowercase();
    // `HELL; OR, THE INFERNO`
    let first = [" or ", "; or", ", or", " ("].iter().filter_map(|or| lower.find(or)).min();
    let name = first.and_then(|end| name.get(..end)).unwrap_or(name).trim();
    let lower = name.to_lowercase();
    CANTICLES.iter().position(|names| names.contains(&lower.as_str())).map(|which| (which, name))
}

/// Whether a line opens a table of contents.
pub(super) fn opens_contents(line: &str) -> bool {
    const NAMES: [&str; 11] = [
        "contents",
        "table of contents",
        "the contents",
        "list of cantos",
        "cantos",
        "indice",
        "índice",
        "sommario",
        "inhalt",
        "inhaltsverzeichnis",
        "table des matières",
    ];
    is_one_of(line, &NAMES)
}

/// Whether a line opens what an editor added: notes, an appendix, an index.
pub(super) fn opens_notes(line: &str) -> bool {
    const NAMES: [&str; 16] = [
        "table of special characters",
        "tavola dei caratteri speciali",
        "notes",
        "footnotes",
        "endnotes",
        "appendix",
        "glossary",
        "index",
        "note",
        "anmerkungen",
        "transcriber's note",
        "transcriber's notes",
        "transcriber’s note",
        "transcriber’s notes",
        "bibliography",
        "illustrations",
    ];
    let line = undecorated(line);
    let notes_to = |rest: &str| canticle(rest).is_some();
    let to = ["NOTES TO ", "NOTES ON ", "NOTES TO THE ", "Notes to ", "Notes on "]
        .iter()
        .find_map(|to| line.strip_prefix(to));
    is_one_of(line, &NAMES) || to.is_some_and(notes_to)
}

fn is_one_of(line: &str, names: &[&str]) -> bool {
    let line = undecorated(line).trim_matches(['[', ']', '.', ':', ' ']);
    // A heading begins with a capital letter.
    line.len() < 40 && line.starts_with(char::is_uppercase) && names.contains(&line.to_lowercase().as_str())
}

/// Without the marks by which plain text says that a line is large, slanted or in the middle.
fn undecorated(line: &str) -> &str {
    line.trim().trim_matches(['#', '*', '_', '=', '~', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_many_editions() {
        for (line, canticle, number, title) in [
            ("Inferno: Canto IV", Some("Inferno"), 4, ""),
            ("  Inferno • Canto IV", Some("Inferno"), 4, ""),
            ("Vita Nuova: Canto 4", Some("Vita Nuova"), 4, ""),
            ("INFERNO: CANTO I", Some("INFERNO"), 1, ""),
            ("Inferno - Canto II", Some("Inferno"), 2, ""),
            ("Inferno · Canto III", Some("Inferno"), 3, ""),
            ("Inferno: Canto IV.", Some("Inferno"), 4, ""),
            ("Inferno, Canto V", Some("Inferno"), 5, ""),
            ("Hell Canto 5", Some("Hell"), 5, ""),
            ("Inferno: Canto primo", Some("Inferno"), 1, ""),
            ("INFERNO. CANTO TRENTESIMOQUARTO", Some("INFERNO"), 34, ""),
            ("Paradiso, canto iv", Some("Paradiso"), 4, ""),
            ("CANTO I", None, 1, ""),
            ("Canto 12.", None, 12, ""),
            ("_Canto the Second_", None, 2, ""),
            ("## Canto III: The Gate", None, 3, "The Gate"),
            (
                "CANTO I. Dante, astray in a wood, reaches the foot of a hill",
                None,
                1,
                "Dante, astray in a wood, reaches the foot of a hill",
            ),
            ("Canto XX.—Virgil speaks", None, 20, "Virgil speaks"),
            ("CANTO I — INFERNO", Some("INFERNO"), 1, ""),
            ("Canto 3 (Purgatory)", Some("Purgatory"), 3, ""),
            ("Erster Gesang", None, 1, ""),
            ("L'Enfer - Chant XII", Some("L'Enfer"), 12, ""),
            ("CHANT PREMIER", None, 1, ""),
        ] {
            assert_eq!(heading(line), Some(Heading { canticle, number, title }), "{line}");
        }
    }

    #[test]
    fn verses_are_no_headings() {
        for line in [
            "",
            "Canto",
            "Canto l'arme pietose e 'l capitano",
            "canto i capitani",
            "e dar matera al ventesimo canto",
            "percosse del legno il primo canto.",
            "See the Purgatorio, Canto IV. 12.",
            "as is told in Canto IV",
            ": Canto IV",
            "Inferno: Canto",
            "Inferno: Canto ours",
            "Book 4",
        ] {
            assert_eq!(heading(line), None, "{line}");
        }
    }

    #[test]
    fn canticles_alone_on_a_line() {
        for (line, which, name) in [
            ("INFERNO", 0, "INFERNO"),
            ("  The Inferno.", 0, "Inferno"),
            ("CANTICLE I: INFERNO", 0, "INFERNO"),
            ("Cantica seconda - Purgatorio", 1, "Purgatorio"),
            ("HELL; OR, THE INFERNO", 0, "HELL"),
            ("THE VISION OF PARADISE", 2, "PARADISE"),
            ("L’Enfer", 0, "Enfer"),
            ("Die Hölle", 0, "Hölle"),
        ] {
            assert_eq!(canticle(line), Some((which, name)), "{line}");
        }
        for line in ["", "Hell is empty", "the", "Part I", "In paradise with thee", "İ", "L"] {
            assert_eq!(canticle(line), None, "{line}");
        }
    }

    #[test]
    fn contents_and_notes_stand_alone() {
        for line in ["CONTENTS", "Contents.", "Table of Contents", "LIST OF CANTOS", "Indice"] {
            assert!(opens_contents(line), "{line}");
        }
        for line in ["FOOTNOTES:", "Notes", "NOTES TO HELL", "APPENDIX", "Transcriber’s Note:"] {
            assert!(opens_notes(line), "{line}");
        }
        for line in ["contents", "the contents of my heart", "Notes of a flute", "", "notes"] {
            assert!(!opens_contents(line) && !opens_notes(line), "{line}");
        }
    }
}
