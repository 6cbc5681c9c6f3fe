use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::time::Instant;

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
    fn tell(&mut self, _: &Notice) -> SendOutcome {
        SendOutcome::Sent
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
    assert_eq!(sent, [(Some(0), 0), (Some(1), 2620), (Some(2), 4000), (None, 4000)]);
}

#[tokio::test(start_paused = true)]
async fn a_long_time_without_room_delays_and_loses_nothing() {
    let sent = read(4, Duration::from_secs(2), (1990, 9000)).await;
    // It is asked at its own times only, and the next of them is 10 s.
    let expected = [(Some(0), 0), (Some(1), 10000), (Some(2), 12000), (Some(3), 14000), (None, 14000)];
    assert_eq!(sent, expected);
    let sent = read(3, Duration::from_secs(2), (1990, 8000)).await;
    assert_eq!(
        sent,
        [(Some(0), 0), (Some(1), 8000), (Some(2), 10000), (None, 10000)],
        "on a time of its own"
    );
}

/// Counts how often it is asked, and has never room. Each question takes some time.
struct Stuck {
    start: Instant,
    asked: Arc<Mutex<Vec<u128>>>,
    takes: Duration,
}

impl ReaderSink for Stuck {
    fn send(&mut self, _: usize) -> SendOutcome {
        self.asked.lock().unwrap().push(self.start.elapsed().as_millis());
        // Moves the clock at once.
        let _ = tokio::time::advance(self.takes).now_or_never();
        SendOutcome::Full
    }
    fn tell(&mut self, _: &Notice) -> SendOutcome {
        SendOutcome::Full
    }
    fn finish(&mut self) -> SendOutcome {
        SendOutcome::Full
    }
}

#[tokio::test(start_paused = true)]
async fn who_stays_busy_is_asked_less_and_less_often_and_then_at_its_own_times() {
    for (interval, expected) in [
        (2000, &[0, 20, 60, 140, 300, 620, 1260, 2000, 4000, 6000, 8000, 10_000][..]),
        (20, &[0, 20, 40, 60, 80, 100]),
        // Rounded up to slots, without adding up.
        (250, &[0, 20, 60, 140, 260, 500, 760, 1000, 1260, 1500]),
    ] {
        let (conductor, work) = Conductor::new(Duration::from_millis(interval));
        tokio::spawn(work);
        let asked = Arc::default();
        let stuck = Stuck { start: Instant::now(), asked: Arc::clone(&asked), takes: Duration::ZERO };
        let reading = ResumeRequest::default().start(&Poem::embedded()).unwrap();
        let guard = conductor.join(reading, stuck);
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(guard);
        let asked = asked.lock().unwrap();
        assert_eq!(asked[..expected.len()], *expected, "every {interval} ms");
        let most = usize::try_from(60_000 / interval).unwrap() + 8;
        assert!(asked.len() <= most, "asked {} times in a minute, every {interval} ms", asked.len());
    }
}

/// To ask all who are stuck takes half a second here, longer than a slot: there is always a beat that is due.
#[tokio::test(start_paused = true)]
async fn who_comes_does_not_wait_for_those_who_are_stuck() {
    let (conductor, work) = Conductor::new(Duration::from_secs(2));
    tokio::spawn(work);
    let (poem, start) = (Poem::embedded(), Instant::now());
    let start_reading = || ResumeRequest::default().start(&poem).unwrap();
    let stuck = |_| {
        let takes = Duration::from_micros(500);
        conductor.join(start_reading(), Stuck { start, asked: Arc::default(), takes })
    };
    let stuck: Vec<_> = (0..1000).map(stuck).collect();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let came = start.elapsed().as_millis();
    let join = |_| {
        let sent = Log::default();
        let recorder = Recorder { start, sent: sent.clone(), full: Default::default() };
        (sent, conductor.join(start_reading(), recorder))
    };
    let newcomers: Vec<_> = (0..100).map(join).collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    for (newcomer, (sent, _)) in newcomers.iter().enumerate() {
        let (_, first) = sent.lock().unwrap()[0];
        assert!(first - came <= 1000, "newcomer {newcomer} waited {} ms", first - came);
    }
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn readers_who_come_and_go_within_an_interval_leave_nothing_behind() {
    let epoch = Instant::now();
    let mut scheduler = Scheduler::new(
        Duration::from_secs(3600),
        epoch,
        Arc::new(Pulse::new(epoch.into_std())),
        Arc::default(),
    );
    let poem = Poem::embedded();
    for id in 0..100_000 {
        let sink = Stuck { start: epoch, asked: Arc::default(), takes: Duration::ZERO };
        let reading = ResumeRequest::from_query("quiet=300").unwrap().start(&poem).unwrap();
        let due = Instant::now() + reading.quiet();
        scheduler.take(Order::Join(Entry::new(id, reading, Box::new(sink), due)));
        scheduler.take(Order::Leave(id, None));
    }
    assert!(scheduler.appointments() < 2100, "{} appointments with nobody", scheduler.appointments());
}

/// A process that was stopped, or a machine that was asleep.
#[tokio::test(start_paused = true)]
async fn readers_are_as_spread_after_a_stall_as_before() {
    let interval = Duration::from_secs(2);
    let (conductor, work) = Conductor::new(interval);
    tokio::spawn(work);
    let poem = Poem::parse("a\n\n".repeat(100).as_bytes()).unwrap();
    let start = Instant::now();
    let mut readers = Vec::new();
    for _ in 0..1000 {
        let sent = Log::default();
        let recorder = Recorder { start, sent: sent.clone(), full: Default::default() };
        readers.push((sent, conductor.join(ResumeRequest::default().start(&poem).unwrap(), recorder)));
        tokio::time::sleep(interval / 1000).await;
    }
    tokio::time::advance(Duration::from_millis(37_300)).await;
    let stalled = start.elapsed().as_millis();
    tokio::time::sleep(2 * interval + SLOT).await;
    let mut slots = BTreeMap::<_, usize>::new();
    for (reader, (sent, _)) in readers.iter().enumerate() {
        let after: Vec<_> = sent.lock().unwrap().iter().filter(|(_, at)| *at >= stalled).copied().collect();
        let [(Some(late), at), (Some(next), then), ..] = after[..] else { panic!("{reader}: {after:?}") };
        assert_eq!(next, late + 1);
        assert!(
            (2000..4020).contains(&(then - at)),
            "the stanza of reader {reader} came after {} ms",
            then - at
        );
        // At the phase at which it joined, rounded up to a slot.
        let phase = (then + 2000 - 2 * reader as u128) % 2000;
        assert!(phase <= 20, "reader {reader} is {phase} ms from its phase");
        *slots.entry(then / SLOT.as_millis()).or_default() += 1;
    }
    assert!(slots.len() >= 100 && slots.values().all(|readers| *readers <= 11), "{slots:?}");
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

#[tokio::test(start_paused = true)]
async fn each_stanza_counts_with_its_lateness() {
    let (conductor, work) = Conductor::new(Duration::from_secs(2));
    tokio::spawn(work);
    let poem = Poem::parse("a\n\n".repeat(3).as_bytes()).unwrap();
    // The second one finds no room for 500 ms, and is tried after 20, 60, 140, 300 and 620 ms.
    let full = (Duration::from_millis(1990), Duration::from_millis(2500));
    let recorder = Recorder { start: Instant::now(), sent: Log::default(), full };
    let _guard = conductor.join(ResumeRequest::default().start(&poem).unwrap(), recorder);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let late = conductor.lateness().so_far();
    assert_eq!((late.count, late.sum), (3, 0.62), "{late:?}");
    assert!(late.buckets.contains(&(1.0, 1)) && late.buckets.contains(&(0.005, 2)), "{late:?}");
}
