//! [`Scheduler`]: the work of the conductor. It keeps the readings, and serves those that are due in a slot.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use slab::Slab;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    Notice, SLOT,
    entry::{Entry, Next, nanos, next_of_its_own},
};
use crate::{departure::Departure, lateness::Lateness, pulse::Pulse};

/// How often it beats when nothing is due, to show the watchdog that it is alive.
const IDLE: Duration = Duration::from_secs(1);

/// After this many readings the conductor yields to other tasks. Otherwise 10,000 at once would keep a
/// current-thread runtime away from its sockets.
const READINGS_AT_A_STRETCH: usize = 256;

/// So many orders are taken between two beats at most: a flood of readers that come and go must not hold up those who stay.
const ORDERS_AT_A_STRETCH: usize = 1024;

/// So many appointments that nobody keeps may be there, and as many again as there are readers; then they are swept out.
const STALE: usize = 1024;

/// What the handles and guards of a conductor tell it.
pub(super) enum Order {
    /// A reading starts.
    Join(Entry),
    /// The reading with this id is over, for this reason, if its connection knows.
    Leave(u64, Option<Departure>),
    /// The room with this id has changed, or its readers are to be told something.
    Look(u64, Option<Arc<Notice>>),
}

/// A reading in a slot. It may have got another appointment since, or its place may have been given to another reading; both the
/// ticket tells, which no other appointment has or had.
#[derive(Clone, Copy)]
struct Appointment {
    place: usize,
    ticket: u64,
}

impl Appointment {
    /// Whether the reading that it is for still keeps it.
    fn stands(self, entries: &Slab<Entry>) -> bool {
        entries.get(self.place).is_some_and(|entry| entry.ticket == self.ticket)
    }
}

/// When each reading is due.
pub(super) struct Scheduler {
    interval: Duration,
    epoch: Instant,
    /// The readings that are due, by slot.
    beats: BTreeMap<u64, Vec<Appointment>>,
    /// The readings. A beat finds them by place: hashing their ids took more than half of its time.
    entries: Slab<Entry>,
    /// The places of the readings by id, for those that leave.
    places: HashMap<u64, usize>,
    /// The places of the readings in each room, by the room's id.
    rooms: HashMap<u64, HashSet<usize>>,
    /// The last ticket that was given out.
    ticket: u64,
    /// How many appointments there are that nobody keeps.
    stale: usize,
    pulse: Arc<Pulse>,
    lateness: Arc<Lateness>,
}

impl Scheduler {
    pub(super) fn new(
        interval: Duration,
        epoch: Instant,
        pulse: Arc<Pulse>,
        lateness: Arc<Lateness>,
    ) -> Self {
        let (beats, entries, places, rooms) = Default::default();
        Self { interval, epoch, beats, entries, places, rooms, ticket: 0, stale: 0, pulse, lateness }
    }

    /// Takes orders and beats until there is nobody left who could give orders.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            let idle = Instant::now() + IDLE;
            let next = self.beats.keys().next().map_or(idle, |slot| self.time_of(*slot).min(idle));
            self.pulse.expect(next.into_std());
            tokio::select! {
                // First: where a beat takes longer than a slot, the next one is always due, and whoever comes would wait for it.
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    self.take(order);
                    for _ in 1..ORDERS_AT_A_STRETCH {
                        let Ok(order) = orders.try_recv() else { break };
                        self.take(order);
                    }
                }
                () = sleep_until(next) => {}
            }
            self.beat().await;
        }
    }

    pub(super) fn take(&mut self, order: Order) {
        match order {
            Order::Join(entry) => self.join(entry),
            Order::Leave(id, why) => self.leave(id, why),
            Order::Look(room, notice) => self.look(room, notice.as_ref()),
        }
    }

    fn join(&mut self, entry: Entry) {
        // Rounded down: at once. A quiet time is over by less than a slot too early.
        let (slot, id, room) = (self.slot_before(entry.due()), entry.id, entry.room());
        let place = self.entries.insert(entry);
        self.places.insert(id, place);
        if let Some(room) = room {
            self.rooms.entry(room).or_default().insert(place);
        }
        self.appoint(place, slot);
    }

    /// Its appointment stays, and will find nobody; but those of readers who come and go within a long interval must not pile up.
    fn leave(&mut self, id: u64, why: Option<Departure>) {
        let Some(mut entry) = self.end(id) else { return };
        if let Some(why) = why {
            entry.leaves(why);
        }
        if entry.ticket != 0 {
            self.stale += 1;
        }
        self.sweep();
    }

    /// All readings in a room are looked at in this slot, but those whose readers are busy: these are asked again anyway.
    fn look(&mut self, room: u64, notice: Option<&Arc<Notice>>) {
        let Some(places) = self.rooms.get(&room).cloned() else { return };
        let slot = self.slot_before(Instant::now());
        for place in places {
            let Some(entry) = self.entries.get_mut(place) else { continue };
            if let Some(notice) = notice {
                entry.tell(notice);
            }
            if !entry.is_busy() {
                self.appoint(place, slot);
            }
        }
        self.sweep();
    }

    /// The reading with this id, if there still was one.
    fn end(&mut self, id: u64) -> Option<Entry> {
        let place = self.places.remove(&id)?;
        let entry = self.entries.remove(place);
        if let Some(room) = entry.room()
            && let Some(places) = self.rooms.get_mut(&room)
        {
            places.remove(&place);
            if places.is_empty() {
                self.rooms.remove(&room);
            }
        }
        Some(entry)
    }

    /// A reading is to be looked at in this slot, and not when it was to be before.
    fn appoint(&mut self, place: usize, slot: u64) {
        let Some(entry) = self.entries.get_mut(place) else { return };
        self.ticket += 1;
        if std::mem::replace(&mut entry.ticket, self.ticket) != 0 {
            self.stale += 1;
        }
        self.beats.entry(slot).or_default().push(Appointment { place, ticket: self.ticket });
    }

    /// Removes the appointments that nobody keeps, if there are many.
    fn sweep(&mut self) {
        if self.stale > STALE + self.entries.len() {
            let entries = &self.entries;
            self.beats.retain(|_, beat| {
                beat.retain(|appointment| appointment.stands(entries));
                !beat.is_empty()
            });
            self.stale = 0;
        }
    }

    /// Serves all readings that are due.
    async fn beat(&mut self) {
        let mut now = Instant::now();
        let slot = self.slot_before(now);
        let mut served = 0;
        while let Some(due) = self.beats.first_entry().filter(|beat| *beat.key() <= slot) {
            for appointment in due.remove() {
                self.serve(appointment, now, slot);
                served += 1;
                if served % READINGS_AT_A_STRETCH == 0 {
                    tokio::task::yield_now().await;
                    now = Instant::now();
                }
            }
        }
    }

    fn serve(&mut self, Appointment { place, ticket }: Appointment, now: Instant, slot: u64) {
        let Some(entry) = self.entries.get_mut(place).filter(|entry| entry.ticket == ticket) else {
            self.stale = self.stale.saturating_sub(1);
            return;
        };
        entry.ticket = 0;
        let next = entry.serve(self.interval, now, &self.lateness);
        let (id, due) = (entry.id, entry.due());
        let again = match next {
            Next::At(due) => self.slot_after(due),
            Next::Pause(slots) => {
                let own = next_of_its_own(due, self.interval, now);
                slot.saturating_add(slots).min(self.slot_after(own))
            }
            Next::WithItsRoom => return,
            Next::Never => {
                self.end(id);
                return;
            }
        };
        self.appoint(place, again.max(slot + 1));
    }

    /// How many appointments there are, also those of readings that are over.
    #[cfg(test)]
    pub(super) fn appointments(&self) -> usize {
        self.beats.values().map(Vec::len).sum()
    }

    fn time_of(&self, slot: u64) -> Instant {
        self.epoch + Duration::from_millis(slot * SLOT.as_millis() as u64)
    }

    fn slot_before(&self, time: Instant) -> u64 {
        nanos(time.saturating_duration_since(self.epoch)) / nanos(SLOT)
    }

    fn slot_after(&self, time: Instant) -> u64 {
        nanos(time.saturating_duration_since(self.epoch)).div_ceil(nanos(SLOT))
    }
}
