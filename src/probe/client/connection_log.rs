//! [`ConnectionLog`]: counts the connections to a host, and keeps those that broke off.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::lock::lock;
use crate::probe::evidence::{BrokenConnection, Connections, Exchange};

/// How many broken connections are kept.
const KEPT: usize = 50;

/// The connections of a probe.
#[derive(Debug, Default)]
pub(super) struct ConnectionLog {
    seen: Mutex<Connections>,
    /// Whether a refusal has been looked into.
    looked: AtomicBool,
}

impl ConnectionLog {
    /// One was accepted.
    pub(super) fn opened(&self) {
        lock(&self.seen).opened += 1;
    }

    /// One was refused, at an address that has accepted one before.
    pub(super) fn refused(&self) {
        lock(&self.seen).refused += 1;
    }

    /// An exchange's was reset or closed before the answer was whole; `answered_again` says whether the same request was answered
    /// over a fresh one.
    pub(super) fn broke_off(&self, exchange: &Exchange, answered_again: bool) {
        let Some(failure) = &exchange.failure else { return };
        self.keep(BrokenConnection {
            at_ms: exchange.sent_at_ms + exchange.ms,
            kind: failure.kind,
            url: exchange.url.clone(),
            answered_again,
        });
    }

    /// One broke off.
    pub(super) fn keep(&self, broken: BrokenConnection) {
        let mut seen = lock(&self.seen);
        if seen.broken.len() < KEPT {
            seen.broken.push(broken);
        }
    }

    /// Whether this is the first refusal: it is worth waiting for, to see whether the port is gone for good.
    pub(super) fn is_first_refusal(&self) -> bool {
        !self.looked.swap(true, Ordering::Relaxed)
    }

    /// All, up to now.
    pub(super) fn so_far(&self) -> Connections {
        lock(&self.seen).clone()
    }
}
