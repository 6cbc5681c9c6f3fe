//! Runs of cantos, and which of them count where headings are repeated.

use std::collections::{HashMap, HashSet};

use super::{
    canticle::{Key, Spellings},
    notes::Matter,
    parts::{Part, PartKind, next},
    piece::Fate,
};

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
pub(super) fn choose(parts: &[Part<'_>], names: &Spellings) -> HashMap<usize, Fate> {
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
        let heading = match part.kind {
            PartKind::Title(name) => {
                (current, renewed) = (Some(Key::new(name)), true);
                (notes, contents) = (false, false);
                continue;
            }
            PartKind::Notes => {
                notes = true;
                continue;
            }
            PartKind::Canto(heading) => heading,
            PartKind::Contents => {
                contents = true;
                continue;
            }
            PartKind::Start => continue,
        };
        if part.text() == 0 {
            let doubled =
                matches!(next(parts, at), Some(PartKind::Canto(next)) if next.number == heading.number);
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
