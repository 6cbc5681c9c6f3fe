//! [`Entry`]: one reading with the way to its reader, and what is to be done for it now.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Notice, ReaderSink, SendOutcome};
use crate::{departure::Departure, lateness::Lateness, reading::Reading};

/// A reading, and the way to its reader.
pub(super) struct Entry {
    pub(super) id: u64,
    reading: Reading,
    sink: Box<dyn ReaderSink>,
    /// When its next stanza is due, not rounded.
    due: Instant,
    /// How many times in a row its reader was found busy.
    busy: u32,
    /// The only appointment that counts; zero if there is none.
    pub(super) ticket: u64,
    /// What is to be told, and was not yet. Only readings in a room are told anything.
    notices: Option<Box<Notices>>,
}

/// What is to be told to one reader.
#[derive(Default)]
struct Notices {
    /// A part of it may be on its way: nothing else comes before.
    begun: Option<Arc<Notice>>,
    /// What comes after it.
    next: Option<Arc<Notice>>,
}

/// When a reading is to be looked at again.
pub(super) enum Next {
    /// When its stanza is due.
    At(Instant),
    /// After a pause of so many slots, or at its next own time if that comes first: its reader is busy.
    Pause(u64),
    /// When its room changes.
    WithItsRoom,
    /// It is over.
    Never,
}

impl Entry {
    /// The reading with this id, which no other reading has or had, and its first stanza's time.
    pub(super) fn new(id: u64, reading: Reading, sink: Box<dyn ReaderSink>, due: Instant) -> Self {
        Self { id, reading, sink, due, busy: 0, ticket: 0, notices: None }
    }

    /// The id of its room, if it is in one.
    pub(super) fn room(&self) -> Option<u64> {
        self.reading.room().map(|room| room.id())
    }

    /// Whether its reader was busy when it was asked last, and is going to be asked again.
    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    /// When its next stanza is due, not rounded.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Has this told next, in the place of what is not begun yet.
    pub(super) fn tell(&mut self, notice: &Arc<Notice>) {
        self.notices.get_or_insert_default().next = Some(Arc::clone(notice));
    }

    /// Tells the sink why its reader leaves.
    pub(super) fn leaves(&mut self, why: Departure) {
        self.sink.leaves(why);
    }

    /// Does what is due, and notes how late.
    pub(super) fn serve(&mut self, interval: Duration, now: Instant, lateness: &Lateness) -> Next {
        let outcome = match self.reading.room() {
            None => self.send(now, lateness).map(|()| {
                self.due = next_due(self.due, interval, now);
                Next::At(self.due)
            }),
            Some(_) => self.serve_in_room(now, lateness),
        };
        match outcome {
            Ok(next) => {
                self.busy = 0;
                next
            }
            Err(SendOutcome::Full) => {
                let pause = 1_u64.checked_shl(self.busy).unwrap_or(u64::MAX);
                self.busy += 1;
                Next::Pause(pause)
            }
            Err(_) => Next::Never,
        }
    }

    /// The same in a room: what is to be told, and the stanza if it is due.
    fn serve_in_room(&mut self, now: Instant, lateness: &Lateness) -> Result<Next, SendOutcome> {
        let stanza_may_be_begun =
            self.is_busy() && self.notices.as_ref().is_none_or(|told| told.begun.is_none());
        if !stanza_may_be_begun {
            self.tell_notices()?;
            self.reading.follow_jump();
            match self.reading.due_in_room() {
                None => return Ok(Next::WithItsRoom),
                Some(due) => self.due = due,
            }
            if self.due > now {
                return Ok(Next::At(self.due));
            }
        }
        self.send(now, lateness)?;
        self.reading.follow_jump();
        Ok(self.reading.due_in_room().map_or(Next::WithItsRoom, Next::At))
    }

    fn tell_notices(&mut self) -> Result<(), SendOutcome> {
        while let Some(notices) = &mut self.notices {
            notices.begun = notices.begun.take().or_else(|| notices.next.take());
            let Some(notice) = &notices.begun else {
                self.notices = None;
                break;
            };
            sent(self.sink.tell(notice))?;
            notices.begun = None;
        }
        Ok(())
    }

    /// Sends the next stanza, and then the end if it was the last one. `Err(Closed)` also when the reading is over.
    fn send(&mut self, now: Instant, lateness: &Lateness) -> Result<(), SendOutcome> {
        if let Some(index) = self.reading.next() {
            sent(self.sink.send(index))?;
            lateness.note(now.saturating_duration_since(self.due));
            self.reading.advance();
        }
        if self.reading.next().is_some() {
            return Ok(());
        }
        sent(self.sink.finish())?;
        Err(SendOutcome::Closed)
    }
}

fn sent(outcome: SendOutcome) -> Result<(), SendOutcome> {
    if outcome == SendOutcome::Sent { Ok(()) } else { Err(outcome) }
}

/// When the stanza after the one that was due is due: an interval later, if that is still to come; else at the first of
/// the times due + k · interval that is at least one interval from now.
fn next_due(due: Instant, interval: Duration, now: Instant) -> Instant {
    let next = due + interval;
    if next > now {
        return next;
    }
    let into_interval = nanos(now - due) % nanos(interval);
    let to_phase = (nanos(interval) - into_interval) % nanos(interval);
    now + interval + Duration::from_nanos(to_phase)
}

/// The first of a reading's times due + k · interval that is still to come.
pub(super) fn next_of_its_own(due: Instant, interval: Duration, now: Instant) -> Instant {
    let late = nanos(now.saturating_duration_since(due));
    now + interval - Duration::from_nanos(late % nanos(interval))
}

/// In 64 bits, whose division is much cheaper than that of 128; they are enough for 584 years.
pub(super) fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}
