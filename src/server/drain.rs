//! [`Drain`]: how readers are let go when the server stops. Each has a turn of its own, so that they don't all come back in one instant.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketioxide::SocketIo;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::socketio;

/// How long it takes for each reader, unless the whole would be longer than it may be: whoever takes them can take a thousand in a second.
const FOR_EACH: Duration = Duration::from_millis(1);

/// When each reader's turn is.
#[derive(Debug)]
pub(super) struct Drain {
    longest: Duration,
    begun: CancellationToken,
    /// Cancelled when it is everybody's turn.
    stop: CancellationToken,
    /// When it began, how long it takes, and how many readers there were.
    course: OnceLock<(Instant, Duration, usize)>,
    /// How many have got their turn.
    turns: AtomicUsize,
}

impl Drain {
    /// Takes this long at most, and has no time left once `stop` is cancelled.
    pub(super) fn new(longest: Duration, stop: &CancellationToken) -> Self {
        let (course, turns) = Default::default();
        Self { longest, begun: stop.child_token(), stop: stop.clone(), course, turns }
    }

    /// How long it takes at most.
    pub(super) fn longest(&self) -> Duration {
        self.longest
    }

    /// Cancelled when it begins, or when the server stops without it.
    pub(super) fn begun(&self) -> &CancellationToken {
        &self.begun
    }

    /// Lets all readers go, of whom there are so many, and those who come meanwhile; completes when the last one has had its turn.
    pub(super) async fn run(&self, readers: usize, io: &SocketIo) {
        let over = self.longest.min(FOR_EACH.saturating_mul(u32::try_from(readers).unwrap_or(u32::MAX)));
        let start = Instant::now();
        // It runs once.
        let _ = self.course.set((start, over, readers));
        self.begun.cancel();
        let sockets = io.sockets();
        for (at, socket) in sockets.iter().enumerate() {
            sleep_until(start + share(over, at, sockets.len())).await;
            socketio::let_go(socket);
        }
        sleep_until(start + over).await;
    }

    /// Completes when it has begun and it is the turn of one more reader, over a transport that hasn't sockets of its own, or when the server stops.
    pub(super) async fn turn(&self) {
        self.begun.cancelled().await;
        // The host may stop the server without one.
        let Some((start, over, readers)) = self.course.get() else { return };
        let at = self.turns.fetch_add(1, Ordering::Relaxed);
        let turn = sleep_until(*start + share(*over, at, *readers));
        // In a box: as long as nothing has begun, which is nearly always, a reader has no timer.
        Box::pin(self.stop.run_until_cancelled(turn)).await;
    }
}

/// So much of a time has passed when it is the turn of one of so many.
fn share(over: Duration, at: usize, of: usize) -> Duration {
    over.mul_f64((at as f64 / of.max(1) as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_spread_evenly() {
        let (_, io) = SocketIo::new_layer();
        io.ns("/", async || {});
        for (readers, longest, expected) in
            [(10_000, 5_000, 5_000), (100, 5_000, 100), (100, 0, 0), (0, 5_000, 0)]
        {
            let drain = Arc::new(Drain::new(Duration::from_millis(longest), &CancellationToken::new()));
            let start = Instant::now();
            let turns = join_all((0..readers).map(|_| {
                let drain = Arc::clone(&drain);
                async move {
                    drain.turn().await;
                    start.elapsed().as_millis()
                }
            }));
            let (turns, ()) = tokio::join!(turns, drain.run(readers, &io));
            let over = start.elapsed().as_millis();
            assert!((expected..=expected + 1).contains(&over), "{over} ms for {readers} readers");
            if over <= 1 {
                continue;
            }
            let early = turns.iter().filter(|turn| **turn < over / 2).count();
            assert!(early.abs_diff(readers / 2) <= readers / 10, "{early} of {readers} in the first half");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_everybodys_turn() {
        let stop = CancellationToken::new();
        let drain = Drain::new(Duration::from_secs(5), &stop);
        let (_, io) = SocketIo::new_layer();
        io.ns("/", async || {});
        let start = Instant::now();
        let stopping = async {
            sleep_until(start + Duration::from_secs(1)).await;
            stop.cancel();
        };
        let turns = join_all((0..10_000).map(|_| drain.turn()));
        let run = stop.run_until_cancelled(drain.run(10_000, &io));
        let _ = tokio::join!(turns, run, stopping);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        drain.turn().await;
        let without = Drain::new(Duration::from_secs(5), &stop);
        without.turn().await;
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }
}
