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
    /// The last jump that the reader has followed, by its version.
    followed: u64,
}

impl Seat {
    pub(super) fn new(room: &Arc<Room>, current: usize, followed: u64) -> Self {
        Self { room: Arc::clone(room), current, followed }
    }

    /// The room.
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// The index of the stanza that the room had before it when the reader came.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// When a stanza is due; none if it is not, as long as the room doesn't change.
    pub(crate) fn due(&self, index: usize) -> Option<Instant> {
        self.room.due(index)
    }

    /// Where the room has jumped to since this was asked last, or the reader came.
    pub(crate) fn follow(&mut self) -> Option<usize> {
        let jump = self.room.jump();
        (std::mem::replace(&mut self.followed, jump.version) != jump.version).then_some(jump.to)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.leave();
    }
}
