//! Which headings and titles mean the same canticle, and how it is spelt.

use std::collections::HashMap;

use super::{
    heading::{self, Heading},
    parts::{Part, PartKind},
};

/// A canticle, however it is spelt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Known(usize),
    Named(String),
    Unnamed(usize),
}

impl Key {
    pub(super) fn new(name: &str) -> Self {
        match heading::canticle(name) {
            Some((which, _)) => Self::Known(which),
            None => Self::Named(name.to_lowercase()),
        }
    }
}

/// How each canticle is spelt: as its headings do; most of them, where they differ.
pub(super) struct Spellings(HashMap<Key, String>);

impl Spellings {
    pub(super) fn new(parts: &[Part<'_>]) -> Self {
        let mut counts: HashMap<Key, Vec<(&str, usize)>> = HashMap::new();
        for part in parts {
            let (name, weight) = match part.kind {
                PartKind::Canto(Heading { canticle: Some(name), .. }) => (name, 2 * parts.len()),
                PartKind::Title(name) => (name, 1),
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

    pub(super) fn of(&self, key: &Key) -> String {
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
