//! [`StallWatch`]: how late this machine runs the probe itself, so that a busy machine is not taken for a slow host.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio_util::task::AbortOnDropHandle;

use super::{
    client::{connector::millis, lock::lock},
    evidence::Stall,
};

/// How often the watch looks at the clock.
const TICK: Duration = Duration::from_millis(50);
/// What is later than this stalls; the rest is noise.
const LATE: Duration = Duration::from_millis(200);

/// A task that should run every [`TICK`], and notes when it did not.
pub(crate) struct StallWatch {
    longest: Arc<Mutex<Option<Stall>>>,
    _task: AbortOnDropHandle<()>,
}

impl StallWatch {
    /// Watches from now on; times are given since `start`.
    pub(crate) fn start(start: Instant) -> Self {
        let longest: Arc<Mutex<Option<Stall>>> = Arc::default();
        let known = longest.clone();
        let task = tokio::spawn(async move {
            loop {
                let (before, at_ms) = (Instant::now(), millis(start));
                tokio::time::sleep(TICK).await;
                let late = before.elapsed().saturating_sub(TICK);
                let ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
                let mut longest = lock(&known);
                if late > LATE && longest.as_ref().is_none_or(|longest| longest.ms < ms) {
                    *longest = Some(Stall { at_ms, ms });
                }
            }
        });
        Self { longest, _task: AbortOnDropHandle::new(task) }
    }

    /// The longest stall so far.
    pub(crate) fn longest(&self) -> Option<Stall> {
        lock(&self.longest).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_machine_that_does_something_else_is_noticed() {
        let watch = StallWatch::start(Instant::now());
        tokio::time::sleep(3 * TICK).await;
        // On purpose without an await: nothing else runs on this thread.
        std::thread::sleep(Duration::from_millis(600));
        tokio::time::sleep(3 * TICK).await;
        let longest = watch.longest().unwrap();
        assert!((300..5000).contains(&longest.ms), "{longest:?}");
    }
}
