//! [`RoomClock`]: the time of rooms, in milliseconds since the Unix epoch, as all nodes have it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The system's time at the start, and a clock that only goes forward since: a clock that is set moves no room.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomClock {
    start: Instant,
    unix: u64,
}

impl RoomClock {
    /// What the system says now.
    pub(super) fn new() -> Self {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), unix: millis(unix) }
    }

    pub(super) fn now(&self) -> u64 {
        self.unix.saturating_add(millis(self.start.elapsed()))
    }

    /// A time as the conductor understands it; the start for one before.
    pub(super) fn instant(&self, unix: u64) -> Option<Instant> {
        self.start.checked_add(Duration::from_millis(unix.saturating_sub(self.unix)))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
