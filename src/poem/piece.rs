//! A piece of the text, and what becomes of it; what every way of dividing a text comes to.

use super::notes::Matter;

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
