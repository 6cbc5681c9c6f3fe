//! [`Limit`]: how long a host waits unless it is told otherwise, as documented.

use std::fmt;

use super::Host;

/// What a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The time without a byte.
    Silence,
    /// The whole time of an answer or a connection, whatever flows.
    Age,
    /// The time until an answer begins.
    FirstByte,
}

/// How long a host waits by default.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(super) on: Wait,
    /// In seconds.
    pub(super) seconds: u32,
    /// What sets it.
    pub(super) directive: &'static str,
    /// Where that is documented.
    #[cfg_attr(not(test), allow(dead_code, reason = "docs/known-hosts.md shows it, which a test writes"))]
    pub(super) source: &'static str,
}

impl Limit {
    pub(super) const fn new(on: Wait, seconds: u32, directive: &'static str, source: &'static str) -> Self {
        Self { on, seconds, directive, source }
    }

    /// Whether this limit may have shown after so many milliseconds: later by no more than a busy machine is, since hosts look at their
    /// timers once a second or so, and never much earlier.
    fn may_show_after(&self, ms: u64) -> bool {
        let limit = u64::from(self.seconds) * 1000;
        (limit.saturating_sub(limit / 50 + 250)..=limit + limit / 20 + 1500).contains(&ms)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} s by default", self.directive, self.seconds)
    }
}

/// The first of these hosts that has a default near a time which was measured.
pub(crate) fn default_near(hosts: &[Host], on: Wait, ms: u64) -> Option<(Host, &'static Limit)> {
    let fits = |limit: &&Limit| limit.on == on && limit.may_show_after(ms);
    hosts.iter().find_map(|host| Some((*host, host.profile().limits.iter().find(fits)?)))
}

/// Streams that live so long, in seconds, have shown that they are not cut; readers stay for longer, and come back if they are.
const LIVES_LONG: u32 = 60;

/// The first of these hosts that by default ends an answer at an age which is near, and has not been reached yet.
pub(crate) fn limit_on_age(hosts: &[Host], watched_ms: u64) -> Option<(Host, &'static Limit)> {
    let untested = |limit: &&Limit| {
        limit.on == Wait::Age && limit.seconds <= LIVES_LONG && u64::from(limit.seconds) * 1000 > watched_ms
    };
    hosts.iter().find_map(|host| Some((*host, host.profile().limits.iter().find(untested)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_times_and_defaults() {
        let chain = [Host::Varnish, Host::Nginx, Host::Envoy];
        let near = |on, ms| default_near(&chain, on, ms).map(|(host, limit)| (host, limit.seconds));
        assert_eq!(near(Wait::Silence, 60_100), Some((Host::Varnish, 60)));
        assert_eq!(near(Wait::Silence, 58_000), None, "too early");
        assert_eq!(near(Wait::Silence, 70_000), None, "too late");
        assert_eq!(near(Wait::Age, 15_020), Some((Host::Envoy, 15)));
        assert_eq!(near(Wait::Silence, 15_020), None, "another kind");
        assert_eq!(
            default_near(&[Host::Nginx], Wait::Silence, 60_400).unwrap().1.to_string(),
            "proxy_read_timeout, 60 s by default"
        );
    }
}
