//! [`Texts`]: what each stanza says, as the poem in the binary has it or as the first reader heard it.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use crate::poem::Poem;

/// The texts of each edition that readers were told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    hasher: RandomState,
    editions: Vec<(Box<str>, HashMap<u32, u64>)>,
}

/// One of the editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edition(usize);

impl Texts {
    /// The edition with this name.
    pub(super) fn edition(&mut self, name: &str) -> Edition {
        let found = self.editions.iter().position(|(known, _)| **known == *name);
        Edition(found.unwrap_or_else(|| {
            let texts = self.embedded(name);
            self.editions.push((name.into(), texts));
            self.editions.len() - 1
        }))
    }

    /// The texts of the poem in the binary, if that is the edition; else none, which readers then bring.
    fn embedded(&self, name: &str) -> HashMap<u32, u64> {
        let poem = Poem::embedded();
        let stanzas = if poem.edition() == name { poem.stanzas() } else { &[] };
        (0..)
            .zip(stanzas)
            .map(|(index, stanza)| (index, self.hasher.hash_one(stanza.text.as_str())))
            .collect()
    }

    /// Whether a stanza says what it has to say: what the poem does, or what it said the first time.
    pub(super) fn agree(&mut self, Edition(edition): Edition, index: u32, text: &str) -> bool {
        let hash = self.hasher.hash_one(text);
        *self.editions[edition].1.entry(index).or_insert(hash) == hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_or_learned() {
        let (poem, mut texts) = (Poem::embedded(), Texts::default());
        let embedded = texts.edition(poem.edition());
        assert!(texts.agree(embedded, 1, &poem.stanzas()[1].text));
        assert!(!texts.agree(embedded, 0, &poem.stanzas()[1].text), "known before it was heard");
        let other = texts.edition("other");
        assert_ne!(embedded, other);
        for (text, agrees) in [("a", true), ("b", false), ("a", true)] {
            assert_eq!(texts.agree(other, 0, text), agrees, "{text}");
        }
        assert_eq!(texts.edition("other"), other);
    }
}
