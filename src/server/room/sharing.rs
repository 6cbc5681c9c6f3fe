//! [`SharedRooms`]: the rooms of this node as a board that it shares with the others.

use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use tokio::time::interval;

use crate::{
    conductor::Conductor,
    fleet::{Board, Content, Entry},
    poem::Poem,
    room::{LOOK, RoomName, Rooms, Word},
};

/// If no node has written for so long that it is there, none was: each does every two seconds.
const ALONE: Duration = Duration::from_secs(7);

/// The rooms, and the clock that looks at their readers.
#[derive(Debug, Clone)]
pub(in crate::server) struct SharedRooms {
    rooms: Rooms,
    conductor: Conductor,
    topic: String,
}

impl SharedRooms {
    /// Rooms are shared with nodes that read the same poem, and as fast.
    pub(in crate::server) fn new(rooms: Rooms, conductor: Conductor, poem: &Poem, pace: Duration) -> Self {
        let topic = format!("rooms:{}:{}", poem.edition(), pace.as_millis());
        Self { rooms, conductor, topic }
    }

    /// Looks for nodes that have gone without a word, as long as it is polled.
    pub(in crate::server) async fn look_again(self) {
        let mut look = interval(LOOK);
        loop {
            look.tick().await;
            self.rooms.look_again();
        }
    }
}

impl Board for SharedRooms {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn now(&self) -> u64 {
        self.rooms.now()
    }

    async fn urgent(&self) {
        self.rooms.urgent().await;
    }

    fn take_changed(&self) -> Vec<Entry> {
        self.rooms.take_unsaid().into_iter().map(|(name, word)| entry(&name, word)).collect()
    }

    fn have_told(&self) {
        self.rooms.have_told();
    }

    fn present(&self) -> Vec<Entry> {
        self.rooms.read_here().into_iter().map(|word| entry(&word.name.clone(), Some(word))).collect()
    }

    fn all(&self) -> Vec<Entry> {
        self.rooms.known().into_iter().map(|word| entry(&word.name.clone(), Some(word))).collect()
    }

    fn begin(&self, kept: Vec<String>, alive: Option<u64>) {
        // What another version wrote may not be understood.
        let kept = kept.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let alone = |since: &u64| u128::from(self.now().saturating_sub(*since)) > ALONE.as_millis();
        for room in self.rooms.meet_others(kept, alive.filter(alone)) {
            self.conductor.look(&room);
        }
    }

    fn lose(&self) {
        self.rooms.lose_others();
    }

    fn hear(&self, node: &str, said: &[Box<RawValue>]) {
        for word in said.iter().filter_map(|said| serde_json::from_str::<Word>(said.get()).ok()) {
            if let Some(room) = self.rooms.hear(&word, Some(node)) {
                self.conductor.look(&room);
            }
        }
    }

    fn forget_node(&self, node: &str) {
        self.rooms.forget_node(node);
    }
}

fn entry(name: &RoomName, word: Option<Word>) -> Entry {
    let written = |word: &Word| to_raw_value(word).expect("texts and numbers have a JSON form");
    let content = word.map(|word| Content {
        said: written(&word),
        kept: written(&word.without_readers()).get().to_owned(),
    });
    Entry { name: name.to_string(), content }
}
