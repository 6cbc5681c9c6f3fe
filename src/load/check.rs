//! [`Track`]: whether a reader gets every stanza, once, in order and on time. Pure.

use std::time::{Duration, Instant};

/// Where one reader stands, and from when its stanzas are due.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    /// The index of the stanza that comes next.
    next: u32,
    /// How many stanzas there are, as far as is known.
    of: u32,
    interval: Duration,
    /// When the first stanza of this connection came, and its index.
    base: Option<(Instant, u32)>,
}

/// What one stanza shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is the next one; how late it came, or none for the first one of a connection, from which the others count.
    Next(Option<Duration>),
    /// So many before it did not come.
    Lost(u32),
    /// It has come before.
    Repeated,
}

impl Track {
    /// The stanza to go on from.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The time between two stanzas; zero before it is known.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// A connection's reading begins.
    pub(super) fn opening(&mut self, of: u32, interval: Duration) {
        self.of = of;
        self.interval = interval;
        self.base = None;
    }

    /// The stanza with this index has come.
    pub(super) fn stanza(&mut self, index: u32, at: Instant) -> Order {
        if index < self.next {
            return Order::Repeated;
        }
        let lost = index - self.next;
        self.next = index.saturating_add(1);
        if lost > 0 {
            // What is gone says nothing of when the others are due.
            self.base = Some((at, index));
            return Order::Lost(lost);
        }
        let Some((first, from)) = self.base else {
            self.base = Some((at, index));
            return Order::Next(None);
        };
        let due = first + self.interval * (index - from);
        Order::Next(Some(at.saturating_duration_since(due)))
    }

    /// The connection broke off.
    pub(super) fn cut(&mut self) {
        self.base = None;
    }

    /// An event without an index has come; returns the time since the one before it on this connection.
    pub(super) fn event(&mut self, at: Instant) -> Option<Duration> {
        let before = self.base.replace((at, 0));
        before.map(|(before, _)| at.saturating_duration_since(before))
    }

    /// The poem has ended: how many stanzas are missing.
    pub(super) fn end(&self) -> u32 {
        self.of.saturating_sub(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);

    fn track() -> Track {
        let mut track = Track::default();
        track.opening(6, INTERVAL);
        track
    }

    #[test]
    fn lateness_counts_from_the_first_of_a_connection() {
        let (mut track, start) = (track(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(track.stanza(0, at(0)), Order::Next(None));
        assert_eq!(track.stanza(1, at(107)), Order::Next(Some(Duration::from_millis(7))));
        assert_eq!(track.stanza(2, at(190)), Order::Next(Some(Duration::ZERO)), "early is not late");
        track.opening(6, INTERVAL);
        assert_eq!(track.stanza(3, at(5000)), Order::Next(None), "it came back");
        assert_eq!(track.stanza(4, at(5101)), Order::Next(Some(Duration::from_millis(1))));
    }

    #[test]
    fn gaps_and_repetitions() {
        let (mut track, now) = (track(), Instant::now());
        for (index, order) in [
            (0, Order::Next(None)),
            (2, Order::Lost(1)),
            (1, Order::Repeated),
            (2, Order::Repeated),
            (3, Order::Next(Some(Duration::ZERO))),
        ] {
            // Nobody waits here, so that nothing is late.
            assert_eq!(track.stanza(index, now), order, "{index}");
        }
        assert_eq!((track.end(), track.next()), (2, 4));
        track.stanza(5, now);
        assert_eq!(track.end(), 0);
    }
}
