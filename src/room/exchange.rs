//! What the rooms of this node hear from others and from what was kept, and what they tell them.

use std::{sync::Arc, time::Duration};

use super::{
    Room, RoomName, Rooms, Word,
    rooms::{Occupancy, is_old},
};

/// How often rooms are looked at for nodes that have gone without a word.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

impl Rooms {
    /// From now on other nodes are heard. `kept` is what was kept, and `rested`, if no node was there for a while, since when.
    /// Returns the rooms in which other stanzas are due now.
    pub(crate) fn meet_others(&self, kept: Vec<Word>, rested: Option<u64>) -> Vec<Arc<Room>> {
        self.ties().begin();
        let mut unkept = self.known();
        let mut changed = Vec::new();
        for mut word in kept {
            unkept.retain(|known| known.name != word.name);
            if let Some(since) = rested.filter(|_| !word.place.is_empty()) {
                word.place = word.place.left(since, self.interval());
                self.ties().say(&word.name, true);
            }
            changed.extend(self.hear(&word, None));
        }
        for word in unkept {
            self.ties().say(&word.name, true);
        }
        changed
    }

    /// From now on they are not heard. Rooms that were read elsewhere go on.
    pub(crate) fn lose_others(&self) {
        self.ties().lose();
    }

    /// Hears a word, of a node or as it was kept; returns the room if other stanzas are due there now.
    pub(crate) fn hear(&self, word: &Word, node: Option<&str>) -> Option<Arc<Room>> {
        let mut rooms = self.by_name();
        let now = self.now();
        let has_ended = self.is_over(&word.place, now);
        let room = match rooms.get(&word.name) {
            Some(room) if room.is_outlived_by(word, has_ended) => None,
            Some(room) if has_ended && room.has_another_life(word) => {
                self.ties().say(&word.name, true);
                return None;
            }
            room => room.map(Arc::clone),
        };
        let Some(room) = room else {
            let is_news = !has_ended && (!word.place.is_empty() || !is_old(word.place.changed_at(), now));
            if !is_news {
                return None;
            }
            // Whoever is behind in one that has ended reads on there.
            rooms.remove(&word.name);
            let room = self.put(&mut rooms, &word.name, word.place).ok()?;
            room.learn_claim(word);
            room.hear(word, node);
            return None;
        };
        drop(rooms);
        room.hear(word, node).then_some(room)
    }

    /// A node has gone, with its readers.
    pub(crate) fn forget_node(&self, node: &str) {
        for room in self.all() {
            room.forget_node(node);
        }
    }

    /// Looks for nodes that have gone without a word, and for rooms to be forgotten; to be called every [`LOOK`].
    pub(crate) fn look_again(&self) {
        for room in self.all() {
            room.look_again();
        }
        self.forget(&mut self.by_name());
    }

    /// Waits until something is to be told at once.
    pub(crate) async fn urgent(&self) {
        self.ties().urgent().await;
    }

    /// What others have not been told yet, by name; of a room that was forgotten there is nothing.
    pub(crate) fn take_unsaid(&self) -> Vec<(RoomName, Option<Word>)> {
        let names = self.ties().take_unsaid();
        let rooms = self.by_name();
        names.into_iter().map(|name| (name.clone(), rooms.get(&name).map(|room| room.word()))).collect()
    }

    /// The others have been told what was taken.
    pub(crate) fn have_told(&self) {
        self.ties().have_told();
    }

    /// Waits until the others have been told what has changed until now, so that an order on another node that follows one here comes
    /// after it there, too. Not for long, and not at all while they are not heard.
    pub(crate) async fn until_told(&self) {
        self.ties().until_told().await;
    }

    /// The rooms that have readers on this node.
    pub(crate) fn read_here(&self) -> Vec<Word> {
        self.all().iter().filter(|room| room.is_read_here()).map(|room| room.word()).collect()
    }

    /// All rooms that are known.
    pub(crate) fn known(&self) -> Vec<Word> {
        self.all().iter().map(|room| room.word()).collect()
    }

    fn all(&self) -> Vec<Arc<Room>> {
        self.by_name().values().cloned().collect()
    }
}

impl Room {
    /// Whether this one has ended, and the word is of the next one of its name. Clocks may differ a little.
    fn is_outlived_by(&self, word: &Word, has_ended: bool) -> bool {
        let is_over = matches!(self.occupancy(), Occupancy::Over { .. });
        !has_ended && self.has_another_life(word) && (is_over || self.ends_before(word.place.life()))
    }
}
