//! What a host asks of a client that it refuses for now: how long it is to wait. Pure.

use std::time::Duration;

use crate::probe::evidence::Exchange;

/// The longest that is waited when a host asks for it; one that asks for more is not asked again.
const LONGEST: Duration = Duration::from_secs(10);
/// What is waited where it does not say for how long: the limits of nginx and others forget requests within a second.
const UNSAID: Duration = Duration::from_secs(1);
/// How often a probe waits, so that its time is bounded.
const WAITS: usize = 4;

/// Waiting, as far as it helps.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waits: usize,
    /// Whether waiting once did not help: the limit is not one of requests in a time.
    in_vain: bool,
    /// Whether this host has answered a request as it should.
    has_served: bool,
}

impl Patience {
    /// How long to wait before the same is asked again: 429 and 503 say that it is refused for now (RFC 6585, 4; RFC 9110,
    /// 10.2.3 and 15.6.4). 503 is also what hosts say that never serve a request.
    pub(super) fn wait(&mut self, exchange: &Exchange) -> Option<Duration> {
        let asked = exchange.header("retry-after").map(|value| value.trim().parse().map(Duration::from_secs));
        let wait = match (exchange.status, asked) {
            (Some(429 | 503), Some(Ok(asked))) => asked.max(UNSAID),
            (Some(429), _) => UNSAID,
            (Some(503), None) if self.has_served => UNSAID,
            (Some(status), _) => {
                self.has_served |= status < 400;
                return None;
            }
            (None, _) => return None,
        };
        if wait > LONGEST || self.in_vain || self.waits >= WAITS {
            return None;
        }
        self.waits += 1;
        Some(wait)
    }

    /// What came of it. Says whether it helped.
    pub(super) fn waited(&mut self, second: &Exchange) -> bool {
        let refused = matches!(second.status, None | Some(429 | 503));
        self.in_vain |= refused;
        !refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Exchange {
        let headers =
            retry_after.map(|value| ("retry-after".to_owned(), value.to_owned())).into_iter().collect();
        Exchange { status: Some(status), headers, ..Exchange::default() }
    }

    #[test]
    fn what_hosts_ask_for_is_heeded_within_bounds() {
        for (served, status, retry_after, seconds) in [
            (false, 429, Some("5"), Some(5)),
            (false, 429, None, Some(1)),
            (false, 429, Some("Wed, 21 Oct 2015 07:28:00 GMT"), Some(1)),
            (false, 429, Some("0"), Some(1)),
            (false, 429, Some("3600"), None),
            (false, 503, Some("2"), Some(2)),
            (false, 503, None, None),
            (true, 503, None, Some(1)),
            (true, 503, Some("3600"), None),
            (true, 502, None, None),
            (true, 200, Some("5"), None),
        ] {
            let mut patience = Patience { has_served: served, ..Patience::default() };
            let wait = patience.wait(&answer(status, retry_after));
            assert_eq!(wait, seconds.map(Duration::from_secs), "{status} {retry_after:?}");
        }
    }

    #[test]
    fn waiting_ends() {
        let refusal = answer(429, None);
        let mut patience = Patience::default();
        for _ in 0..WAITS {
            assert!(patience.wait(&refusal).is_some());
            assert!(patience.waited(&answer(200, None)));
        }
        assert_eq!(patience.wait(&refusal), None, "it has helped often enough");
        let mut patience = Patience::default();
        assert!(patience.wait(&refusal).is_some());
        assert!(!patience.waited(&refusal));
        assert_eq!(patience.wait(&refusal), None, "it did not help");
    }
}
