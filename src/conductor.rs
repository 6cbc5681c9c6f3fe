//! The one clock for all readings. Time is divided into slots of 20 ms, and one wake-up serves all readings that
//! are due in a slot: a timer and a task for each reader would cost more than everything else together.
//!
//! The first stanza is sent at once (or after the quiet time that the reader asked for), the k-th at start + k · interval,
//! rounded up to the next slot; so rounding never adds up to a drift. If a reader's buffer is full, its stanza waits for the next slot. A reading that is
//! late by an interval or more counts its intervals from then on, and never gets two stanzas at once.

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
pub(crate) const SLOT: Duration = Duration::from_millis(20);

/// How often it beats when nothing is due, to show the watchdog that it is alive.
const IDLE: Duration = Duration::from_secs(1);

/// After this many readings the conductor yields to other tasks. Otherwise 10,000 at once would keep a
/// current-thread runtime away from its sockets.
const READINGS_AT_A_STRETCH: usize = 256;

/// The outcome of one attempt to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendOutcome {
    /// It is on its way.
    Sent,
    /// The reader's buffer is full: try again in the next slot.
    Full,
    /// The reader has left.
    Closed,
}

/// A transport's non-blocking way to one reader. Dropped when the reading is over.
pub(crate) trait ReaderSink: Send + 'static {
    /// Sends the stanza with this index.
    fn send(&mut self, index: usize) -> SendOutcome;
    /// Tells the reader that the poem has ended.
    fn finish(&mut self) -> SendOutcome;
}

/// A handle on the clock; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Conductor {
    orders: mpsc::UnboundedSender<Order>,
    pulse: Arc<Pulse>,
}

/// Keeps a reading alive; dropping it ends the reading.
#[derive(Debug)]
pub(crate) struct ReadingGuard {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
}

impl Drop for ReadingGuard {
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
    /// A conductor and its work; the work ends when every handle and guard is dropped.
    pub(crate) fn new(interval: Duration) -> (Self, impl Future<Output = ()> + Send) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let interval = interval.max(SLOT);
        let epoch = Instant::now();
        let pulse = Arc::new(Pulse::new(epoch.into_std()));
        let scheduler = Scheduler {
            interval,
            epoch,
            beats: BTreeMap::new(),
            entries: HashMap::new(),
            pulse: Arc::clone(&pulse),
        };
        (Self { orders, pulse }, scheduler.run(receiver))
    }

    /// When its next beat is due.
    pub(crate) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Starts a reading: its first stanza is sent at once, or when its quiet time is over.
    pub(crate) fn join(&self, reading: Reading, sink: impl ReaderSink) -> ReadingGuard {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let due = Instant::now() + reading.quiet();
        let entry = Entry { reading, sink: Box::new(sink), due };
        // An error means that the conductor has stopped: the sink is dropped, which ends the connection.
        let _ = self.orders.send(Order::Join(id, entry));
        ReadingGuard { id, orders: self.orders.clone() }
    }
}

struct Entry {
    reading: Reading,
    sink: Box<dyn ReaderSink>,
    /// When its next stanza is due, not rounded.
    due: Instant,
}

impl Entry {
    /// Sends what is due. Returns `Closed` also when the reading is over.
    fn serve(&mut self) -> SendOutcome {
        if let Some(index) = self.reading.next() {
            match self.sink.send(index) {
                SendOutcome::Sent => self.reading.advance(),
                other => return other,
            }
        }
        if self.reading.next().is_some() {
            return SendOutcome::Sent;
        }
        match self.sink.finish() {
            SendOutcome::Full => SendOutcome::Full,
            SendOutcome::Sent | SendOutcome::Closed => SendOutcome::Closed,
        }
    }
}

/// When each reading is due.
struct Scheduler {
    interval: Duration,
    epoch: Instant,
    /// The readings that are due, by slot.
    beats: BTreeMap<u64, Vec<u64>>,
    entries: HashMap<u64, Entry>,
    pulse: Arc<Pulse>,
}

impl Scheduler {
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
                // Rounded down: at once. A quiet time is over by less than a slot too early.
                let slot = self.slot_before(entry.due);
                self.entries.insert(id, entry);
                self.beats.entry(slot).or_default().push(id);
            }
            // Its scheduled beat will find no entry.
            Order::Leave(id) => drop(self.entries.remove(&id)),
        }
    }

    /// Serves all readings that are due.
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
            SendOutcome::Closed => drop(self.entries.remove(&id)),
            SendOutcome::Full => self.beats.entry(slot + 1).or_default().push(id),
            SendOutcome::Sent => {
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
    use crate::{poem::Poem, reading::ResumeRequest};

    /// What was sent and when, in milliseconds since the start; `None` is the end.
    type Log = Arc<Mutex<Vec<(Option<usize>, u128)>>>;

    struct Recorder {
        start: Instant,
        sent: Log,
        /// Its buffer is full from and until these times.
        full: (Duration, Duration),
    }

    impl Recorder {
        fn note(&self, what: Option<usize>) -> SendOutcome {
            let at = self.start.elapsed();
            if (self.full.0..self.full.1).contains(&at) {
                return SendOutcome::Full;
            }
            self.sent.lock().unwrap().push((what, at.as_millis()));
            SendOutcome::Sent
        }
    }

    impl ReaderSink for Recorder {
        fn send(&mut self, index: usize) -> SendOutcome {
            self.note(Some(index))
        }
        fn finish(&mut self) -> SendOutcome {
            self.note(None)
        }
    }

    async fn read(stanzas: usize, interval: Duration, full: (u64, u64)) -> Vec<(Option<usize>, u128)> {
        read_as_asked("", stanzas, interval, full).await
    }

    async fn read_as_asked(
        query: &str,
        stanzas: usize,
        interval: Duration,
        full: (u64, u64),
    ) -> Vec<(Option<usize>, u128)> {
        let (conductor, work) = Conductor::new(interval);
        tokio::spawn(work);
        let poem = Poem::parse("a\n\n".repeat(stanzas).as_bytes()).unwrap();
        let sent = Log::default();
        let recorder = Recorder {
            start: Instant::now(),
            sent: sent.clone(),
            full: (Duration::from_millis(full.0), Duration::from_millis(full.1)),
        };
        let asked = ResumeRequest::from_query(query).unwrap();
        let _guard = conductor.join(asked.start(&poem).unwrap(), recorder);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Arc::try_unwrap(sent).expect("the sink is dropped at the end").into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_stanza_each_interval_then_the_end_at_once() {
        let sent = read(3, Duration::from_secs(2), (0, 0)).await;
        assert_eq!(sent, [(Some(0), 0), (Some(1), 2000), (Some(2), 4000), (None, 4000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_time_comes_first() {
        let sent = read_as_asked("quiet=7", 2, Duration::from_secs(2), (0, 0)).await;
        assert_eq!(sent, [(Some(0), 7000), (Some(1), 9000), (None, 9000)]);
        let sent = read_as_asked("quiet=7&from=2", 2, Duration::from_secs(2), (0, 0)).await;
        assert_eq!(sent, [(None, 7000)], "also before the end");
    }

    #[tokio::test(start_paused = true)]
    async fn rounding_to_slots_does_not_add_up() {
        let sent = read(1001, Duration::from_millis(33), (0, 0)).await;
        let (_, at) = sent[1000];
        assert!((33_000..33_020).contains(&at), "the 1001st stanza came at {at} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_time_without_room_keeps_the_clock() {
        let sent = read(3, Duration::from_secs(2), (1990, 2500)).await;
        assert_eq!(sent, [(Some(0), 0), (Some(1), 2500), (Some(2), 4000), (None, 4000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_time_without_room_delays_and_loses_nothing() {
        let sent = read(4, Duration::from_secs(2), (1990, 9000)).await;
        let expected = [(Some(0), 0), (Some(1), 9000), (Some(2), 11000), (Some(3), 13000), (None, 13000)];
        assert_eq!(sent, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_guard_ends_the_reading() {
        let (conductor, work) = Conductor::new(Duration::from_secs(2));
        tokio::spawn(work);
        let sent = Log::default();
        let recorder = Recorder { start: Instant::now(), sent: sent.clone(), full: Default::default() };
        let guard = conductor.join(ResumeRequest::default().start(&Poem::embedded()).unwrap(), recorder);
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(guard);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(Arc::into_inner(sent).expect("the sink is dropped").into_inner().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_work_ends_with_its_last_handle() {
        let (conductor, work) = Conductor::new(Duration::from_secs(2));
        let work = tokio::spawn(work);
        drop(conductor);
        work.await.unwrap();
    }
}
