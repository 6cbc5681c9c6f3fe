//! [`grow`]: sizes that grow until one fails.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::probe::{
    context::Context,
    evidence::{EchoStep, Failure, FailureKind},
};

/// The first size, in bytes, and how many times larger each is than the one before.
pub(super) const FIRST: u64 = 1024;
pub(super) const GROWTH: u64 = 4;

/// How long one step may take. What is not there by then has failed only if a smaller one came through in no time.
pub(super) const STEP: Duration = Duration::from_secs(4);

/// From this size on, the time that a step took tells how long the next one would take.
const TELLING: u64 = 64 * 1024;

/// How many sizes are tried between the largest that passed and the smallest that failed.
const BETWEEN: usize = 3;

/// Sends sizes from [`FIRST`] to `top` until one fails twice, each attempt after a failure over a fresh connection, and narrows down
/// where the limit is.
pub(super) async fn grow(top: u64, mut attempt: impl AsyncFnMut(u64) -> EchoStep) -> Vec<EchoStep> {
    let mut steps: Vec<EchoStep> = Vec::new();
    let mut passed = 0;
    for size in sizes(top) {
        let mut step = attempt(size).await;
        if !step.passed {
            steps.push(step);
            step = attempt(size).await;
        }
        let (came, ms, late) = (step.passed, step.ms, is_late(&step));
        steps.push(step);
        if !came {
            // Waiting again and again for what does not come tells nothing more.
            if !late && passed > 0 {
                between(passed, size, &mut attempt, &mut steps).await;
            }
            break;
        }
        passed = size;
        // On a slow line larger ones would fail for lack of time.
        if size >= TELLING && u128::from(ms.saturating_mul(GROWTH)) > STEP.as_millis() {
            break;
        }
    }
    steps
}

async fn between(
    mut passed: u64,
    mut failed: u64,
    attempt: &mut impl AsyncFnMut(u64) -> EchoStep,
    steps: &mut Vec<EchoStep>,
) {
    for _ in 0..BETWEEN {
        // The middle of their logarithms: limits are powers of two or near them.
        let middle = ((passed as f64) * (failed as f64)).sqrt() as u64;
        let step = attempt(middle).await;
        if step.passed {
            passed = middle;
        } else {
            failed = middle;
        }
        steps.push(step);
    }
}

/// The sizes up to this one.
pub(super) fn sizes(top: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(FIRST), |size| Some(size * GROWTH)).take_while(move |size| *size <= top)
}

fn is_late(step: &EchoStep) -> bool {
    step.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout)
}

/// One step, which is given up after its time.
pub(super) async fn step(
    context: &Context,
    bytes: u64,
    attempt: impl Future<Output = Result<EchoStep, EchoStep>>,
) -> EchoStep {
    let start = Instant::now();
    let limit = context.limit().min(STEP);
    let step = match timeout(limit, Box::pin(attempt)).await {
        Ok(Ok(step)) => EchoStep { passed: true, ..step },
        Ok(Err(step)) => step,
        Err(_) => {
            let text = format!("nothing came of it within {:.0} s", limit.as_secs_f64());
            let failure = Some(Failure::new(FailureKind::Timeout, text));
            EchoStep { failure, ..EchoStep::default() }
        }
    };
    EchoStep { bytes, ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX), ..step }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent to a host that lets so many bytes through, and needs so long for each.
    async fn sent(limit: u64, ms: impl Fn(u64) -> u64) -> Vec<(u64, bool)> {
        let attempt =
            async |bytes| EchoStep { bytes, ms: ms(bytes), passed: bytes <= limit, ..EchoStep::default() };
        grow(16 * 1024 * 1024, attempt).await.iter().map(|step| (step.bytes, step.passed)).collect()
    }

    #[tokio::test]
    async fn without_a_limit_all_sizes_pass() {
        let all = sent(u64::MAX, |_| 1).await;
        assert_eq!((all.len(), all.last()), (8, Some(&(16 * 1024 * 1024, true))));
    }

    #[tokio::test]
    async fn a_limit_is_met_twice_and_narrowed_down() {
        let all = sent(128 * 1024, |_| 1).await;
        let failed: Vec<u64> = all.iter().filter(|(_, passed)| !passed).map(|(bytes, _)| *bytes).collect();
        assert_eq!(failed[..2], [256 * 1024, 256 * 1024]);
        let smallest = failed.iter().min().unwrap();
        let largest = all.iter().filter(|(_, passed)| *passed).map(|(bytes, _)| bytes).max().unwrap();
        assert!((*largest..*smallest).contains(&(128 * 1024)), "{largest} to {smallest}");
        assert!(*smallest < largest + largest / 4, "{largest} to {smallest}");
    }

    #[tokio::test]
    async fn a_slow_line_is_not_filled() {
        let all = sent(u64::MAX, |bytes| bytes / 40).await;
        assert_eq!(all.last(), Some(&(64 * 1024, true)), "{all:?}");
    }

    #[tokio::test]
    async fn where_nothing_passes_two_attempts_are_enough() {
        assert_eq!(sent(0, |_| 1).await, [(1024, false), (1024, false)]);
    }
}
