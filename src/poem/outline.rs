//! Lines → pieces: which lines belong to which canto, and which are not the poem's.

use std::collections::{HashMap, HashSet};

use super::{
    gutenberg,
    heading::{self, Heading},
    notes::Matter,
};

/// What becomes of a piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It opens a canto.
    Open {
        /// The canticle's name.
        canticle: String,
        /// The canto's number in it.
        number: u32,
    },
    /// It belongs to the canto that is open, or to none.
    Keep,
    /// It is not the poem's.
    LeftOut(Matter),
    /// A heading without text under it, which no other heading repeats.
    Empty,
}

/// Some lines that one line opened.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    pub(super) fate: Fate,
    pub(super) lines: Vec<&'t str>,
    /// Lines that are not blank, the opening one included.
    pub(super) size: usize,
    /// Its heading has a title beside the number, which is not in the lines.
    pub(super) titled: bool,
}

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
    if !parts.iter().any(|part| matches!(part.opener, Opener::Canto(_))) {
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
        let fate = match part.opener {
            Opener::Canto(_) => cantos[&at].clone(),
            Opener::Contents => Fate::LeftOut(Matter::Contents),
            Opener::Notes => Fate::LeftOut(Matter::Notes),
            Opener::Start if distributed => Fate::LeftOut(Matter::TitlePage),
            Opener::Start => Fate::Keep,
            Opener::Title(_) => match pieces.last().map(|piece| &piece.fate) {
                _ if part.text() == 0 => Fate::Keep,
                // Contents have headings of their own.
                Some(Fate::LeftOut(Matter::Contents))
                    if matches!(next(&parts, at), Some(Opener::Title(_))) =>
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

/// What a line does to the lines after it.
#[derive(Debug, Clone, Copy)]
enum Opener<'t> {
    Start,
    /// The name of a canticle.
    Title(&'t str),
    Canto(Heading<'t>),
    Contents,
    Notes,
}

#[derive(Debug)]
struct Part<'t> {
    opener: Opener<'t>,
    lines: Vec<&'t str>,
    size: usize,
    titled: bool,
}

impl Part<'_> {
    /// Lines that are not blank, without the opening one.
    fn text(&self) -> usize {
        self.lines.iter().filter(|line| !line.trim().is_empty()).count()
    }
}

fn parts<'t>(lines: &[&'t str], distributed: bool) -> Vec<Part<'t>> {
    let named: HashSet<String> =
        lines.iter().filter_map(|line| heading::heading(line)?.canticle).map(str::to_lowercase).collect();
    // Names that no heading gives are looked for where headings are without.
    let unnamed =
        lines.iter().any(|line| heading::heading(line).is_some_and(|heading| heading.canticle.is_none()));
    let blank = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_none_or(|line| line.trim().is_empty());
    let mut parts = vec![Part { opener: Opener::Start, lines: Vec::new(), size: 0, titled: false }];
    // Whether this paragraph began with a heading: a table of contents can be one paragraph.
    let mut among_headings = false;
    for (at, line) in lines.iter().enumerate() {
        let first = blank(at.checked_sub(1));
        let alone = first && blank(Some(at + 1));
        let opener = match heading::heading(line) {
            Some(found) if first || among_headings => Some(Opener::Canto(found)),
            Some(found) if found.title.is_empty() && (found.canticle.is_some() || blank(Some(at + 1))) => {
                Some(Opener::Canto(found))
            }
            _ if named.contains(&line.trim().to_lowercase()) => Some(Opener::Title(line.trim())),
            _ if unnamed && (first || among_headings) => {
                heading::canticle(line).map(|(_, name)| Opener::Title(name))
            }
            _ => None,
        };
        let opener = opener
            .or_else(|| (first && heading::opens_contents(line)).then_some(Opener::Contents))
            .or_else(|| {
                ((alone || (first && (distributed || line.trim_end().ends_with(':'))))
                    && heading::opens_notes(line))
                .then_some(Opener::Notes)
            });
        among_headings = opener.is_some() || (among_headings && !first);
        match (opener, parts.last_mut()) {
            (Some(opener), _) => {
                let mut part = Part { opener, lines: Vec::new(), size: 1, titled: false };
                if let Opener::Canto(Heading { title, .. }) = opener
                    && !title.is_empty()
                {
                    // An argument that goes on in the next line is text; a title alone is none.
                    let goes_on = !blank(Some(at + 1))
                        && lines.get(at + 1).is_some_and(|next| heading::heading(next).is_none());
                    part.titled = !goes_on;
                    part.lines.extend(goes_on.then_some(title));
                }
                parts.push(part);
            }
            (None, Some(part)) => {
                part.size += usize::from(!line.trim().is_empty());
                part.lines.push(line);
            }
            (None, None) => {}
        }
    }
    parts
}

/// A canticle, however it is spelt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Known(usize),
    Named(String),
    Unnamed(usize),
}

impl Key {
    fn new(name: &str) -> Self {
        match heading::canticle(name) {
            Some((which, _)) => Self::Known(which),
            None => Self::Named(name.to_lowercase()),
        }
    }
}

/// How each canticle is spelt: as its headings do; most of them, where they differ.
struct Spellings(HashMap<Key, String>);

impl Spellings {
    fn new(parts: &[Part<'_>]) -> Self {
        let mut counts: HashMap<Key, Vec<(&str, usize)>> = HashMap::new();
        for part in parts {
            let (name, weight) = match part.opener {
                Opener::Canto(Heading { canticle: Some(name), .. }) => (name, 2 * parts.len()),
                Opener::Title(name) => (name, 1),
                _ => continue,
            };
            let spellings = counts.entry(Key::new(name)).or_default();
            match spellings.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += weight,
                None => spellings.push((name, weight)),
            }
        }
        let best = |spellings: Vec<(&str, usize)>, parts: usize| {
            let from_headings = spellings.iter().filter(|(_, count)| *count >= 2 * parts).count();
            let capitals = |name: &str| !name.contains(char::is_lowercase);
            let best = spellings
                .iter()
                .enumerate()
                .max_by_key(|(at, (name, count))| (*count, !capitals(name), usize::MAX - at));
            best.map(|(_, (name, _))| if from_headings > 0 { (*name).to_owned() } else { capitalized(name) })
        };
        Self(counts.into_iter().filter_map(|(key, names)| Some((key, best(names, parts.len())?))).collect())
    }

    fn of(&self, key: &Key) -> String {
        self.0.get(key).cloned().unwrap_or_default()
    }
}

/// `HELL` → `Hell`; names that aren't in capitals stay.
fn capitalized(name: &str) -> String {
    if name.contains(char::is_lowercase) {
        return name.to_owned();
    }
    let mut letters = name.chars();
    letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect()
}

/// Cantos that follow one another in one canticle.
#[derive(Debug)]
struct Run {
    key: Key,
    /// Indices of the parts, and their numbers.
    cantos: Vec<(usize, u32)>,
    lines: usize,
    /// It begins again after a heading of notes: notes on each canto.
    notes: bool,
    /// It begins right under a heading of contents.
    contents: bool,
}

impl Run {
    fn average(&self) -> usize {
        self.lines / self.cantos.len().max(1)
    }
}

/// What becomes of each part that a canto's heading opens. Where a heading is repeated, the longest run wins
/// over those that are much shorter.
fn choose(parts: &[Part<'_>], names: &Spellings) -> HashMap<usize, Fate> {
    let mut fates = HashMap::new();
    let (runs, empty) = runs(parts);
    let longest = runs.iter().map(Run::average).max().unwrap_or(0);
    let mut order: Vec<_> = runs.iter().collect();
    order.sort_by_key(|run| (run.notes, usize::MAX - run.lines));
    // How many lines a canto has in the longest run with this heading.
    let mut taken: HashMap<(Key, u32), usize> = HashMap::new();
    let mut kept: Vec<&Run> = Vec::new();
    for run in order {
        let known = |number: u32| taken.get(&(run.key.clone(), number)).copied();
        // What is about as long may be another version, or a heading on each page: no text is lost for it.
        let again = run
            .cantos
            .iter()
            .any(|(_, number)| known(*number).is_some_and(|lines| run.average() * 2 <= lines));
        let listed = run.contents && run.average() < longest;
        let thin = matches!(run.key, Key::Unnamed(_)) && (listed || run.average() * 4 < longest);
        if again || thin || (run.notes && !kept.is_empty()) {
            let matter = match () {
                () if run.notes => Matter::Notes,
                // Entries of contents have a line or two.
                () if run.average() <= 3 || thin => Matter::Contents,
                () => Matter::Repeats,
            };
            fates.extend(run.cantos.iter().map(|(at, _)| (*at, Fate::LeftOut(matter))));
        } else {
            for (_, number) in &run.cantos {
                taken.entry((run.key.clone(), *number)).or_insert(run.average());
            }
            kept.push(run);
        }
    }
    kept.sort_by_key(|run| run.cantos[0].0);
    let unnamed = kept.iter().filter(|run| matches!(run.key, Key::Unnamed(_))).count();
    let mut part = 0;
    for run in &kept {
        let canticle = match run.key {
            Key::Unnamed(_) if unnamed == 1 => UNNAMED.to_owned(),
            Key::Unnamed(_) => {
                part += 1;
                format!("{UNNAMED_PART} {part}")
            }
            _ => names.of(&run.key),
        };
        let open = |number| Fate::Open { canticle: canticle.clone(), number };
        fates.extend(run.cantos.iter().map(|(at, number)| (*at, open(*number))));
    }
    let numbers: HashSet<u32> =
        kept.iter().flat_map(|run| run.cantos.iter().map(|(_, number)| *number)).collect();
    for (at, number, doubled) in empty {
        let fate = match () {
            () if doubled => Fate::Keep,
            () if numbers.contains(&number) => Fate::LeftOut(Matter::Contents),
            () => Fate::Empty,
        };
        fates.insert(at, fate);
    }
    fates
}

/// What cantos belong to whose canticle has no name.
const UNNAMED: &str = "Poem";

/// The same, where there are several such canticles.
const UNNAMED_PART: &str = "Part";

/// Parts of headings without text: index, number, and whether the next heading says the same.
type Empty = Vec<(usize, u32, bool)>;

fn runs(parts: &[Part<'_>]) -> (Vec<Run>, Empty) {
    let mut runs: Vec<Run> = Vec::new();
    let mut empty = Vec::new();
    // The canticle that the last title or heading named, and whether a title named it since the last run began.
    let mut current: Option<Key> = None;
    let mut renewed = false;
    let (mut notes, mut contents) = (false, false);
    for (at, part) in parts.iter().enumerate() {
        let heading = match part.opener {
            Opener::Title(name) => {
                (current, renewed) = (Some(Key::new(name)), true);
                (notes, contents) = (false, false);
                continue;
            }
            Opener::Notes => {
                notes = true;
                continue;
            }
            Opener::Canto(heading) => heading,
            Opener::Contents => {
                contents = true;
                continue;
            }
            Opener::Start => continue,
        };
        if part.text() == 0 {
            let doubled =
                matches!(next(parts, at), Some(Opener::Canto(next)) if next.number == heading.number);
            empty.push((at, heading.number, doubled));
            if let Some(name) = heading.canticle {
                (current, renewed) = (Some(Key::new(name)), true);
            }
            continue;
        }
        let number = heading.number;
        let last =
            runs.last().map(|run| (run.key.clone(), run.cantos.last().map_or(0, |(_, number)| *number)));
        let key = match (heading.canticle, last.clone()) {
            (Some(name), _) => Key::new(name),
            // It goes on counting, and no title came between.
            (None, Some((key, before))) if before < number && !renewed => key,
            (None, _) => current.clone().filter(|_| renewed).unwrap_or(Key::Unnamed(runs.len())),
        };
        if heading.canticle.is_some() {
            current = Some(key.clone());
        }
        renewed = false;
        match runs.last_mut() {
            Some(run) if last.is_some_and(|(known, before)| known == key && before < number) => {
                run.cantos.push((at, number));
                run.lines += part.text();
            }
            _ => runs.push(Run { key, cantos: vec![(at, number)], lines: part.text(), notes, contents }),
        }
        (notes, contents) = (false, false);
    }
    (runs, empty)
}

fn next<'p, 't>(parts: &'p [Part<'t>], at: usize) -> Option<&'p Opener<'t>> {
    parts.get(at + 1).map(|part| &part.opener)
}

/// Whether a title stands before its first canto, so that what is between is a title page.
fn is_title_page(rest: &[Part<'_>], cantos: &HashMap<usize, Fate>, at: usize) -> bool {
    let next = rest.iter().enumerate().skip(1).find(|(_, part)| !matches!(part.opener, Opener::Title(_)));
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

/// A text that has no cantos: credits and contents can be told from it, nothing else.
fn without_headings<'t>(lines: &[&'t str], distributed: bool) -> Vec<Piece<'t>> {
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
        super::roman(number).is_some()
            || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let text = line.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let paged = text.len() < line.len() && (text.ends_with("  ") || text.trim_end().ends_with(['.', '…']));
    numbered || paged || last.get(&line.to_lowercase()).is_some_and(|last| *last > at)
}
