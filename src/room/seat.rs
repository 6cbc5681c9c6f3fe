//! [`Seat`]: one reader in a room. Dropping it means that the reader has left.

use std::sync::Arc;

use tokio::time::Instant;

use super::Room;

/// What a reader in a room holds.
#[derive(Debug)]
pub(crate) struct Seat {
    room: Arc<Room>,
    /// Where the room was when the reader came.
    current: usize,
    /// The number of the last leap that the reader has followed.
    followed: u64,
    /// No stanza was due for it before this: it came then, or got the stanza before.
    ready: Instant,
}

impl Seat {
    pub(super) fn new(room: &Arc<Room>, current: usize, followed: u64) -> Self {
        Self { room: Arc::clone(room), current, followed, ready: Instant::now() }
    }

    /// The room.
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// The index of the stanza that the room had before it when the reader came.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// When a stanza is due; none if it is not, as long as the room doesn't change. Not before the reader is ready for it.
    pub(crate) fn due(&self, index: usize) -> Option<Instant> {
        self.room.due(index).map(|due| due.max(self.ready))
    }

    /// The reader has got a stanza.
    pub(crate) fn advance(&mut self) {
        self.ready = Instant::now();
    }

    /// Where its readers have been sent since this was asked last, or the reader came.
    pub(crate) fn follow(&mut self) -> Option<usize> {
        let (leap, to) = self.room.leap();
        (std::mem::replace(&mut self.followed, leap) != leap).then_some(to)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.leave();
    }
}
