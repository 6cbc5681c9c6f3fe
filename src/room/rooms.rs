//! [`Rooms`]: the rooms of this node. How many there are is limited, and those without readers are forgotten after a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use super::{Room, RoomName, Seat, clock::RoomClock};

/// The most rooms that there may be.
pub(crate) const MOST_ROOMS: usize = 1000;

/// How long a room without readers keeps its place.
pub(crate) const KEPT: Duration = Duration::from_secs(600);

/// The rooms of this node; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Rooms(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    of: usize,
    interval: u64,
    clock: RoomClock,
    changed: mpsc::UnboundedSender<Arc<Room>>,
    by_name: Mutex<HashMap<RoomName, Arc<Room>>>,
}

/// Why there is no room by a name. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error(
    "rooms-full: this server has {MOST_ROOMS} rooms with readers, and opens no more; try again in a while, or join one of them"
)]
pub(crate) struct RoomsFull;

/// Who reads in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occupancy {
    Read,
    /// Nobody, since then.
    EmptySince(Instant),
    /// At most those who are behind: the poem has ended.
    Over,
}

impl Rooms {
    /// No rooms yet, for a poem of so many stanzas, one each interval. Rooms that have changed are sent to the receiver, each once until its
    /// news is taken.
    pub(crate) fn new(of: usize, interval: Duration) -> (Self, mpsc::UnboundedReceiver<Arc<Room>>) {
        let (changed, changes) = mpsc::unbounded_channel();
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
        let inner = Inner { of, interval, clock: RoomClock::new(), changed, by_name: Mutex::default() };
        (Self(Arc::new(inner)), changes)
    }

    /// Whether there is a room by this name, or could be. Opens none: who only asks must not cost others their empty rooms.
    ///
    /// # Errors
    /// As [`Rooms::open`].
    pub(crate) fn check(&self, name: &RoomName) -> Result<(), RoomsFull> {
        let rooms = self.by_name();
        let fits = rooms.contains_key(name)
            || rooms.len() < MOST_ROOMS
            || rooms.values().any(|room| room.occupancy() != Occupancy::Read);
        if fits { Ok(()) } else { Err(RoomsFull) }
    }

    /// The room by this name, opened if there was none; it keeps its place for [`KEPT`].
    ///
    /// # Errors
    /// When there are [`MOST_ROOMS`] already, and readers in each.
    pub(crate) fn open(&self, name: &RoomName) -> Result<Arc<Room>, RoomsFull> {
        let mut rooms = self.by_name();
        if let Some(room) = rooms.get(name).filter(|room| room.occupancy() != Occupancy::Over) {
            return Ok(Arc::clone(room));
        }
        rooms.remove(name);
        self.put(&mut rooms, name)
    }

    /// A seat in the room by this name, which begins with its first reader.
    ///
    /// # Errors
    /// As [`Rooms::open`].
    pub(crate) fn enter(&self, name: &RoomName) -> Result<Seat, RoomsFull> {
        let mut rooms = self.by_name();
        if let Some(seat) = rooms.get(name).and_then(Room::enter) {
            return Ok(seat);
        }
        // None, or one in which the poem has ended: whoever is behind there reads on.
        rooms.remove(name);
        let room = self.put(&mut rooms, name)?;
        Ok(Room::enter(&room).expect("a room begins when it is new"))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        let mut rooms = self.by_name();
        forget(&mut rooms);
        rooms.len()
    }

    fn put(&self, rooms: &mut HashMap<RoomName, Arc<Room>>, name: &RoomName) -> Result<Arc<Room>, RoomsFull> {
        if rooms.len() >= MOST_ROOMS {
            forget(rooms);
        }
        if rooms.len() >= MOST_ROOMS {
            // Else whoever opens many rooms and leaves them would keep all others out.
            let longest = longest_empty(rooms).ok_or(RoomsFull)?;
            rooms.remove(&longest);
        }
        let inner = &self.0;
        let room = Room::new(name.clone(), inner.of, inner.interval, inner.clock, inner.changed.clone());
        let room = Arc::new(room);
        rooms.insert(name.clone(), Arc::clone(&room));
        Ok(room)
    }

    fn by_name(&self) -> MutexGuard<'_, HashMap<RoomName, Arc<Room>>> {
        // A panic in another thread cannot leave this half-changed.
        self.0.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the rooms that have been without readers for long enough, and those in which the poem has ended.
fn forget(rooms: &mut HashMap<RoomName, Arc<Room>>) {
    rooms.retain(|_, room| match room.occupancy() {
        Occupancy::Read => true,
        Occupancy::EmptySince(since) => since.elapsed() < KEPT,
        Occupancy::Over => false,
    });
}

fn longest_empty(rooms: &HashMap<RoomName, Arc<Room>>) -> Option<RoomName> {
    let empty = rooms.iter().filter_map(|(name, room)| match room.occupancy() {
        Occupancy::EmptySince(since) => Some((since, name)),
        Occupancy::Read | Occupancy::Over => None,
    });
    empty.min_by_key(|(since, _)| *since).map(|(_, name)| name.clone())
}
