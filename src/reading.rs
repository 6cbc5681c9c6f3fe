//! [`Reading`]: one reader's way through the poem, and what a reader may ask for at its start.
//! Knows no transport.
//!
//! Resuming is stateless: a client says which stanza it needs next (the *offset*) and in which
//! *edition* of the poem it counted. Any process that reads the same edition can go on from there.

mod request;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::room::{Room, Seat};

pub(crate) use request::{ResumeError, ResumeRequest, bad_token, event_id};

/// Where one reader stands.
#[derive(Debug)]
pub(crate) struct Reading {
    next: usize,
    of: usize,
    quiet: Duration,
    acks: bool,
    /// Whether the client wants to know how many readers there are.
    readers: bool,
    /// If it is together with others. Most are not.
    seat: Option<Box<Seat>>,
}

impl Reading {
    /// Index of the stanza that comes next; none when the poem is over.
    pub(crate) fn next(&self) -> Option<usize> {
        (self.next < self.of).then_some(self.next)
    }

    /// The offset: what a client would ask for to go on from here.
    pub(crate) fn offset(&self) -> usize {
        self.next
    }

    /// How long after its opening event the reading says nothing; zero unless the client asked for it.
    pub(crate) fn quiet(&self) -> Duration {
        self.quiet
    }

    /// Whether the client says of each stanza that it has come, and gets it again if it doesn't.
    pub(crate) fn acks(&self) -> bool {
        self.acks
    }

    /// Whether the client wants to know how many readers there are.
    pub(crate) fn readers(&self) -> bool {
        self.readers
    }

    /// Moves on, once the next stanza is on its way.
    pub(crate) fn advance(&mut self) {
        self.next = (self.next + 1).min(self.of);
        if let Some(seat) = &mut self.seat {
            seat.advance();
        }
    }

    /// The room that it follows, if it is in one.
    pub(crate) fn room(&self) -> Option<&Arc<Room>> {
        self.seat.as_ref().map(|seat| seat.room())
    }

    /// When its next stanza is due in its room; none if it is not, as long as the room doesn't change.
    pub(crate) fn due_in_room(&self) -> Option<Instant> {
        self.seat.as_ref().and_then(|seat| seat.due(self.next))
    }

    /// Goes to where its room has jumped, if it has.
    pub(crate) fn follow_jump(&mut self) {
        if let Some(to) = self.seat.as_mut().and_then(|seat| seat.follow()) {
            self.next = to.min(self.of);
        }
    }
}
