//! Several Dantes that serve the same readers, and meet in Redis: how many readers all of them have, what is announced to all, and what
//! stands on the [`Board`] that they share.
//!
//! Everything is published on three channels ([`message`]). Each node says every two seconds how many readers it has;
//! who has not been heard for seven seconds is gone ([`nodes`]). Only the board is kept in Redis, too, for nodes that come later; each node
//! has all of it, so a Redis that was away, or lost what it had, gets it back. `docs/fleet.md` says what is promised.

mod board;
mod link;
mod message;
mod nodes;
mod redis_url;
mod session;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use board::{Board, Content, Entry};
pub(crate) use link::{Link, LinkError, announce};
pub(crate) use message::Announcement;
pub(crate) use redis_url::RedisUrl;

use message::Heartbeat;
use nodes::Nodes;

/// What this node knows of its fleet; cheap to clone. Without Redis it is alone.
#[derive(Debug, Clone)]
pub(crate) struct Fleet(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    node: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    others: Nodes,
    redis: Redis,
}

/// How this node stands with Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redis {
    /// It was not asked for.
    Unused,
    /// It is heard.
    Connected,
    /// It was lost.
    Away {
        /// Since when.
        since: Instant,
        /// How that was noticed; never with a password.
        why: String,
    },
}

/// How many readers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Readers {
    /// On this node.
    pub(crate) here: usize,
    /// On all nodes that are heard, this one included.
    pub(crate) all: usize,
    /// How many nodes that are.
    pub(crate) nodes: usize,
}

impl Fleet {
    /// A node by itself.
    pub(crate) fn new(node: String) -> Self {
        let state = State { others: Nodes::default(), redis: Redis::Unused };
        Self(Arc::new(Inner { node, state: Mutex::new(state) }))
    }

    /// The name of this node.
    pub(crate) fn node(&self) -> &str {
        &self.0.node
    }

    /// How many readers there are when `here` are on this node.
    pub(crate) fn readers(&self, here: usize) -> Readers {
        let (others, nodes) = self.state().others.sum(Instant::now());
        Readers { here, all: others.saturating_add(here), nodes: nodes + 1 }
    }

    /// How this node stands with Redis.
    pub(crate) fn redis(&self) -> Redis {
        self.state().redis.clone()
    }

    /// Whether Redis is used.
    pub(crate) fn is_linked(&self) -> bool {
        self.state().redis != Redis::Unused
    }

    /// For how long Redis has been away, and how that was noticed; none while it is there, or if it is not used.
    pub(crate) fn away(&self) -> Option<(Duration, String)> {
        match self.redis() {
            Redis::Away { since, why } => Some((since.elapsed(), why)),
            Redis::Unused | Redis::Connected => None,
        }
    }

    /// Hears of a node; says whether it was our own word that came back.
    fn hear(&self, heartbeat: Heartbeat) -> bool {
        if heartbeat.node == self.node() {
            return true;
        }
        self.state().others.hear(heartbeat, Instant::now());
        false
    }

    fn set(&self, redis: Redis) {
        self.state().redis = redis;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_adds_the_others_to_its_own_readers() {
        let fleet = Fleet::new("a".into());
        let says = |node: &str, readers| Heartbeat { node: node.into(), readers, leaving: false };
        assert_eq!(fleet.readers(3), Readers { here: 3, all: 3, nodes: 1 });
        assert!(!fleet.hear(says("b", 4)));
        assert!(fleet.hear(says("a", 100)), "our own word says that Redis is heard, and counts nothing");
        assert_eq!(fleet.readers(3), Readers { here: 3, all: 7, nodes: 2 });
        assert!(!fleet.hear(Heartbeat { leaving: true, ..says("b", 4) }));
        assert_eq!(fleet.readers(3), Readers { here: 3, all: 3, nodes: 1 });
    }
}
