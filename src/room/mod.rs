//! Rooms: all readers in one hear the same stanza at the same beat. A [`Room`] has a place ([`RoomPlace`]), its readers ([`Seat`]), and the
//! token of whoever conducts it; [`Rooms`] are those that this node knows. Knows no transport.
//!
//! Nodes that hear each other have the same rooms: each tells the others what has changed in one ([`Word`]), and what comes of two places
//! is the same on whatever node they meet ([`RoomPlace::meet`]). How words travel is not known here.

mod clock;
mod elsewhere;
mod exchange;
#[cfg(test)]
mod fleet_tests;
#[cfg(test)]
mod meet_tests;
mod name;
mod news;
mod place;
mod rooms;
mod seat;
#[cfg(test)]
mod tests;
mod ties;
mod token;
mod word;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

pub(crate) use exchange::LOOK;
pub(crate) use name::{LONGEST_NAME, RoomName};
pub(crate) use rooms::{Rooms, RoomsFull};
pub(crate) use seat::Seat;
pub(crate) use token::{LONGEST_TOKEN, SHORTEST_TOKEN, Token};
pub(crate) use word::Word;

use clock::RoomClock;
use elsewhere::Elsewhere;
use place::RoomPlace;
use rooms::Occupancy;
use ties::Ties;
use token::Claim;

/// So many orders may a room's conductor give …
const ORDERS: u32 = 10;

/// … in this time: each may mean a stanza for every reader in the room.
const ORDERS_WITHIN: Duration = Duration::from_secs(1);

/// What all rooms of a node share.
#[derive(Debug, Clone)]
struct Shared {
    /// How many stanzas the poem has.
    of: usize,
    /// The time between two of them, in milliseconds.
    interval: u64,
    clock: RoomClock,
    ties: Arc<Ties>,
    changed: mpsc::UnboundedSender<Arc<Room>>,
}

/// One room, shared by its readers.
#[derive(Debug)]
pub(crate) struct Room {
    id: u64,
    name: RoomName,
    shared: Shared,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    place: RoomPlace,
    /// Where the readers on this node are to go, and how many times they have been sent somewhere.
    leap: (u64, usize),
    /// How many readers there are on this node, …
    here: usize,
    /// … and on others.
    elsewhere: Elsewhere,
    /// How many there were when its readers were told last.
    shown: usize,
    claim: Option<Claim>,
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

impl Shared {
    /// Whether the last stanza was due: the readers leave, and whoever comes finds another room by this name.
    fn is_over(&self, place: &RoomPlace, now: u64) -> bool {
        !place.is_new() && place.current(now, self.interval).saturating_add(1) >= self.of
    }
}

impl Room {
    fn new(name: RoomName, place: RoomPlace, shared: Shared) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let state = State {
            place,
            leap: (0, 0),
            here: 0,
            elsewhere: Elsewhere::default(),
            shown: 0,
            claim: None,
            spree: (Instant::now(), 0),
            news: false,
        };
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), name, shared, state: Mutex::new(state) }
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
        let status = self.status_of(&state);
        (state.news, state.shown) = (false, status.readers);
        status
    }

    /// When the stanza with this index is due, or was; none if it is not, as long as nothing changes.
    fn due(&self, index: usize) -> Option<Instant> {
        let due = self.state().place.due(index, self.shared.interval);
        due.and_then(|due| self.shared.clock.instant(due))
    }

    /// Where readers are to go, and the number of this leap.
    fn leap(&self) -> (u64, usize) {
        self.state().leap
    }

    /// Whether this token conducts the room: the first one that is shown does, and no other.
    pub(crate) fn is_conducted_by(&self, token: &Token) -> bool {
        let mut state = self.state();
        if state.claim.is_none() {
            state.claim = Some(Claim { at: self.shared.clock.now(), token: token.clone() });
            self.shared.ties.say(&self.name, true);
        }
        state.claim.as_ref().is_some_and(|claim| claim.token == *token)
    }

    /// Follows an order of its conductor. Whoever calls this tells the clock to look at the room's readers.
    ///
    /// # Errors
    /// When the room has ended, the stanza isn't there, or too many orders come.
    pub(crate) fn follow(self: &Arc<Self>, order: Baton) -> Result<RoomStatus, BatonError> {
        let status = {
            let mut state = self.state();
            let (now, of) = (self.shared.clock.now(), self.shared.of);
            if self.shared.is_over(&state.place, now) {
                return Err(BatonError::Ended);
            }
            state.count_order()?;
            state.place = match order {
                Baton::Hold => state.place.hold(now, self.shared.interval),
                Baton::GoOn => state.place.go_on(now),
                Baton::Jump(to) if to >= of => return Err(BatonError::Beyond { to, of }),
                Baton::Jump(to) => {
                    state.leap = (state.leap.0 + 1, to);
                    state.place.jump_to(to, now)
                }
            };
            self.status_of(&state)
        };
        self.shared.ties.say(&self.name, true);
        self.has_changed();
        Ok(status)
    }

    /// Says that there is something to tell its readers.
    pub(crate) fn has_changed(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.state().news, true) {
            // An error means that the server has stopped.
            let _ = self.shared.changed.send(Arc::clone(self));
        }
    }

    /// A reader comes; none if the poem has ended here.
    fn enter(self: &Arc<Self>) -> Option<Seat> {
        let mut state = self.state();
        let now = self.shared.clock.now();
        if self.shared.is_over(&state.place, now) {
            return None;
        }
        state.here += 1;
        let begins = state.here == 1 || state.place.is_empty();
        state.place = state.place.entered(now);
        let current = state.place.current(now, self.shared.interval);
        self.shared.ties.say(&self.name, begins);
        Some(Seat::new(self, current, state.leap.0))
    }

    fn leave(self: &Arc<Self>) {
        {
            let mut state = self.state();
            state.here -= 1;
            self.rest_if_empty(&mut state);
            self.shared.ties.say(&self.name, state.here == 0);
        }
        self.has_changed();
    }

    fn occupancy(&self) -> Occupancy {
        let state = self.state();
        match state.place.is_empty() {
            _ if self.shared.is_over(&state.place, self.shared.clock.now()) => {
                let since = state.place.due(self.shared.of - 1, self.shared.interval);
                Occupancy::Over { life: state.place.life(), since: since.unwrap_or(state.place.changed_at()) }
            }
            true => Occupancy::EmptySince(state.place.changed_at()),
            false => Occupancy::Read,
        }
    }

    fn status_of(&self, state: &State) -> RoomStatus {
        let current = state.place.current(self.shared.clock.now(), self.shared.interval);
        RoomStatus {
            name: self.name.clone(),
            place: current.min(self.shared.of - 1),
            held: state.place.is_held(),
            readers: state.here.saturating_add(state.elsewhere.readers(Instant::now())),
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
