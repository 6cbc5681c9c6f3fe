//! Cantos and their lines → a poem with the place of each stanza, and its edition.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{
    Canto, Place, Poem, Stanza,
    notes::{self, Note},
    stanzas::{self, Division},
};

/// A poem in the making.
pub(super) struct Builder {
    stanzas: Vec<Stanza>,
    cantos: Vec<Canto>,
    division: Division,
    /// Stanzas and lines so far in this canto.
    said: (usize, usize),
}

impl Builder {
    pub(super) fn new(division: Division) -> Self {
        Self { stanzas: Vec::new(), cantos: Vec::new(), division, said: (0, 0) }
    }

    pub(super) fn open_canto(&mut self, canticle: &str, number: u32) {
        let start = self.stanzas.len();
        self.cantos.push(Canto { canticle: canticle.to_owned(), number, stanzas: start..start });
        self.said = (0, 0);
    }

    pub(super) fn add(&mut self, lines: &[&str]) {
        for block in stanzas::blocks(lines) {
            for stanza in stanzas::stanzas(block, self.division) {
                self.add_stanza(stanza);
            }
        }
    }

    fn add_stanza(&mut self, lines: &[&str]) {
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
        self.said = (self.said.0 + 1, self.said.1 + lines.len());
        self.stanzas.push(Stanza { text: stanzas::outdent(lines), place });
    }

    pub(super) fn finish(mut self, mut notes: Vec<Note>) -> Poem {
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
        notes.extend(notes::oddities(&self.stanzas, &self.cantos));
        Poem { stanzas: self.stanzas, cantos: self.cantos, edition, notes }
    }
}
