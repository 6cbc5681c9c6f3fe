//! Whole texts, in the shapes of editions that people have.

use proptest::prelude::*;

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
    assert_eq!(poem.edition(), "d4b1c7b2", "readers on their way hold to it");
    assert_eq!(poem.notes(), []);
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
        Place { index: 47, of: 140, canticle: Some("Purgatorio".into()), canto: Some(1), stanza: 2, line: 4 }
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
    assert_eq!(Poem::parse(b"a\n\nb\n\xff\n"), Err(PoemError::NotUtf8 { line: 4, byte: 0xff }));
    assert_eq!(Poem::parse(b" \n\n"), Err(PoemError::Empty));
    assert_eq!(Poem::parse(b"Inferno: Canto I\n"), Err(PoemError::Empty));
    let huge = vec![b'a'; MAX_BYTES + 1];
    assert_eq!(Poem::parse(&huge), Err(PoemError::TooLarge));
    let long = format!("short\n\n{}\n", "selva oscura ".repeat(MAX_STANZA / 12));
    let error = Poem::parse(long.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("stanza 2 (\"selva oscura") && error.contains("blank lines"), "{error}");
    assert!(Poem::parse(format!("{}\n", "a".repeat(MAX_STANZA)).as_bytes()).is_ok());
}

#[test]
fn a_poem_written_out_is_the_same_poem() {
    let poem = Poem::embedded();
    assert_eq!(Poem::parse(poem.text().as_bytes()), Ok(poem));
    let plain = Poem::parse(b"a\nb\n\nc").unwrap();
    assert_eq!(plain.text(), "a\nb\n\nc\n");
}

/// Cantos as `name number: stanzas`, the first stanza's first line after each, and the notes.
fn shape(text: &str) -> (String, String) {
    let poem = Poem::parse(text.as_bytes()).unwrap();
    let cantos: Vec<_> = poem
        .cantos()
        .iter()
        .map(|canto| {
            let first = &poem.stanzas()[canto.stanzas.start].text;
            let Canto { canticle, number, stanzas } = canto;
            format!("{canticle} {number}: {} {}", stanzas.len(), first.lines().next().unwrap())
        })
        .collect();
    let notes: Vec<_> = poem.notes().iter().map(Note::to_string).collect();
    (cantos.join(", "), notes.join(", "))
}

/// Three tercets and a line, which begin with this word.
fn verses(word: &str) -> String {
    format!("{word} one\n  b\n  c\n\n").repeat(3) + word + " end\n\n"
}

const HEADER: &str = "The Project Gutenberg eBook of A Comedy\n\nTitle: A Comedy\n\n\
    *** START OF THE PROJECT GUTENBERG EBOOK A COMEDY ***\n\n\n";
const LICENCE: &str =
    "\n*** END OF THE PROJECT GUTENBERG EBOOK A COMEDY ***\n\nUpdated editions\nwill replace.\n";

#[test]
fn a_distributed_file_as_longfellow_is_set() {
    let contents = "CONTENTS\n\nInferno\n\nI. The wood.\nII. The gate.\n\nPurgatorio\n\nI. The shore.\n\n\n";
    let body: String = ["Inferno: Canto I", "Inferno: Canto II", "Purgatorio: Canto I"]
        .map(|heading| format!("{heading}\n\n\n{}", verses(heading)))
        .concat();
    let body = body.replace("Purgatorio: Canto I\n\n", "PURGATORIO\n\n\nPurgatorio: Canto I\n\n");
    let text = format!(
        "{HEADER}THE COMEDY\n\nCREDITS\n\nSomebody\n\n{contents}INFERNO\n\n{body}APPENDIX\n\nA sonnet\n{LICENCE}"
    );
    let (cantos, notes) = shape(&text.replace('\n', "\r\n"));
    assert_eq!(
        cantos,
        "Inferno 1: 4 Inferno: Canto I one, Inferno 2: 4 Inferno: Canto II one, \
         Purgatorio 1: 4 Purgatorio: Canto I one"
    );
    assert_eq!(
        notes,
        "Project Gutenberg's header (3 lines), title pages and credits (3 lines), a table of contents (6 lines), \
         notes and appendices (2 lines), Project Gutenberg's licence (3 lines)"
    );
}

#[test]
fn an_italian_file_with_a_table_of_letters_at_its_end() {
    let rule = "- ".repeat(20);
    let text = format!(
        "{HEADER}LA COMMEDIA\ndi Dante\n\n\n\nINFERNO\n\n\n\n  Inferno • Canto I\n\n\n{}{rule}\nTAVOLA DEI CARATTERI SPECIALI\n\
         TABLE OF SPECIAL CHARACTERS\n\nà = a grave\n{LICENCE}",
        verses("A")
    );
    let (cantos, notes) = shape(&text);
    assert_eq!(cantos, "Inferno 1: 4 A one");
    assert!(notes.contains("title pages and credits (2 lines), notes and appendices (3 lines)"), "{notes}");
}

#[test]
fn canticles_on_lines_of_their_own_and_notes_that_repeat_the_headings() {
    let cary = |name: &str| {
        format!(
            "{name}\n\nCANTO I\n\n{}CANTO II\n\n{}NOTES TO {name}\n\nCANTO I\n\nVerse 1. A note\nof two lines\n\n\
             Verse 2. Another\nand more\nand more\nand more\n\nCANTO II\n\nVerse 3. The last\n\n",
            verses(name),
            verses(name)
        )
    };
    let text = format!("LIST OF CANTOS\n\nHELL\nCanto 1\nCanto 2\n\n{}{}", cary("HELL"), cary("PURGATORY"));
    let (cantos, notes) = shape(&text);
    assert_eq!(
        cantos,
        "Hell 1: 4 HELL one, Hell 2: 4 HELL one, Purgatory 1: 4 PURGATORY one, Purgatory 2: 4 PURGATORY one"
    );
    assert_eq!(notes, "a table of contents (3 lines), notes and appendices (20 lines)");
}

#[test]
fn arguments_are_text_and_titles_are_not() {
    let prose = |word: &str| format!("{word}\nwood, for the right way\nwas lost.\n\nAh! how hard.\n\n");
    let norton = format!(
        "HELL\n\nCANTO I. Dante, astray in a wood, reaches\nthe foot of a hill.--\n\n{}CANTO II. Dante, doubtful\nof his \
         powers.--\n\n{}",
        prose("Midway"),
        prose("The day")
    );
    let contents = "CONTENTS\n\nCANTO I. Dante, astray in a wood, reaches\nthe foot of a hill.\n\nCANTO II. Dante, doubtful.\n\n";
    assert_eq!(shape(&norton).0, "Hell 1: 3 Dante, astray in a wood, reaches, Hell 2: 3 Dante, doubtful");
    let (cantos, notes) = shape(&(contents.to_owned() + &norton));
    assert_eq!(cantos, shape(&norton).0);
    assert_eq!(notes, "a table of contents (4 lines)");
    let titled =
        format!("Inferno\n\nCanto I: The Wood\n\n{}Canto II: The Gate\n\n{}", verses("A"), verses("B"));
    let (cantos, notes) = shape(&titled);
    assert_eq!(cantos, "Inferno 1: 4 A one, Inferno 2: 4 B one");
    assert_eq!(notes, "titles in canto headings (2 lines)");
}

#[test]
fn cantos_whose_canticle_has_no_name() {
    let cantos = |words: [&str; 2]| {
        format!("CANTO PRIMO\n\n{}CANTO SECONDO\n\n{}", verses(words[0]), verses(words[1]))
    };
    assert_eq!(shape(&cantos(["A", "B"])).0, "Poem 1: 4 A one, Poem 2: 4 B one");
    let twice = cantos(["A", "B"]) + &cantos(["C", "D"]);
    assert_eq!(shape(&twice).0, "Part 1 1: 4 A one, Part 1 2: 4 B one, Part 2 1: 4 C one, Part 2 2: 4 D one");
}

#[test]
fn spellings_of_one_canticle_are_one() {
    let headings = [
        "INFERNO: CANTO I",
        "Inferno - Canto II",
        "Inferno · Canto III",
        "Inferno: Canto IV.",
        "Inferno, Canto V",
    ];
    let text: String = headings.map(|heading| format!("{heading}\n\n{}", verses("A"))).concat();
    let (cantos, notes) = shape(&text);
    assert_eq!(cantos, [1, 2, 3, 4, 5].map(|number| format!("Inferno {number}: 4 A one")).join(", "));
    assert_eq!(notes, "");
}

#[test]
fn no_text_is_lost_to_a_heading_that_comes_again() {
    let text = format!("Inferno: Canto I\n\n{}Inferno: Canto I\n\n{}", verses("A"), verses("B"));
    let (cantos, notes) = shape(&text);
    assert_eq!(cantos, "Inferno 1: 4 A one, Inferno 1: 4 B one");
    assert_eq!(notes, "Inferno: Canto 1 comes more than once");
    let short = format!("Inferno: Canto I\n\nA summary.\n\nInferno: Canto I\n\n{}", verses("B"));
    assert_eq!(shape(&short), ("Inferno 1: 4 B one".into(), "a table of contents (2 lines)".into()));
}

#[test]
fn a_distributed_text_without_cantos() {
    let text = format!(
        "{HEADER}Produced by Somebody\n\nCONTENTS\n\n  Spring\n  Autumn\n\nSpring\n\na\nb\n\nAutumn\n\nc\nd\n{LICENCE}"
    );
    let poem = Poem::parse(text.as_bytes()).unwrap();
    assert_eq!(poem.text(), "Spring\n\na\nb\n\nAutumn\n\nc\nd\n");
    let alone = Poem::parse(b"Contents\n\nWhat a box holds,\nand no more.\n").unwrap();
    assert_eq!(alone.len(), 2);
}

#[test]
fn tercets_told_by_indentation_alone() {
    let text = format!(
        "Inferno: Canto I\n{}Inferno: Canto II\n{}",
        verses("A").replace("\n\n", "\n"),
        verses("B").replace("\n\n", "\n")
    );
    let tabs = text.replace("\n  ", "\n\t");
    for text in [&text, &tabs] {
        assert_eq!(shape(text).0, "Inferno 1: 4 A one, Inferno 2: 4 B one");
    }
}

#[test]
fn what_looks_odd_is_said() {
    for (text, wanted) in [
        (
            "a\nb\n",
            "no canto headings found; they look like \"Inferno: Canto IV\" or \"Canto IV\", \
                    1 stanza; are the stanzas separated by blank lines?",
        ),
        (
            &format!("Inferno: Canto I\n\na\n\n{}", "b\n".repeat(136)),
            "stanzas of up to 136 lines; are they separated by blank lines?",
        ),
        ("Preface\n\nInferno: Canto I\n\na\n", "1 stanza before the first canto heading"),
        ("Inferno: Canto I\n\na\n\nInferno: Canto IV\n\nb\n", "Inferno has no heading of canto 2 and 1 more"),
        (
            "Inferno: Canto I\n\na\n\nInferno: Canto II\n\nInferno: Canto III\n\nb\n\nc",
            "1 canto heading without text, Inferno has no heading of canto 2",
        ),
        (&format!("Inferno: Canto I\n\na\n\n{}", "b ".repeat(1000)), "lines of up to 1999 characters"),
    ] {
        assert_eq!(shape(text).1, wanted, "{text}");
    }
}

proptest! {
    /// Whatever is in a file: no panic, no empty canto, no empty stanza.
    #[test]
    fn any_lines_are_a_poem_or_refused(lines in proptest::collection::vec(
        prop_oneof![
            Just("Inferno: Canto I".to_owned()), Just("CANTO II".to_owned()), Just("HELL".to_owned()), Just(String::new()),
            Just("CONTENTS".to_owned()), Just("NOTES".to_owned()), Just("Canto III. A title".to_owned()), Just("  in".to_owned()),
            Just("*** START OF THE PROJECT GUTENBERG EBOOK ***".to_owned()), "[ -~è•İ\u{ad}]{0,12}",
        ],
        0..30,
    )) {
        if let Ok(poem) = Poem::parse(lines.join("\n").as_bytes()) {
            prop_assert!(poem.stanzas().iter().enumerate().all(|(at, stanza)| stanza.place.index == at));
            prop_assert!(poem.cantos().iter().all(|canto| !canto.stanzas.is_empty()));
            prop_assert!(poem.stanzas().iter().all(|stanza| !stanza.text.trim().is_empty()));
        }
    }

    #[test]
    fn any_bytes_are_a_poem_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Poem::parse(&bytes);
    }
}
