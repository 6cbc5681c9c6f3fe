//! [`Reader`]: one connected client, counted and logged. It is a guard that the connection holds: dropping it means
//! that the reader has left, for whatever reason (after `io.close()` no disconnect handler runs).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tracing::info;

use crate::transport::Transport;

/// How many readers there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers(Arc<AtomicUsize>);

impl Readers {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a new reader, whose first stanza will be `from`.
    pub(crate) fn enter(&self, transport: Transport, client: String, from: usize) -> Reader {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.0.fetch_add(1, Ordering::Relaxed);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        info!(reader = id, %transport, client, from, "reader connected");
        Reader { readers: self.clone(), id, transport, since: Instant::now(), sent: 0, finished: false }
    }
}

/// One connected client.
#[derive(Debug)]
pub(crate) struct Reader {
    readers: Readers,
    id: u64,
    transport: Transport,
    since: Instant,
    sent: usize,
    finished: bool,
}

impl Reader {
    /// Counts a stanza that was sent.
    pub(crate) fn sent(&mut self, transport: Transport) {
        self.sent += 1;
        if self.transport != transport {
            info!(reader = self.id, from = %self.transport, to = %transport, "reader upgraded");
            self.transport = transport;
        }
    }

    /// Notes that the reader was told the end of the poem.
    pub(crate) fn finished(&mut self) {
        self.finished = true;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.readers.0.fetch_sub(1, Ordering::Relaxed);
        let why = if self.finished { "the poem has ended" } else { "the connection closed" };
        let seconds = self.since.elapsed().as_secs();
        info!(reader = self.id, transport = %self.transport, stanzas = self.sent, seconds, why, "reader left");
    }
}
