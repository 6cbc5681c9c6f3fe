//! The one clock. It beats time for all readings, in slots of 20 ms: at each slot every reading that
//! is due is served in one wake-up. A timer and a task for each reader would cost more than
//! everything else together.
//!
//! The first stanza comes at once, the k-th at start + k · interval, rounded up to the next slot, so
//! rounding never adds up to a drift. A voice that is busy keeps its stanza for the next slot; a
//! reading that fell behind by a whole interval or more goes on from then, never two at once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{pulse::Pulse, reading::Reading};

/// The width of a slot; no interval is shorter.
pub const SLOT: Duration = Duration::from_millis(20);

/// How often it beats when nothing is due, so that whoever watches its pulse knows that it could.
const IDLE: Duration = Duration::from_secs(1);

/// After so many readings the conductor lets other tasks run, or 10,000 of them at once would keep a
/// current-thread runtime from its sockets.
const READINGS_AT_A_STRETCH: usize = 256;

/// What became of one attempt to say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is on its way; go on.
    Heard,
    /// The reader's buffer is full: again at the next slot.
    Busy,
    /// The reader has left.
    Gone,
}

/// A transport's non-blocking way to speak to one reader. Dropped when the reading is over.
pub trait Voice: Send + 'static {
    /// Says the stanza with this index.
    fn say(&mut self, index: usize) -> Answer;
    /// Says that the poem has ended.
    fn end(&mut self) -> Answer;
}

/// A handle on the clock; cheap to clone.
#[derive(Debug, Clone)]
pub struct Conductor {
    orders: mpsc::UnboundedSender<Order>,
    pulse: Arc<Pulse>,
}

/// One reading's place with the conductor; dropping it ends the reading.
#[derive(Debug)]
pub struct Seat {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        // An error means that the conductor has stopped, and with it all readings.
        let _ = self.orders.send(Order::Leave(self.id));
    }
}

enum Order {
    Join(u64, Entry),
    Leave(u64),
}

impl Conductor {
    /// A conductor and its work; the work ends when every handle and seat is dropped.
    pub fn new(interval: Duration) -> (Self, impl Future<Output = ()> + Send) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let interval = interval.max(SLOT);
        let epoch = Instant::now();
        let pulse = Arc::new(Pulse::new(epoch.into_std()));
        let desk = Desk {
            interval,
            epoch,
            beats: BTreeMap::new(),
            entries: HashMap::new(),
            pulse: Arc::clone(&pulse),
        };
        (Self { orders, pulse }, desk.run(receiver))
    }

    /// When it is to beat next.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Begins a reading: its first stanza is said at once.
    pub fn join(&self, reading: Reading, voice: impl Voice) -> Seat {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let entry = Entry { reading, voice: Box::new(voice), due: Instant::now() };
        // An error means that the conductor has stopped: the voice is dropped, and the reader let go.
        let _ = self.orders.send(Order::Join(id, entry));
        Seat { id, orders: self.orders.clone() }
    }
}

struct Entry {
    reading: Reading,
    voice: Box<dyn Voice>,
    /// When its next stanza is due, not rounded.
    due: Instant,
}

impl Entry {
    /// Says what is due. Returns `Gone` also when the reading is over.
    fn serve(&mut self) -> Answer {
        if let Some(index) = self.reading.next() {
            match self.voice.say(index) {
                Answer::Heard => self.reading.heard(),
                other => return other,
            }
        }
        if self.reading.next().is_some() {
            return Answer::Heard;
        }
        match self.voice.end() {
            Answer::Busy => Answer::Busy,
            Answer::Heard | Answer::Gone => Answer::Gone,
        }
    }
}

/// What the conductor works with.
struct Desk {
    interval: Duration,
    epoch: Instant,
    /// Which readings are due at which slot.
    beats: BTreeMap<u64, Vec<u64>>,
    entries: HashMap<u64, Entry>,
    pulse: Arc<Pulse>,
}

impl Desk {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            let idle = Instant::now() + IDLE;
            let next = self.beats.keys().next().map_or(idle, |slot| self.time_of(*slot).min(idle));
            self.pulse.expect(next.into_std());
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => return,
                },
                () = sleep_until(next) => self.beat().await,
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Join(id, entry) => {
                // Rounded down, that is: at once.
                let slot = self.slot_before(entry.due);
                self.entries.insert(id, entry);
                self.beats.entry(slot).or_default().push(id);
            }
            // Its beat finds no entry and passes.
            Order::Leave(id) => drop(self.entries.remove(&id)),
        }
    }

    /// Serves all that are due by now.
    async fn beat(&mut self) {
        let now = Instant::now();
        let slot = self.slot_before(now);
        let mut served = 0;
        while let Some(due) = self.beats.first_entry().filter(|beat| *beat.key() <= slot) {
            for id in due.remove() {
                self.serve(id, now, slot);
                served += 1;
                if served % READINGS_AT_A_STRETCH == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn serve(&mut self, id: u64, now: Instant, slot: u64) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        match entry.serve() {
            Answer::Gone => drop(self.entries.remove(&id)),
            Answer::Busy => self.beats.entry(slot + 1).or_default().push(id),
            Answer::Heard => {
                entry.due += self.interval;
                if entry.due <= now {
                    entry.due = now + self.interval;
                }
                let due = entry.due;
                let slot = self.slot_after(due).max(slot + 1);
                self.beats.entry(slot).or_default().push(id);
            }
        }
    }

    fn time_of(&self, slot: u64) -> Instant {
        self.epoch + Duration::from_millis(slot * SLOT.as_millis() as u64)
    }

    fn slot_before(&self, time: Instant) -> u64 {
        (time.saturating_duration_since(self.epoch).as_nanos() / SLOT.as_nanos()) as u64
    }

    fn slot_after(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.epoch).as_nanos().div_ceil(SLOT.as_nanos()) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{poem::Poem, reading::Request};

    /// What was said and when, in milliseconds since the start; `None` is the end.
    type Said = Arc<Mutex<Vec<(Option<usize>, u128)>>>;

    struct Scribe {
        start: Instant,
        said: Said,
        /// Busy from and until these times.
        busy: (Duration, Duration),
    }

    impl Scribe {
        fn note(&self, what: Option<usize>) -> Answer {
            let at = self.start.elapsed();
            if (self.busy.0..self.busy.1).contains(&at) {
                return Answer::Busy;
            }
            self.said.lock().unwrap().push((what, at.as_millis()));
            Answer::Heard
        }
    }

    impl Voice for Scribe {
        fn say(&mut self, index: usize) -> Answer {
            self.note(Some(index))
        }
        fn end(&mut self) -> Answer {
            self.note(None)
        }
    }

    async fn read(stanzas: usize, interval: Duration, busy: (u64, u64)) -> Vec<(Option<usize>, u128)> {
        let (conductor, work) = Conductor::new(interval);
        tokio::spawn(work);
        let poem = Poem::parse("a\n\n".repeat(stanzas).as_bytes()).unwrap();
        let said = Said::default();
        let scribe = Scribe {
            start: Instant::now(),
            said: said.clone(),
            busy: (Duration::from_millis(busy.0), Duration::from_millis(busy.1)),
        };
        let _seat = conductor.join(Request::default().start(&poem).unwrap(), scribe);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Arc::try_unwrap(said).expect("the voice is dropped at the end").into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_stanza_each_interval_then_the_end_at_once() {
        let said = read(3, Duration::from_secs(2), (0, 0)).await;
        assert_eq!(said, [(Some(0), 0), (Some(1), 2000), (Some(2), 4000), (None, 4000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn rounding_to_slots_does_not_add_up() {
        let said = read(1001, Duration::from_millis(33), (0, 0)).await;
        let (_, at) = said[1000];
        assert!((33_000..33_020).contains(&at), "the 1001st stanza came at {at} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_busy_spell_keeps_the_clock() {
        let said = read(3, Duration::from_secs(2), (1990, 2500)).await;
        assert_eq!(said, [(Some(0), 0), (Some(1), 2500), (Some(2), 4000), (None, 4000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_busy_spell_delays_and_loses_nothing() {
        let said = read(4, Duration::from_secs(2), (1990, 9000)).await;
        let expected = [(Some(0), 0), (Some(1), 9000), (Some(2), 11000), (Some(3), 13000), (None, 13000)];
        assert_eq!(said, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_seat_ends_the_reading() {
        let (conductor, work) = Conductor::new(Duration::from_secs(2));
        tokio::spawn(work);
        let said = Said::default();
        let scribe = Scribe { start: Instant::now(), said: said.clone(), busy: Default::default() };
        let seat = conductor.join(Request::default().start(&Poem::embedded()).unwrap(), scribe);
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(seat);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(Arc::into_inner(said).expect("the voice is dropped").into_inner().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_work_ends_with_its_last_handle() {
        let (conductor, work) = Conductor::new(Duration::from_secs(2));
        let work = tokio::spawn(work);
        drop(conductor);
        work.await.unwrap();
    }
}
