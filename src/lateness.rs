//! [`Lateness`]: how late stanzas were sent, counted in buckets. The conductor adds one with each stanza, so this is plain
//! atomics: no lock, no allocation.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The buckets' upper bounds in microseconds. The conductor's slots of 20 ms put the usual lateness into the first three; a page
/// calls a stream interrupted after about two seconds.
const BOUNDS: [u64; 11] =
    [5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000];

/// How many stanzas were how late.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    /// The last one has no bound.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// In microseconds.
    sum: AtomicU64,
}

/// What was counted by one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LatenessSoFar {
    /// Each bucket's upper bound in seconds, and how many fell into it and into no lower one; the last bound is infinite.
    pub(crate) buckets: Vec<(f64, u64)>,
    /// Of all together, in seconds.
    pub(crate) sum: f64,
    /// How many there were.
    pub(crate) count: u64,
}

impl Lateness {
    /// Counts a stanza that was sent so late.
    pub(crate) fn note(&self, late: Duration) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub(crate) fn so_far(&self) -> LatenessSoFar {
        let bounds = BOUNDS.iter().map(|micros| seconds(*micros)).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        // Not a counter of its own: it has to agree with the buckets at every moment.
        let count = buckets.iter().map(|(_, count)| count).sum();
        LatenessSoFar { buckets, sum: seconds(self.sum.load(Ordering::Relaxed)), count }
    }
}

/// Exact up to 2^53 microseconds, which are 285 years.
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stanza_falls_into_the_first_bucket_that_holds_it() {
        let lateness = Lateness::default();
        for millis in [0, 5, 6, 25, 2500, 2501, 3_600_000] {
            lateness.note(Duration::from_millis(millis));
        }
        let so_far = lateness.so_far();
        let filled: Vec<_> = so_far.buckets.iter().copied().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.005, 2), (0.01, 1), (0.025, 1), (2.5, 1), (5.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((so_far.count, so_far.sum), (7, 3605.037));
    }
}
