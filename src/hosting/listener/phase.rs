//! [`Phase`]: what a connection is at, as the server that answers and the clock that waits both see it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

const QUIET: u8 = 0;
const HEAD: u8 = 1;
const ANSWERING: u8 = 2;

/// What a connection is at. Only its own task changes it.
#[derive(Debug, Default)]
pub(super) struct Phase {
    at: AtomicU8,
    stopping: AtomicBool,
}

/// The phases of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Nothing of a request has come since the last answer.
    Quiet,
    /// A head has begun.
    Head,
    /// A request is being answered; its body may still be on the way.
    Answering,
}

impl Phase {
    pub(super) fn at(&self) -> At {
        match self.at.load(Ordering::Relaxed) {
            QUIET => At::Quiet,
            HEAD => At::Head,
            _ => At::Answering,
        }
    }

    /// Notes that bytes have come; says whether a head begins with them.
    pub(super) fn heard(&self) -> bool {
        self.at.compare_exchange(QUIET, HEAD, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Notes that an answer is due, until what this returns is dropped.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        self.at.store(ANSWERING, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    /// Notes that the server stops.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// An answer that is due, or on its way.
#[derive(Debug)]
pub(super) struct Answering(Arc<Phase>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.at.store(QUIET, Ordering::Relaxed);
    }
}
