//! Memory that readers have left behind goes back to the system.
//!
//! glibc keeps what is freed for the next allocation, unless it happens to be the end of its heap (`malloc_trim(3)`). Measured
//! over 10,000 readers of Socket.IO: 12 MiB before, 188 with them, as many when they had left, and 16 after the trim. Other allocators give
//! back by themselves.

use std::time::{Duration, Instant};

use tokio::{task::spawn_blocking, time::sleep};
use tracing::debug;

/// How often the number of readers is looked at, and so the shortest time between two trims: one takes time (57 ms
/// for 172 MiB on a busy machine), during which other threads may wait for memory.
const LOOK: Duration = Duration::from_secs(10);

/// How long after the last reader was counted its connection is surely gone, too.
const SETTLING: Duration = Duration::from_secs(1);

/// So many departures are always worth a trim: 10 MiB and more.
const MANY: usize = 1000;

/// Fewer are worth it if they are a quarter of all, but not so few.
const SOME: usize = 100;

/// Whether enough readers have left since the last trim. Pure: it is told how many there are.
#[derive(Debug, Default)]
struct Ebb {
    /// The most readers since the last trim.
    peak: usize,
}

impl Ebb {
    /// Looks at the number of readers; true if it is time to trim, which is then taken as done.
    fn is_low(&mut self, readers: usize) -> bool {
        self.peak = self.peak.max(readers);
        let gone = self.peak - readers;
        let low = gone >= MANY || gone >= SOME && gone * 4 >= self.peak;
        if low {
            self.peak = readers;
        }
        low
    }
}

/// Gives memory back whenever many have left of those that are counted: readers, or connections with a request; never returns.
pub(crate) async fn give_back_after(readers: impl Fn() -> usize) {
    let mut ebb = Ebb::default();
    loop {
        sleep(LOOK).await;
        if ebb.is_low(readers()) {
            sleep(SETTLING).await;
            let start = Instant::now();
            // An error means that the runtime is ending.
            let _ = spawn_blocking(give_back).await;
            debug!(took_us = start.elapsed().as_micros(), "memory of those who left was given back");
        }
    }
}

/// Asks the allocator to give back what it does not need.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "no well-kept crate has a safe function for it")]
fn give_back() {
    // SAFETY: it takes no pointer, leaves every allocation in place, and is thread-safe (malloc_trim(3), ATTRIBUTES).
    // Its result only says whether anything was given back.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these looks at the number of readers find it time to trim.
    fn trims(readers: &[usize]) -> Vec<usize> {
        let mut ebb = Ebb::default();
        (0..readers.len()).filter(|look| ebb.is_low(readers[*look])).collect()
    }

    #[test]
    fn many_departures_or_a_quarter_are_worth_a_trim() {
        for (readers, expected) in [
            (&[0, 5000, 10_000, 10_000][..], &[][..]),
            (&[10_000, 9_001], &[]),
            (&[10_000, 9_000], &[1]),
            (&[10_000, 0, 0], &[1]),
            (&[10_000, 8_500, 7_501, 7_500], &[1, 3]),
            (&[10_000, 9_500, 10_200, 9_300, 9_200], &[4]),
            (&[400, 301, 300], &[2]),
            (&[401, 301], &[]),
            (&[100, 1, 0], &[2]),
            (&[99, 0, 99, 0], &[]),
            (&[500, 0, 500, 0], &[1, 3]),
        ] {
            assert_eq!(trims(readers), expected, "{readers:?}");
        }
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn what_was_freed_between_what_is_kept_goes_back() {
        let resident_kib = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap()
        };
        let mut blocks: Vec<_> = (0..64 * 1024).map(|_| vec![1_u8; 2048]).collect();
        let full = resident_kib();
        // Those that stay are a hundredth, and keep the heap from shrinking by itself.
        let mut index = 0_usize;
        blocks.retain(|_| {
            index += 1;
            index.is_multiple_of(100)
        });
        give_back();
        let left = resident_kib();
        assert!(full.saturating_sub(left) > 64 * 1024, "{full} KiB, then {left}");
    }
}
