//! [`Share`]: one process's part of a load, and how a load is divided. Pure.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::conversation::Site;
use crate::transport::Transport;

/// One process's part of a load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) site: Site,
    pub(super) address: SocketAddr,
    /// The number of its first reader.
    pub(super) first: u32,
    pub(super) readers: u32,
    /// The readers of all processes.
    pub(super) of: u32,
    /// Connections a second.
    pub(super) ramp: f64,
    /// What the readers use, in turn; never empty.
    pub(super) transports: Vec<Transport>,
}

impl Share {
    /// What the reader with this number uses.
    pub(super) fn transport(&self, number: u32) -> Transport {
        self.transports[number as usize % self.transports.len()]
    }

    /// Divides a load so that no process has more readers than this; the shares are alike.
    pub(super) fn divide(self, most: u32) -> Vec<Self> {
        let processes = self.readers.div_ceil(most.max(1));
        let bound = |part: u32| {
            let readers = u64::from(self.readers) * u64::from(part) / u64::from(processes);
            // Not more than all of them.
            self.first + readers as u32
        };
        let shares = (0..processes).map(|part| {
            let (first, readers) = (bound(part), bound(part + 1) - bound(part));
            Self { first, readers, ramp: self.ramp / f64::from(processes), ..self.clone() }
        });
        shares.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::conversation::Subject, *};

    #[test]
    fn shares_are_alike_and_leave_nobody_out() {
        let site = Site { tls: None, authority: String::new(), base: String::new(), subject: Subject::Poem };
        for (readers, most, processes) in [(1, 10, 1), (10, 10, 1), (11, 10, 2), (100_000, 19_900, 6)] {
            let share = Share {
                site: site.clone(),
                address: "127.0.0.1:1".parse().unwrap(),
                first: 0,
                readers,
                of: readers,
                ramp: 600.0,
                transports: vec![Transport::Sse],
            };
            let shares = share.divide(most);
            assert_eq!(shares.len(), processes);
            let mut next = 0;
            for share in shares {
                assert_eq!(share.first, next);
                assert!(share.readers <= most && share.ramp == 600.0 / processes as f64);
                next += share.readers;
            }
            assert_eq!(next, readers);
        }
    }
}
