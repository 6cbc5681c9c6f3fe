//! [`Attempts`]: how often somebody may show a wrong token.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{room::Room, server::headcount::Network};

/// So many wrong tokens may come from one address for one room …
const WRONG: u32 = 10;

/// … in this time; then none is looked at, not even the right one.
const WITHIN: Duration = Duration::from_secs(60);

/// For so many pairs of address and room wrong tokens are counted at once. Tokens are too long to be guessed, so that more need no count.
const COUNTED: usize = 4096;

/// Wrong tokens of the last minute.
#[derive(Debug)]
pub(crate) struct Attempts(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    since: Instant,
    wrong: HashMap<Key, u32>,
}

/// Peers without an address of their own share one in each room.
type Key = (u64, Option<Network>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(Counts { since: Instant::now(), wrong: HashMap::new() }))
    }
}

/// One that may be made.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    key: Key,
}

impl Attempts {
    /// Whether somebody at this address may show a token for a room.
    pub(super) fn begin(&self, room: &Room, address: Option<IpAddr>) -> Option<Attempt<'_>> {
        let key = (room.id(), address.map(Network::from));
        let mut counts = self.counts();
        if counts.since.elapsed() >= WITHIN {
            *counts = Counts { since: Instant::now(), wrong: HashMap::new() };
        }
        let wrong = counts.wrong.get(&key).copied().unwrap_or(0);
        (wrong < WRONG).then_some(Attempt { attempts: self, key })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A panic in another thread cannot leave this half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The token was wrong.
    pub(super) fn fail(self) {
        let mut counts = self.attempts.counts();
        if counts.wrong.len() < COUNTED || counts.wrong.contains_key(&self.key) {
            *counts.wrong.entry(self.key).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::{RoomName, Rooms};

    #[tokio::test(start_paused = true)]
    async fn ten_wrong_tokens_a_minute_for_a_room_and_an_address() {
        let (rooms, _changes) = Rooms::new(9, Duration::from_secs(2));
        let [one, other] = ["a", "b"].map(|name| rooms.open(&RoomName::parse(name).unwrap()).unwrap());
        let attempts = Attempts::default();
        let address = "192.0.2.1".parse().ok();
        for _ in 0..WRONG {
            attempts.begin(&one, address).unwrap().fail();
        }
        assert!(attempts.begin(&one, address).is_none());
        assert!(attempts.begin(&one, None).is_some() && attempts.begin(&other, address).is_some());
        tokio::time::advance(WITHIN).await;
        assert!(attempts.begin(&one, address).is_some());
    }
}
