//! When readers open their connections and from which address, and when they come back. Pure.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::transport::Transport;

/// The delays of Dante's page after a cut: doubled each time up to a maximum, with 50 % jitter.
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// What Dante's event streams ask for with `retry:`.
const RETRY: Duration = Duration::from_secs(1);

/// How many readers one source address serves. Linux has 28,232 ports for it (`ip_local_port_range`), of which connections that ended a
/// minute ago still hold some.
const READERS_PER_SOURCE: u32 = 10_000;

/// Beyond so many readers one source address is not enough.
pub(super) const ONE_SOURCE: u32 = 20_000;

/// How many readers are to have opened their connections after this time, at so many a second; the first at once.
pub(super) fn due(ramp: f64, readers: u32, elapsed: Duration) -> u32 {
    let due = (elapsed.as_secs_f64() * ramp).floor();
    // A whole number that is not negative, cut at what fits.
    (due.min(f64::from(u32::MAX - 1)) as u32 + 1).min(readers)
}

/// How long until one more is due.
pub(super) fn until_next(ramp: f64, opened: u32, elapsed: Duration) -> Duration {
    let at = Duration::try_from_secs_f64(f64::from(opened) / ramp).unwrap_or(Duration::MAX);
    at.saturating_sub(elapsed)
}

/// How long a reader waits before it comes back after so many failures in a row; `random` is from 0 to 1.
pub(super) fn come_back(transport: Transport, failures: u32, random: f64) -> Duration {
    if transport == Transport::Sse && failures == 0 {
        return RETRY;
    }
    let delay = FIRST_DELAY.saturating_mul(1 << failures.min(8)).min(LONGEST_DELAY);
    delay.mul_f64(0.5 + random)
}

/// The address that a reader's connections come from; none where the system is to choose.
pub(super) fn source(number: u32, readers: u32, server: SocketAddr) -> Option<IpAddr> {
    // Elsewhere only 127.0.0.1 is there, unless somebody adds more.
    let has_all = cfg!(any(target_os = "linux", windows));
    match server.ip() {
        IpAddr::V4(address) if address.is_loopback() && has_all && readers > ONE_SOURCE => {
            let [_, _, third, fourth] = (number / READERS_PER_SOURCE + 1).to_be_bytes();
            Some(Ipv4Addr::new(127, 77, third, fourth).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps() {
        let second = Duration::from_secs(1);
        for (elapsed, count) in [(0.0, 1), (0.05, 6), (1.0, 101), (9.99, 1000), (1e12, 1000)] {
            assert_eq!(due(100.0, 1000, Duration::from_secs_f64(elapsed)), count, "{elapsed}");
        }
        assert_eq!(until_next(2.0, 3, second), Duration::from_millis(500));
        assert_eq!(until_next(2.0, 1, second), Duration::ZERO);
    }

    #[test]
    fn they_come_back_as_the_page_does() {
        for (transport, failures, random, ms) in [
            (Transport::WebSocket, 0, 0.0, 500),
            (Transport::WebSocket, 1, 0.5, 2000),
            (Transport::SocketIoPolling, 9, 1.0, 7500),
            (Transport::Sse, 0, 1.0, 1000),
            (Transport::Sse, 2, 0.5, 4000),
        ] {
            let delay = come_back(transport, failures, random);
            assert_eq!(delay, Duration::from_millis(ms), "{transport} {failures}");
        }
    }

    #[test]
    fn many_readers_come_from_several_addresses() {
        let server = "127.0.0.1:80".parse().unwrap();
        assert_eq!(source(0, ONE_SOURCE, server), None);
        assert_eq!(source(0, 100_000, "[::1]:80".parse().unwrap()), None);
        if cfg!(target_os = "linux") {
            assert_eq!(source(9_999, 100_000, server), Some("127.77.0.1".parse().unwrap()));
            assert_eq!(source(99_999, 100_000, server), Some("127.77.0.10".parse().unwrap()));
        }
    }
}
