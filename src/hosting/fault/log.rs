//! [`FaultLog`]: logs a fault once, and only counts its repetitions within a minute: a host that breaks one request
//! breaks all of them.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use strum::{EnumCount as _, VariantArray as _};
use tracing::warn;

use super::{Fault, describe_request_line};
use crate::contract::FaultId;

/// How long repetitions of a fault are only counted.
const QUIET: Duration = Duration::from_secs(60);

/// Which faults were logged lately. Its size is bounded by the number of faults.
#[derive(Debug, Default)]
pub(crate) struct FaultLog {
    seen: Mutex<HashMap<FaultId, Lately>>,
    counts: [AtomicU64; FaultId::COUNT],
}

#[derive(Debug)]
struct Lately {
    logged: Instant,
    left_out: u64,
}

impl FaultLog {
    /// Logs a fault with its request line, unless it was logged within the last minute.
    pub(crate) fn report(&self, fault: &Fault, line: &[u8]) {
        self.count(fault.id());
        if let Some(left_out) = self.due(fault.id(), Instant::now()) {
            let (name, request) = (fault.id().name(), describe_request_line(line));
            warn!(fault = name, %request, left_out, "{fault}");
        }
    }

    /// Counts a fault that is not worth a line.
    pub(crate) fn count(&self, id: FaultId) {
        self.counts[id as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were refused for each fault. A header that is only ignored refuses none.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (FaultId, u64)> {
        let refuses = |id: &&FaultId| **id != FaultId::Forwarded;
        let count = |id: &FaultId| (*id, self.counts[*id as usize].load(Ordering::Relaxed));
        FaultId::VARIANTS.iter().filter(refuses).map(count)
    }

    /// If this one should be logged, how many were left out since the last one.
    fn due(&self, id: FaultId, now: Instant) -> Option<u64> {
        // A panic in another thread cannot leave this half-changed.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lately) = seen.get_mut(&id) else {
            seen.insert(id, Lately { logged: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(lately.logged) < QUIET {
            lately.left_out += 1;
            return None;
        }
        let left_out = lately.left_out;
        *lately = Lately { logged: now, left_out: 0 };
        Some(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_counted_and_faults_do_not_hide_each_other() {
        let (log, start) = (FaultLog::default(), Instant::now());
        let due = |id, seconds| log.due(id, start + Duration::from_secs(seconds));
        assert_eq!(due(FaultId::Tls, 0), Some(0));
        assert_eq!(due(FaultId::Tls, 1), None);
        assert_eq!(due(FaultId::Space, 1), Some(0));
        assert_eq!(due(FaultId::Tls, 59), None);
        assert_eq!(due(FaultId::Tls, 60), Some(2));
        assert_eq!(due(FaultId::Tls, 61), None);
        assert_eq!(due(FaultId::Tls, 200), Some(1));
        assert_eq!(due(FaultId::Tls, 300), Some(0));
    }

    #[test]
    fn every_refusal_is_counted_also_those_that_are_not_logged() {
        let log = FaultLog::default();
        for _ in 0..3 {
            log.report(&Fault::NoHost, b"GET / HTTP/1.1");
        }
        log.count(FaultId::NotServed);
        log.count(FaultId::Forwarded);
        let counted: Vec<_> = log.refused().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(FaultId::NoHost, 3), (FaultId::NotServed, 1)]);
    }
}
