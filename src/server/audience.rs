//! [`Audience`]: what readers are told beside the poem. How many readers there are goes to those who ask for it (`readers=true`), announcements
//! go to all.
//!
//! Stanzas come first. So the number is told at most once a second to each, and to at most [`NUMBERS`] readers in a second: where more ask,
//! each is told less often. Announcements are told in small portions. Whoever can't take one now is asked again.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slab::Slab;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tracing::info;

use super::{encoded_poem::notice, line::Passage};
use crate::{
    conductor::Notice,
    contract::events,
    fleet::{Announcement, Fleet, Readers},
};

/// How often it is looked whether the number has changed, and whether somebody still has to be told of something.
const LOOK: Duration = Duration::from_secs(1);

/// The most readers that are told the number in a second: as many packets as 2,000 readers get stanzas at the usual pace.
const NUMBERS: usize = 1000;

/// How many readers are told something in one go, before others have their turn, and the pause after it: 10,000 readers in a second.
const PORTION: usize = 100;
const BREATH: Duration = Duration::from_millis(10);

/// How long an announcement is tried on readers that can't take it.
const LASTING: Duration = Duration::from_secs(60);

/// The most announcements that are tried at once; with more, the oldest is given up.
const MOST: usize = 16;

/// A transport's non-blocking way to tell one reader something beside the poem.
pub(super) trait Listener: Send + Sync + 'static {
    /// Tells it, if that is possible now. `Elsewhere` counts as full.
    fn tell(&self, notice: &Notice) -> Passage;
}

/// All who listen; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// An announcement has come.
    news: Notify,
}

#[derive(Default)]
struct State {
    entries: Slab<Entry>,
    /// The announcements that are still tried, each with its time.
    announcements: VecDeque<(Arc<Notice>, Instant)>,
    /// How many there have ever been.
    announced: u64,
    /// The number that is told, and how many there have ever been.
    number: Option<(Readers, Arc<Notice>)>,
    numbers: u64,
    /// Where the next round begins, so that all have their turn.
    next: usize,
}

struct Entry {
    listener: Arc<dyn Listener>,
    /// Which number it was told; none if it doesn't ask.
    number: Option<u64>,
    /// How many announcements it has had, or came too late for.
    announced: u64,
}

/// Someone who listens; dropping it ends that.
#[derive(Debug)]
pub(super) struct Seat {
    audience: Audience,
    key: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let entry = self.audience.state().entries.try_remove(self.key);
        // It may hold the last handle on a connection, whose end is not to be waited for.
        drop(entry);
    }
}

impl Audience {
    /// From now on this reader hears announcements and, if it asks for that, how many readers there are.
    pub(super) fn join(&self, listener: impl Listener, asks: bool) -> Seat {
        let mut state = self.state();
        let entry =
            Entry { listener: Arc::new(listener), number: asks.then_some(0), announced: state.announced };
        let key = state.entries.insert(entry);
        Seat { audience: self.clone(), key }
    }

    /// Tells all who listen now.
    pub(super) fn announce(&self, announcement: &Announcement) {
        let mut state = self.state();
        info!(readers = state.entries.len(), text = announcement.text, "an announcement");
        if state.announcements.len() == MOST {
            state.announcements.pop_front();
        }
        let notice = Arc::new(notice(events::ANNOUNCEMENT, announcement));
        state.announcements.push_back((notice, Instant::now()));
        state.announced += 1;
        drop(state);
        self.0.news.notify_one();
    }

    /// Tells everybody what there is to tell, as long as it is polled. `here` says how many readers this node has.
    pub(super) async fn attend(self, fleet: Fleet, here: impl Fn() -> usize) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let numbers = tokio::select! {
                _ = look.tick() => {
                    self.state().count(fleet.readers(here()));
                    NUMBERS
                }
                () = self.0.news.notified() => 0,
            };
            self.go_round(numbers).await;
        }
    }

    /// Tells each in turn what it has not heard, the number to so many at most.
    async fn go_round(&self, mut numbers: usize) {
        let (start, end) = self.state().round();
        let mut tried = 0;
        for key in (start..end).chain(0..start) {
            let Some((listener, due)) = self.state().due(key, &mut numbers) else { continue };
            for (notice, heard) in due {
                tried += 1;
                match listener.tell(&notice) {
                    Passage::Sent => self.state().heard(key, &listener, heard),
                    // The next round tries again.
                    Passage::Full | Passage::Elsewhere | Passage::Closed => break,
                }
            }
            if tried >= PORTION {
                tried = 0;
                sleep(BREATH).await;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Number(u64),
    Announcement(u64),
}

/// Something to tell, and what is heard with it.
type Due = (Arc<Notice>, Heard);

impl State {
    /// Takes the number of readers; old announcements are given up.
    fn count(&mut self, readers: Readers) {
        while self.announcements.front().is_some_and(|(_, at)| at.elapsed() > LASTING) {
            self.announcements.pop_front();
        }
        if self.number.as_ref().is_none_or(|(last, _)| *last != readers) {
            self.number = Some((readers, Arc::new(notice(events::READERS, &readers))));
            self.numbers += 1;
        }
    }

    /// Where a round begins and where the keys end.
    fn round(&mut self) -> (usize, usize) {
        let end = self.entries.iter().next_back().map_or(0, |(key, _)| key + 1);
        (self.next.min(end), end)
    }

    /// What this one has not heard, in its order, and how to tell it.
    fn due(&mut self, key: usize, numbers: &mut usize) -> Option<(Arc<dyn Listener>, Vec<Due>)> {
        let entry = self.entries.get(key)?;
        let tells_number = *numbers > 0 && entry.number.is_some_and(|number| number < self.numbers);
        if !tells_number && entry.announced == self.announced {
            return None;
        }
        // Those that were given up are not there any more.
        let first = self.announced - self.announcements.len() as u64 + 1;
        let announcements = self.announcements.iter().zip(first..);
        let mut due: Vec<Due> = announcements
            .filter(|(_, number)| *number > entry.announced)
            .map(|((notice, _), number)| (Arc::clone(notice), Heard::Announcement(number)))
            .collect();
        if let Some((_, notice)) = self.number.as_ref().filter(|_| tells_number) {
            due.push((Arc::clone(notice), Heard::Number(self.numbers)));
            *numbers -= 1;
            self.next = key + 1;
        }
        Some((Arc::clone(&entry.listener), due))
    }

    /// Notes that this one has heard something, if it is still the same.
    fn heard(&mut self, key: usize, listener: &Arc<dyn Listener>, heard: Heard) {
        let entry = self.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.listener, listener));
        match (entry, heard) {
            (Some(entry), Heard::Number(number)) => entry.number = Some(number),
            (Some(entry), Heard::Announcement(number)) => entry.announced = number,
            (None, _) => {}
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("listeners", &self.entries.len())
            .field("announced", &self.announced)
            .field("numbers", &self.numbers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Writes down what it hears, unless it is stuck.
    #[derive(Clone, Default)]
    struct Ear(Arc<(Mutex<Vec<String>>, AtomicBool)>);

    impl Ear {
        fn stuck(&self, is_stuck: bool) {
            self.0.1.store(is_stuck, Ordering::Relaxed);
        }

        fn heard(&self) -> Vec<String> {
            std::mem::take(&mut self.0.0.lock().unwrap())
        }
    }

    impl Listener for Ear {
        fn tell(&self, notice: &Notice) -> Passage {
            if self.0.1.load(Ordering::Relaxed) {
                return Passage::Full;
            }
            self.0.0.lock().unwrap().push(format!("{} {}", notice.event, notice.argument));
            Passage::Sent
        }
    }

    fn readers(all: usize) -> Readers {
        Readers { here: 1, all, nodes: 2 }
    }

    fn number(all: usize) -> String {
        format!(r#"readers {{"here":1,"all":{all},"nodes":2}}"#)
    }

    fn announcement(text: &str) -> Announcement {
        Announcement::new(text, std::time::SystemTime::UNIX_EPOCH).unwrap()
    }

    fn announced(text: &str) -> String {
        format!(r#"announcement {{"text":"{text}","at":"1970-01-01T00:00:00Z"}}"#)
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_hears_each_number_once_and_all_hear_what_is_announced() {
        let (audience, asks, other) = (Audience::default(), Ear::default(), Ear::default());
        let _seats = (audience.join(asks.clone(), true), audience.join(other.clone(), false));
        let round = async |all| {
            audience.state().count(readers(all));
            audience.go_round(NUMBERS).await;
        };
        round(5).await;
        round(5).await;
        assert_eq!(asks.heard(), [number(5)]);
        audience.announce(&announcement("a"));
        round(6).await;
        assert_eq!(asks.heard(), [announced("a"), number(6)]);
        assert_eq!(other.heard(), [announced("a")]);
        let late = Ear::default();
        let seat = audience.join(late.clone(), true);
        round(6).await;
        assert_eq!(
            (late.heard(), asks.heard()),
            (vec![number(6)], vec![]),
            "who comes late missed the announcement"
        );
        drop(seat);
        round(7).await;
        assert_eq!((late.heard(), asks.heard()), (vec![], vec![number(7)]));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_stuck_hears_it_later_and_once_but_not_for_ever() {
        let (audience, ear) = (Audience::default(), Ear::default());
        let _seat = audience.join(ear.clone(), true);
        ear.stuck(true);
        let round = async |all| {
            audience.state().count(readers(all));
            audience.go_round(NUMBERS).await;
        };
        audience.announce(&announcement("a"));
        audience.announce(&announcement("b"));
        round(1).await;
        round(2).await;
        ear.stuck(false);
        round(2).await;
        assert_eq!(ear.heard(), [announced("a"), announced("b"), number(2)]);
        ear.stuck(true);
        audience.announce(&announcement("c"));
        tokio::time::advance(LASTING + LOOK).await;
        ear.stuck(false);
        round(2).await;
        assert_eq!(ear.heard(), Vec::<String>::new());
        (0..2 * MOST).for_each(|at| audience.announce(&announcement(&at.to_string())));
        round(2).await;
        let last: Vec<_> = (MOST..2 * MOST).map(|at| announced(&at.to_string())).collect();
        assert_eq!(ear.heard(), last);
    }

    #[tokio::test(start_paused = true)]
    async fn where_many_ask_each_has_its_turn() {
        let audience = Audience::default();
        let ears: Vec<_> = (0..25).map(|_| Ear::default()).collect();
        let _seats: Vec<_> = ears.iter().map(|ear| audience.join(ear.clone(), true)).collect();
        let mut told = vec![0; ears.len()];
        for all in 0..5 {
            audience.state().count(readers(all));
            audience.go_round(10).await;
            let heard: Vec<_> = ears.iter().map(|ear| ear.heard().len()).collect();
            assert_eq!(heard.iter().sum::<usize>(), 10);
            told.iter_mut().zip(heard).for_each(|(told, heard)| *told += heard);
        }
        assert_eq!(told, [2; 25]);
    }
}
