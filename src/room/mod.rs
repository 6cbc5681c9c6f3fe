//! Rooms: all readers in one hear the same stanza at the same beat. A [`Room`] has a place ([`RoomPlace`]), its readers ([`Seat`]), and the
//! token of whoever conducts it; [`Rooms`] are those of this node. Knows no transport.

mod clock;
mod name;
mod place;
mod rooms;
mod seat;
#[cfg(test)]
mod tests;
mod token;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

pub(crate) use name::{LONGEST_NAME, RoomName};
pub(crate) use rooms::{Rooms, RoomsFull};
pub(crate) use seat::Seat;
pub(crate) use token::{LONGEST_TOKEN, SHORTEST_TOKEN, Token};

use clock::RoomClock;
use place::{Jump, RoomPlace};
use rooms::Occupancy;

/// So many orders may a room's conductor give …
const ORDERS: u32 = 10;

/// … in this time: each may mean a stanza for every reader in the room.
const ORDERS_WITHIN: Duration = Duration::from_secs(1);

/// One room, shared by its readers.
#[derive(Debug)]
pub(crate) struct Room {
    id: u64,
    name: RoomName,
    /// How many stanzas the poem has.
    of: usize,
    /// The time between two of them, in milliseconds.
    interval: u64,
    clock: RoomClock,
    state: Mutex<State>,
    changed: mpsc::UnboundedSender<Arc<Room>>,
}

#[derive(Debug)]
struct State {
    place: RoomPlace,
    readers: usize,
    /// When the last one left.
    empty_since: Instant,
    token: Option<Token>,
    /// When the conductor began to give orders, and how many came since, for their limit.
    spree: (Instant, u32),
    /// Whether a change waits to be told.
    news: bool,
}

/// What is told of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RoomStatus {
    pub(crate) name: RoomName,
    /// The index of the stanza that was due last.
    pub(crate) place: usize,
    pub(crate) held: bool,
    pub(crate) readers: usize,
}

/// What the conductor of a room may order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Baton {
    /// No stanza until it goes on.
    Hold,
    /// The next stanza at once, and so on.
    GoOn,
    /// The stanza with this index at once.
    Jump(usize),
}

/// Why an order is not followed. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatonError {
    /// The poem has ended in this room.
    #[error("room-ended: the poem has ended in this room; the next reader who comes begins it anew")]
    Ended,
    /// There is no such stanza.
    #[error("bad-jump: the poem has {of} stanzas, and {to} is not the index of one; give a whole number from 0 to {}", .of - 1)]
    Beyond { to: usize, of: usize },
    /// More orders came than are followed.
    #[error("too-often: a room follows {ORDERS} orders a second; try again in a second")]
    TooOften,
}

impl Room {
    fn new(
        name: RoomName,
        of: usize,
        interval: u64,
        clock: RoomClock,
        changed: mpsc::UnboundedSender<Arc<Self>>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let now = Instant::now();
        let state = State {
            place: RoomPlace::new(clock.now()),
            readers: 0,
            empty_since: now,
            token: None,
            spree: (now, 0),
            news: false,
        };
        let (id, state) = (NEXT.fetch_add(1, Ordering::Relaxed), Mutex::new(state));
        Self { id, name, of, interval, clock, state, changed }
    }

    /// A number that no other room has or had.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// What may be told of it.
    pub(crate) fn status(&self) -> RoomStatus {
        self.status_of(&self.state())
    }

    /// The same, for all its readers; what changes from now on is news again.
    pub(crate) fn take_news(&self) -> RoomStatus {
        let mut state = self.state();
        state.news = false;
        self.status_of(&state)
    }

    /// When the stanza with this index is due, or was; none if it is not, as long as nothing changes.
    fn due(&self, index: usize) -> Option<Instant> {
        let due = self.state().place.due(index, self.interval);
        due.and_then(|due| self.clock.instant(due))
    }

    fn jump(&self) -> Jump {
        self.state().place.jump()
    }

    /// Whether this token conducts the room: the first one that is shown does, and no other.
    pub(crate) fn is_conducted_by(&self, token: &Token) -> bool {
        self.state().token.get_or_insert_with(|| token.clone()) == token
    }

    /// Follows an order of its conductor. Whoever calls this tells the clock to look at the room's readers.
    ///
    /// # Errors
    /// When the room has ended, the stanza isn't there, or too many orders come.
    pub(crate) fn follow(self: &Arc<Self>, order: Baton) -> Result<RoomStatus, BatonError> {
        let status = {
            let mut state = self.state();
            let now = self.clock.now();
            if self.is_over(&state.place, now) {
                return Err(BatonError::Ended);
            }
            state.count_order()?;
            state.place = match order {
                Baton::Hold => state.place.hold(now, self.interval),
                Baton::GoOn => state.place.go_on(now),
                Baton::Jump(to) if to >= self.of => return Err(BatonError::Beyond { to, of: self.of }),
                Baton::Jump(to) => state.place.jump_to(to, now),
            };
            self.status_of(&state)
        };
        self.has_changed();
        Ok(status)
    }

    /// Says that there is something to tell its readers.
    pub(crate) fn has_changed(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.state().news, true) {
            // An error means that the server has stopped.
            let _ = self.changed.send(Arc::clone(self));
        }
    }

    /// A reader comes; none if the poem has ended here.
    fn enter(self: &Arc<Self>) -> Option<Seat> {
        let mut state = self.state();
        let now = self.clock.now();
        if self.is_over(&state.place, now) {
            return None;
        }
        state.readers += 1;
        state.place = state.place.entered(now);
        let current = state.place.current(now, self.interval);
        Some(Seat::new(self, current, state.place.jump().version))
    }

    fn leave(self: &Arc<Self>) {
        {
            let mut state = self.state();
            state.readers -= 1;
            if state.readers == 0 {
                state.place = state.place.left(self.clock.now(), self.interval);
                state.empty_since = Instant::now();
            }
        }
        self.has_changed();
    }

    fn occupancy(&self) -> Occupancy {
        let state = self.state();
        match state.readers {
            _ if self.is_over(&state.place, self.clock.now()) => Occupancy::Over,
            0 => Occupancy::EmptySince(state.empty_since),
            _ => Occupancy::Read,
        }
    }

    /// Whether the last stanza was due: the readers leave, and whoever comes finds another room by this name.
    fn is_over(&self, place: &RoomPlace, now: u64) -> bool {
        !place.is_new() && place.current(now, self.interval).saturating_add(1) >= self.of
    }

    fn status_of(&self, state: &State) -> RoomStatus {
        let current = state.place.current(self.clock.now(), self.interval);
        RoomStatus {
            name: self.name.clone(),
            place: current.min(self.of - 1),
            held: state.place.is_held(),
            readers: state.readers,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an order, if it may be followed.
    fn count_order(&mut self) -> Result<(), BatonError> {
        let (since, orders) = &mut self.spree;
        if since.elapsed() >= ORDERS_WITHIN {
            (*since, *orders) = (Instant::now(), 0);
        }
        *orders += 1;
        if *orders > ORDERS { Err(BatonError::TooOften) } else { Ok(()) }
    }
}
