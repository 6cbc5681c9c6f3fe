//! The one clock for all readings. Time is divided into slots of 20 ms, and one wake-up serves all readings that
//! are due in a slot: a timer and a task for each reader would cost more than everything else together.
//!
//! The first stanza is sent at once (or after the quiet time that the reader asked for), the k-th at start + k · interval,
//! rounded up to the next slot; so rounding never adds up to a drift.
//!
//! If a reader's buffer is full, its stanza waits for the next slot, then for two, four, eight, and so on, but never past the
//! next of the times start + k · interval. So a reader that is stuck for an interval or more is asked at its own times only: it costs no more than
//! one that reads, and the pace is right as soon as it reads again.
//!
//! A reading that is late by an interval or more leaves intervals out, and goes on at the first start + k · interval that is
//! at least one interval away: it never gets two stanzas at once, and none early. All readings are late when the process
//! was stopped or the machine was asleep; as each keeps its own phase, they are as spread afterwards as they were before.
//!
//! A reading in a room has no pace of its own: each of its stanzas is sent when it is due in the room. One that is late gets what it
//! missed slot by slot, until it is with the others again; nobody waits for it.

mod entry;
#[cfg(test)]
mod room_tests;
mod scheduler;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::{sync::mpsc, time::Instant};

use crate::{departure::Departure, lateness::Lateness, pulse::Pulse, reading::Reading, room::Room};

use entry::Entry;
use scheduler::{Order, Scheduler};

/// The width of a slot; no interval is shorter.
pub(crate) const SLOT: Duration = Duration::from_millis(20);

/// The outcome of one attempt to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendOutcome {
    /// It is on its way.
    Sent,
    /// The reader's buffer is full: try again a little later.
    Full,
    /// The reader has left.
    Closed,
}

/// An event for all readers in a room that is no stanza, encoded once for every transport.
#[derive(Debug)]
pub(crate) struct Notice {
    /// The name of the event on Socket.IO, …
    pub(crate) event: &'static str,
    /// … its argument, …
    pub(crate) argument: Box<RawValue>,
    /// … and both as a whole WebSocket frame.
    pub(crate) packet: Bytes,
    /// As one JSON object: a plain WebSocket frame.
    pub(crate) json: Bytes,
    /// A whole server-sent event: a chunk of the body.
    pub(crate) sse: Bytes,
}

/// A transport's non-blocking way to one reader. Dropped when the reading is over.
///
/// What was answered by [`SendOutcome::Full`] is asked for again before anything else: a part of it may be on its way.
pub(crate) trait ReaderSink: Send + 'static {
    /// Sends the stanza with this index.
    fn send(&mut self, index: usize) -> SendOutcome;
    /// Sends an event that is no stanza.
    fn tell(&mut self, notice: &Notice) -> SendOutcome;
    /// Tells the reader that the poem has ended.
    fn finish(&mut self) -> SendOutcome;
    /// Hears why the reading is about to be over, where its connection knows. Does nothing by default.
    fn leaves(&mut self, _why: Departure) {}
}

/// A handle on the clock; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Conductor {
    orders: mpsc::UnboundedSender<Order>,
    pulse: Arc<Pulse>,
    lateness: Arc<Lateness>,
}

/// Keeps a reading alive; dropping it ends the reading.
#[derive(Debug)]
pub(crate) struct ReadingGuard {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
}

impl ReadingGuard {
    /// Ends the reading, for this reason.
    pub(crate) fn leave(&self, why: Departure) {
        // As below; and the order that follows when this is dropped finds nobody.
        let _ = self.orders.send(Order::Leave(self.id, Some(why)));
    }
}

impl Drop for ReadingGuard {
    fn drop(&mut self) {
        // An error means that the conductor has stopped, and with it all readings.
        let _ = self.orders.send(Order::Leave(self.id, None));
    }
}

impl Conductor {
    /// A conductor and its work; the work ends when every handle and guard is dropped.
    pub(crate) fn new(interval: Duration) -> (Self, impl Future<Output = ()> + Send) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let epoch = Instant::now();
        let pulse = Arc::new(Pulse::new(epoch.into_std()));
        let lateness = Arc::<Lateness>::default();
        let scheduler = Scheduler::new(interval.max(SLOT), epoch, Arc::clone(&pulse), Arc::clone(&lateness));
        (Self { orders, pulse, lateness }, scheduler.run(receiver))
    }

    /// When its next beat is due.
    pub(crate) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// How late stanzas were sent.
    pub(crate) fn lateness(&self) -> &Lateness {
        &self.lateness
    }

    /// Looks at all readings in this room: it has changed, and other stanzas are due.
    pub(crate) fn look(&self, room: &Room) {
        // As below, also in the next.
        let _ = self.orders.send(Order::Look(room.id(), None));
    }

    /// Tells all readings in this room something. What they were not told yet of the last notice is left out.
    pub(crate) fn tell(&self, room: &Room, notice: Notice) {
        let _ = self.orders.send(Order::Look(room.id(), Some(Arc::new(notice))));
    }

    /// Starts a reading: its first stanza is sent at once, or when its quiet time is over, or when it is due in its room.
    pub(crate) fn join(&self, reading: Reading, sink: impl ReaderSink) -> ReadingGuard {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let due = Instant::now() + reading.quiet();
        let room = reading.room().cloned();
        let entry = Entry::new(id, reading, Box::new(sink), due);
        // An error means that the conductor has stopped: the sink is dropped, which ends the connection.
        let _ = self.orders.send(Order::Join(entry));
        if let Some(room) = room {
            // Afterwards, so that the new reader is told as well.
            room.has_changed();
        }
        ReadingGuard { id, orders: self.orders.clone() }
    }
}
