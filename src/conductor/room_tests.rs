//! Readings in rooms: the same stanza at the same beat, whatever one of the readers does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    poem::Poem,
    reading::ResumeRequest,
    room::{Baton, RoomName, Rooms},
};

const INTERVAL: Duration = Duration::from_secs(2);

/// What came to one reader and when, in milliseconds since the start: stanzas, `room`, or `end`.
type Log = Arc<Mutex<Vec<(String, u128)>>>;

struct Recorder {
    start: Instant,
    log: Log,
    /// Its buffer is full from and until these times, in milliseconds.
    full: (u128, u128),
    /// What it was asked for when it was full: it must be asked for the same again.
    begun: Option<String>,
}

impl Recorder {
    fn note(&mut self, what: String) -> SendOutcome {
        let begun = self.begun.take();
        assert!(begun.is_none() || begun.as_ref() == Some(&what), "{begun:?} was begun, and {what} came");
        let at = self.start.elapsed().as_millis();
        if (self.full.0..self.full.1).contains(&at) {
            self.begun = Some(what);
            return SendOutcome::Full;
        }
        self.log.lock().unwrap().push((what, at));
        SendOutcome::Sent
    }
}

impl ReaderSink for Recorder {
    fn send(&mut self, index: usize) -> SendOutcome {
        self.note(index.to_string())
    }
    fn tell(&mut self, notice: &Notice) -> SendOutcome {
        self.note(notice.event.to_owned())
    }
    fn finish(&mut self) -> SendOutcome {
        self.note("end".to_owned())
    }
}

/// A conductor, a room of a poem, and its readers.
struct Scene {
    conductor: Conductor,
    poem: Poem,
    rooms: Rooms,
    name: RoomName,
    start: Instant,
    guards: Vec<ReadingGuard>,
}

impl Scene {
    fn new(stanzas: usize, interval: Duration) -> Self {
        let (conductor, work) = Conductor::new(interval);
        tokio::spawn(work);
        let (rooms, _) = Rooms::new(stanzas, interval);
        let poem = Poem::parse("a\n\n".repeat(stanzas).as_bytes()).unwrap();
        let name = RoomName::parse("a").unwrap();
        Self { conductor, poem, rooms, name, start: Instant::now(), guards: Vec::new() }
    }

    fn join(&mut self, full: (u128, u128)) -> Log {
        let log = Log::default();
        let sink = Recorder { start: self.start, log: Arc::clone(&log), full, begun: None };
        let seat = self.rooms.enter(&self.name).unwrap();
        let reading = ResumeRequest::default().start_in_room(seat, &self.poem);
        self.guards.push(self.conductor.join(reading, sink));
        log
    }

    /// Waits until so many milliseconds after the start.
    async fn until(&self, at: u64) {
        tokio::time::sleep_until(self.start + Duration::from_millis(at)).await;
    }

    fn order(&self, order: Baton) {
        let room = self.rooms.open(&self.name).unwrap();
        room.follow(order).unwrap();
        self.conductor.look(&room);
    }

    fn tell(&self, event: &'static str) {
        let argument = serde_json::value::to_raw_value(&()).unwrap();
        let (packet, json, sse) = Default::default();
        let room = self.rooms.open(&self.name).unwrap();
        self.conductor.tell(&room, Notice { event, argument, packet, json, sse });
    }
}

fn said(log: &Log) -> Vec<(String, u128)> {
    log.lock().unwrap().clone()
}

fn expected(log: &[(&str, u128)]) -> Vec<(String, u128)> {
    log.iter().map(|(what, at)| ((*what).to_owned(), *at)).collect()
}

#[tokio::test(start_paused = true)]
async fn all_hear_the_same_stanza_in_the_same_slot_and_the_end() {
    let mut scene = Scene::new(4, INTERVAL);
    let first = scene.join((0, 0));
    scene.until(3100).await;
    let late = scene.join((0, 0));
    scene.until(60_000).await;
    assert_eq!(said(&first), expected(&[("0", 0), ("1", 2000), ("2", 4000), ("3", 6000), ("end", 6000)]));
    assert_eq!(said(&late), expected(&[("1", 3100), ("2", 4000), ("3", 6000), ("end", 6000)]));
}

#[tokio::test(start_paused = true)]
async fn hold_go_on_and_jump() {
    let mut scene = Scene::new(99, INTERVAL);
    let one = scene.join((0, 0));
    scene.until(3000).await;
    scene.order(Baton::Hold);
    scene.until(10_000).await;
    let late = scene.join((0, 0));
    scene.until(20_000).await;
    scene.order(Baton::GoOn);
    scene.until(23_000).await;
    scene.order(Baton::Jump(50));
    scene.until(26_000).await;
    scene.order(Baton::Jump(3));
    scene.order(Baton::Hold);
    scene.until(40_000).await;
    scene.order(Baton::Jump(80));
    scene.until(60_000).await;
    let both = [("2", 20_000), ("3", 22_000), ("50", 23_000), ("51", 25_000), ("3", 26_000), ("80", 40_000)];
    assert_eq!(said(&one), expected(&[&[("0", 0), ("1", 2000)][..], &both].concat()));
    assert_eq!(said(&late), expected(&[&[("1", 10_000)][..], &both].concat()));
}

#[tokio::test(start_paused = true)]
async fn who_is_slow_gets_everything_in_order_and_holds_up_nobody() {
    let mut scene = Scene::new(99, INTERVAL);
    let (one, slow) = (scene.join((0, 0)), scene.join((3000, 15_000)));
    scene.until(20_500).await;
    let stanzas = |log: &Log| said(log).into_iter().map(|(what, _)| what).collect::<Vec<_>>();
    assert_eq!(stanzas(&slow), stanzas(&one));
    assert_eq!(said(&one), (0..=10).map(|at| (at.to_string(), at * 2000)).collect::<Vec<_>>());
    let (_, last) = said(&slow).pop().unwrap();
    assert_eq!(last, 20_000, "with the others again");
    let (_, seventh) = said(&slow)[7];
    assert!(seventh <= 16_140, "{:?}", said(&slow));
}

#[tokio::test(start_paused = true)]
async fn what_is_begun_is_finished_before_a_jump_and_a_notice() {
    let mut scene = Scene::new(99, INTERVAL);
    let slow = scene.join((1000, 4500));
    scene.until(3000).await;
    scene.order(Baton::Jump(50));
    scene.tell("one");
    scene.tell("two");
    scene.order(Baton::Hold);
    scene.until(30_000).await;
    let said: Vec<_> = said(&slow).into_iter().map(|(what, _)| what).collect();
    assert_eq!(said, ["0", "1", "two", "50"]);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_is_begun_is_finished_before_anything_else() {
    let mut scene = Scene::new(99, INTERVAL);
    let slow = scene.join((900, 2500));
    scene.until(1000).await;
    scene.tell("one");
    scene.until(1100).await;
    scene.tell("two");
    scene.tell("three");
    scene.until(3900).await;
    let said: Vec<_> = said(&slow).into_iter().map(|(what, _)| what).collect();
    assert_eq!(said, ["0", "one", "three", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_notice_comes_at_once_also_while_the_room_is_held() {
    let mut scene = Scene::new(99, INTERVAL);
    let one = scene.join((0, 0));
    scene.until(1000).await;
    scene.order(Baton::Hold);
    scene.until(5000).await;
    scene.tell("room");
    scene.until(9000).await;
    assert_eq!(said(&one), expected(&[("0", 0), ("room", 5000)]));
}

#[tokio::test(start_paused = true)]
async fn a_stall_loses_nothing() {
    let mut scene = Scene::new(99, INTERVAL);
    let one = scene.join((0, 0));
    scene.until(3000).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    sleep(Duration::from_millis(200)).await;
    let said: Vec<_> = said(&one).into_iter().map(|(what, _)| what).collect();
    assert_eq!(said, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[tokio::test(start_paused = true)]
async fn who_was_told_much_leaves_no_appointments_behind() {
    let epoch = Instant::now();
    let pulse = Arc::new(crate::pulse::Pulse::new(epoch.into_std()));
    let mut scheduler = Scheduler::new(Duration::from_secs(3600), epoch, pulse, Arc::default());
    let scene = Scene::new(99, Duration::from_secs(3600));
    let seat = scene.rooms.enter(&scene.name).unwrap();
    let room = Arc::clone(seat.room());
    let reading = ResumeRequest::default().start_in_room(seat, &scene.poem);
    let sink = Recorder { start: epoch, log: Log::default(), full: (0, 0), begun: None };
    scheduler.take(Order::Join(Entry::new(1, reading, Box::new(sink), epoch)));
    for _ in 0..100_000 {
        scheduler.take(Order::Look(room.id(), None));
    }
    assert!(scheduler.appointments() < 2100, "{} appointments", scheduler.appointments());
}

#[tokio::test(start_paused = true)]
async fn a_jump_does_not_wait_for_the_stanza_that_would_have_been_due() {
    let mut scene = Scene::new(99, INTERVAL);
    let one = scene.join((0, 0));
    scene.until(1000).await;
    // It is looked at before the next one is due.
    scene.tell("room");
    scene.until(1200).await;
    scene.order(Baton::Jump(50));
    scene.until(2500).await;
    assert_eq!(said(&one), expected(&[("0", 0), ("room", 1000), ("50", 1200)]));
}
