//! [`Rooms`]: the rooms that this node knows. How many there are is limited, and those without readers are forgotten after a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{
    Room, RoomName, Seat, Shared,
    clock::RoomClock,
    place::{Life, RoomPlace},
    ties::Ties,
};

/// The most rooms that there may be.
pub(crate) const MOST_ROOMS: usize = 1000;

/// How long a room without readers keeps its place.
pub(crate) const KEPT: Duration = Duration::from_secs(600);

/// The rooms that this node knows; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Rooms(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Shared,
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
    /// Nobody, since then, as the clock of rooms has it.
    EmptySince(u64),
    /// At most those who are behind: the poem has ended then.
    Over {
        life: Life,
        since: u64,
    },
}

impl Room {
    /// The life of this room if the poem has ended in it.
    fn life_before(&self) -> Option<Life> {
        match self.occupancy() {
            Occupancy::Over { life, .. } => Some(life),
            Occupancy::Read | Occupancy::EmptySince(_) => None,
        }
    }
}

impl Rooms {
    /// No rooms yet, for a poem of so many stanzas, one each interval. Rooms that have changed are sent to the receiver, each once until its
    /// news is taken.
    pub(crate) fn new(of: usize, interval: Duration) -> (Self, mpsc::UnboundedReceiver<Arc<Room>>) {
        Self::with_clock(of, interval, RoomClock::new())
    }

    /// The same, with the time of this clock.
    pub(super) fn with_clock(
        of: usize,
        interval: Duration,
        clock: RoomClock,
    ) -> (Self, mpsc::UnboundedReceiver<Arc<Room>>) {
        let (changed, changes) = mpsc::unbounded_channel();
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
        let shared = Shared { of, interval, clock, ties: Arc::new(Ties::default()), changed };
        (Self(Arc::new(Inner { shared, by_name: Mutex::default() })), changes)
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
        match rooms.get(name) {
            Some(room) if room.life_before().is_none() => Ok(Arc::clone(room)),
            _ => self.begin(&mut rooms, name),
        }
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
        let room = self.begin(&mut rooms, name)?;
        Ok(Room::enter(&room).expect("a room begins when it is new"))
    }

    /// How many there are in which the poem has not ended.
    pub(crate) fn count(&self) -> usize {
        let mut rooms = self.by_name();
        self.forget(&mut rooms);
        rooms.values().filter(|room| room.life_before().is_none()).count()
    }

    /// A new room, which others are told of.
    fn begin(
        &self,
        rooms: &mut HashMap<RoomName, Arc<Room>>,
        name: &RoomName,
    ) -> Result<Arc<Room>, RoomsFull> {
        let before = rooms.remove(name).and_then(|room| room.life_before());
        let room = self.put(rooms, name, RoomPlace::new(self.0.shared.clock.now(), before))?;
        self.0.shared.ties.say(name, true);
        Ok(room)
    }

    pub(super) fn put(
        &self,
        rooms: &mut HashMap<RoomName, Arc<Room>>,
        name: &RoomName,
        place: RoomPlace,
    ) -> Result<Arc<Room>, RoomsFull> {
        if rooms.len() >= MOST_ROOMS {
            self.forget(rooms);
        }
        if rooms.len() >= MOST_ROOMS {
            // Else whoever opens many rooms and leaves them would keep all others out.
            let longest = longest_empty(rooms).ok_or(RoomsFull)?;
            rooms.remove(&longest);
            self.0.shared.ties.say(&longest, false);
        }
        let room = Arc::new(Room::new(name.clone(), place, self.0.shared.clone()));
        rooms.insert(name.clone(), Arc::clone(&room));
        Ok(room)
    }

    /// Forgets the rooms that have been without readers for long enough, and those in which the poem has ended.
    pub(super) fn forget(&self, rooms: &mut HashMap<RoomName, Arc<Room>>) {
        let now = self.0.shared.clock.now();
        rooms.retain(|name, room| {
            let stays = match room.occupancy() {
                Occupancy::Read => true,
                // Of one that has ended it is known which one comes next, as long as other nodes may speak of it.
                Occupancy::EmptySince(since) | Occupancy::Over { since, .. } => !is_old(since, now),
            };
            if !stays {
                self.0.shared.ties.say(name, false);
            }
            stays
        });
    }

    pub(super) fn ties(&self) -> &Ties {
        &self.0.shared.ties
    }

    pub(super) fn interval(&self) -> u64 {
        self.0.shared.interval
    }

    /// The time of rooms, in milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        self.0.shared.clock.now()
    }

    pub(super) fn is_over(&self, place: &RoomPlace, now: u64) -> bool {
        self.0.shared.is_over(place, now)
    }

    pub(super) fn by_name(&self) -> MutexGuard<'_, HashMap<RoomName, Arc<Room>>> {
        // A panic in another thread cannot leave this half-changed.
        self.0.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a room that has been without readers since then is to be forgotten.
pub(super) fn is_old(since: u64, now: u64) -> bool {
    u128::from(now.saturating_sub(since)) >= KEPT.as_millis()
}

fn longest_empty(rooms: &HashMap<RoomName, Arc<Room>>) -> Option<RoomName> {
    let empty = rooms.iter().filter_map(|(name, room)| match room.occupancy() {
        Occupancy::EmptySince(since) => Some((since, name)),
        Occupancy::Over { .. } => Some((0, name)),
        Occupancy::Read => None,
    });
    empty.min_by_key(|(since, _)| *since).map(|(_, name)| name.clone())
}
