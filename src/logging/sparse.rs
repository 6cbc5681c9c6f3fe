//! [`Sparse`]: which lines of a log are written when many of one kind come at once, so that no client can fill a disk. Pure: the
//! clock is a parameter.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// The time for one line of a kind.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// So long after the last line of a kind a flood of it is over, and what is still untold is told. Within a flood the next line tells it.
pub(super) const QUIET: Duration = Duration::from_secs(2);

/// What was written lately, by kind: at most a line a second of each, after as many at once as the kind may have.
#[derive(Debug)]
pub(super) struct Sparse<K> {
    kinds: HashMap<K, Lately>,
}

#[derive(Debug)]
struct Lately {
    /// The lines that have been written, each a second long, reach until then.
    spent: Instant,
    written: Instant,
    left_out: u64,
    /// What its last line said.
    words: String,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is written; so many like it were left out before it.
    Written(u64),
    /// It is left out.
    LeftOut,
}

impl<K: Eq + Hash> Sparse<K> {
    pub(super) fn new() -> Self {
        Self { kinds: HashMap::new() }
    }

    /// What becomes of a line of a kind that may have `at_once` lines at once, from 1. `words` are asked for if it is written.
    pub(super) fn judge(
        &mut self,
        kind: K,
        at_once: u32,
        now: Instant,
        words: impl FnOnce() -> String,
    ) -> Fate {
        let lately = self.kinds.entry(kind).or_insert_with(|| Lately {
            spent: now,
            written: now,
            left_out: 0,
            words: String::new(),
        });
        if lately.spent.saturating_duration_since(now) > PACE * at_once.saturating_sub(1) {
            lately.left_out += 1;
            return Fate::LeftOut;
        }
        lately.spent = lately.spent.max(now) + PACE;
        lately.written = now;
        lately.words = words();
        Fate::Written(std::mem::take(&mut lately.left_out))
    }

    /// Whether any line was left out that nobody was told of.
    pub(super) fn has_untold(&self) -> bool {
        self.kinds.values().any(|lately| lately.left_out > 0)
    }

    /// What was left out of floods that are over: what the last line of each said, and how many were like it. They count as told.
    pub(super) fn tell(&mut self, now: Instant) -> Vec<(String, u64)> {
        let over = self
            .kinds
            .values_mut()
            .filter(|lately| lately.left_out > 0 && now.saturating_duration_since(lately.written) >= QUIET);
        over.map(|lately| (lately.words.clone(), std::mem::take(&mut lately.left_out))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of lines of one kind at these times, in milliseconds.
    fn fates(at_once: u32, times: &[u64]) -> Vec<Option<u64>> {
        let (mut sparse, start) = (Sparse::new(), Instant::now());
        let mut judge = |millis: &u64| match sparse.judge(
            (),
            at_once,
            start + Duration::from_millis(*millis),
            String::new,
        ) {
            Fate::Written(left_out) => Some(left_out),
            Fate::LeftOut => None,
        };
        times.iter().map(&mut judge).collect()
    }

    #[test]
    fn a_line_a_second() {
        assert_eq!(fates(1, &[0, 1, 999, 1000, 1001, 2000]), [Some(0), None, None, Some(2), None, Some(1)]);
        assert_eq!(fates(1, &[0, 60_000, 60_001, 61_000]), [Some(0), Some(0), None, Some(1)]);
    }

    #[test]
    fn some_kinds_may_have_several_at_once_but_not_for_long() {
        assert_eq!(
            fates(3, &[0, 0, 0, 0, 500, 1000, 1001, 60_000, 60_000, 60_000, 60_000]),
            [Some(0), Some(0), Some(0), None, None, Some(2), None, Some(1), Some(0), Some(0), None]
        );
        let flood: Vec<_> = (0..60_000).collect();
        assert_eq!(fates(20, &flood).iter().flatten().count(), 20 + 59);
    }

    #[test]
    fn kinds_do_not_hide_each_other() {
        let (mut sparse, now) = (Sparse::new(), Instant::now());
        for kind in ["a", "b"] {
            assert_eq!(sparse.judge(kind, 1, now, String::new), Fate::Written(0));
            assert_eq!(sparse.judge(kind, 1, now, String::new), Fate::LeftOut);
        }
    }

    #[test]
    fn the_end_of_a_flood_is_told_once() {
        let (mut sparse, start) = (Sparse::new(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        for millis in 0..10 {
            sparse.judge("kind", 1, at(millis), || format!("line {millis}"));
        }
        assert!(sparse.has_untold());
        assert_eq!(sparse.tell(at(1999)), [], "the next line may tell it");
        assert_eq!(sparse.tell(at(2000)), [("line 0".to_owned(), 9)]);
        assert!(!sparse.has_untold());
        assert_eq!(sparse.tell(at(9000)), []);
        assert_eq!(sparse.judge("kind", 1, at(9000), String::new), Fate::Written(0));
    }
}
