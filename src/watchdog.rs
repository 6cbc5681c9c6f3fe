//! [`Watchdog`]: when a late conductor is worth a line in the log. Pure: it is told the time.

use std::time::{Duration, Instant};

/// A beat that is later than this is worth a line: the page calls a stream interrupted after about so long.
pub(crate) const LATE: Duration = Duration::from_secs(2);

/// The shortest time between two lines.
const QUIET: Duration = Duration::from_secs(10);

/// How often the watchdog looks.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

/// A look that is itself later than this shows that the whole process, or the machine, was not running.
const ASLEEP: Duration = Duration::from_secs(1);

/// What a look comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// The conductor is late by so much.
    Late(Duration),
    /// It is on time again, after it was late.
    OnTime,
}

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Watchdog {
    looked: Instant,
    /// Since when the process has been running without a break.
    awake: Instant,
    /// When the last line was worth it, if the conductor has been late since.
    told: Option<Instant>,
}

impl Watchdog {
    pub(crate) fn new(now: Instant) -> Self {
        Self { looked: now, awake: now, told: None }
    }

    /// Looks at a conductor that is late by so much; returns what is worth a line.
    pub(crate) fn look(&mut self, now: Instant, lateness: Duration) -> Option<Sighting> {
        if now.duration_since(self.looked) > LOOK + ASLEEP {
            self.awake = now;
        }
        self.looked = now;
        // What was missed asleep is nobody's fault.
        let lateness = lateness.min(now.duration_since(self.awake));
        if lateness <= LATE {
            return self.told.take().map(|_| Sighting::OnTime);
        }
        if self.told.is_some_and(|told| now.duration_since(told) < QUIET) {
            return None;
        }
        self.told = Some(now);
        Some(Sighting::Late(lateness))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is worth a line at each of these times, the conductor being late by so much, both in milliseconds.
    fn looks(looks: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, Sighting)> {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(start);
        let look = |(at, late)| {
            let sighting = watchdog.look(start + Duration::from_millis(at), Duration::from_millis(late));
            sighting.map(|sighting| (at, sighting))
        };
        looks.into_iter().filter_map(look).collect()
    }

    fn late(millis: u64) -> Sighting {
        Sighting::Late(Duration::from_millis(millis))
    }

    #[test]
    fn a_conductor_on_time_is_worth_no_line() {
        assert_eq!(looks((0..100).map(|look| (look * 500, look % 4 * 500))), []);
    }

    #[test]
    fn a_late_one_is_worth_one_each_ten_seconds_and_one_when_it_is_over() {
        // Stuck from the 1st second to the 24th.
        let stuck = (0..=60_u64)
            .map(|look| look * 500)
            .map(|at| (at, if at < 24_000 { at.saturating_sub(1000) } else { 0 }));
        let expected =
            [(3500, late(2500)), (13_500, late(12_500)), (23_500, late(22_500)), (24_000, Sighting::OnTime)];
        assert_eq!(looks(stuck), expected);
    }

    #[test]
    fn a_process_that_was_stopped_accuses_nobody() {
        // Asleep for an hour, and the conductor beats a moment after the first look.
        assert_eq!(looks([(500, 0), (3_600_000, 3_599_000), (3_600_500, 0)]), []);
        // It does not come back.
        let dead = (0..=10).map(|look| (3_600_000 + look * 500, 3_599_000 + look * 500));
        assert_eq!(looks([(500, 0)].into_iter().chain(dead)), [(3_602_500, late(2500))]);
    }
}
