//! [`Pulse`]: when the conductor is to beat next, for whoever watches it from another thread.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// The time of the conductor's next beat.
#[derive(Debug)]
pub(crate) struct Pulse {
    start: Instant,
    /// In milliseconds since the start.
    next: AtomicU64,
}

impl Pulse {
    /// The pulse of a conductor that is to beat at once.
    pub(crate) fn new(now: Instant) -> Self {
        Self { start: now, next: AtomicU64::new(0) }
    }

    /// The conductor will beat at this time. One that has passed is not taken back by a beat that failed to come.
    pub(crate) fn expect(&self, at: Instant) {
        let since = at.saturating_duration_since(self.start).as_millis();
        self.next.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long the beat is overdue; zero if it is not.
    pub(crate) fn lateness(&self, now: Instant) -> Duration {
        let next = Duration::from_millis(self.next.load(Ordering::Relaxed));
        now.saturating_duration_since(self.start).saturating_sub(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_is_what_was_expected_and_has_not_come() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let pulse = Pulse::new(start);
        assert_eq!(pulse.lateness(start), Duration::ZERO);
        assert_eq!(pulse.lateness(at(30)), Duration::from_millis(30));
        pulse.expect(at(1000));
        assert_eq!(pulse.lateness(at(999)), Duration::ZERO);
        assert_eq!(pulse.lateness(at(3500)), Duration::from_millis(2500));
    }
}
