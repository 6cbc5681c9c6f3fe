//! [`Reader`]: one connected client, counted and logged. It is a guard that the connection holds: dropping it means
//! that the reader has left, for whatever reason (after `io.close()` no disconnect handler runs).
//!
//! What is counted here is told by `/metrics`. Each stanza is counted, so these are plain atomics in their places, without a lookup.

use std::{
    array,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use strum::EnumCount as _;
use tokio::time::Instant;
use tracing::info;

use super::health::Readiness;
use crate::{departure::Departure, transport::Transport};

/// A reader who leaves without a word is called slow if it has taken nothing for so long.
const SLOW: Duration = Duration::from_secs(10);

/// The readers that are here, and what became of all that ever were.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    readiness: Readiness,
    transports: [OnTransport; Transport::COUNT],
    resumes: AtomicU64,
    upgrades: AtomicU64,
    ends: [AtomicU64; Departure::COUNT],
}

/// What was counted on one transport.
#[derive(Debug, Default)]
struct OnTransport {
    here: AtomicU64,
    joins: AtomicU64,
    stanzas: AtomicU64,
    bytes: AtomicU64,
}

/// What was counted on one transport by one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TransportCounts {
    /// Readers that use it now.
    pub(crate) here: u64,
    /// Readers that joined over it.
    pub(crate) joins: u64,
    /// Stanzas that were sent over it.
    pub(crate) stanzas: u64,
    /// Their bytes, each stanza in its frame or chunk.
    pub(crate) bytes: u64,
}

impl Readers {
    /// No readers yet. Whoever leaves without a word while `readiness` says that the server stops is counted as let go.
    pub(crate) fn new(readiness: Readiness) -> Self {
        let transports = array::from_fn(|_| OnTransport::default());
        let ends = array::from_fn(|_| AtomicU64::default());
        let (resumes, upgrades) = Default::default();
        Self(Arc::new(Inner { readiness, transports, resumes, upgrades, ends }))
    }

    /// How many readers there are.
    pub(crate) fn count(&self) -> usize {
        let here: u64 = self.0.transports.iter().map(|on| read(&on.here)).sum();
        usize::try_from(here).unwrap_or(usize::MAX)
    }

    /// What was counted on a transport so far.
    pub(crate) fn on(&self, transport: Transport) -> TransportCounts {
        let OnTransport { here, joins, stanzas, bytes } = self.0.on(transport);
        TransportCounts { here: read(here), joins: read(joins), stanzas: read(stanzas), bytes: read(bytes) }
    }

    /// How many readings began later than at the first stanza.
    pub(crate) fn resumes(&self) -> u64 {
        read(&self.0.resumes)
    }

    /// How many readers went from long polling to WebSocket.
    pub(crate) fn upgrades(&self) -> u64 {
        read(&self.0.upgrades)
    }

    /// How many readers have left for this reason.
    pub(crate) fn ends(&self, why: Departure) -> u64 {
        read(&self.0.ends[why as usize])
    }

    /// Counts a new reader, whose first stanza will be `from`.
    pub(crate) fn enter(&self, transport: Transport, client: String, from: usize) -> Reader {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let on = self.0.on(transport);
        add(&on.here);
        add(&on.joins);
        if from > 0 {
            add(&self.0.resumes);
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        info!(reader = id, %transport, client, from, "reader connected");
        Reader { readers: self.clone(), id, transport, since: Instant::now(), sent: 0, full: None, why: None }
    }
}

impl Inner {
    fn on(&self, transport: Transport) -> &OnTransport {
        &self.transports[transport as usize]
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// One connected client.
#[derive(Debug)]
pub(crate) struct Reader {
    readers: Readers,
    id: u64,
    transport: Transport,
    since: Instant,
    sent: usize,
    /// Since when stanzas have found no room.
    full: Option<Instant>,
    why: Option<Departure>,
}

impl Reader {
    /// Counts a stanza that was sent, of so many bytes in its frame or chunk.
    pub(crate) fn sent(&mut self, transport: Transport, bytes: usize) {
        self.sent += 1;
        self.full = None;
        let on = self.readers.0.on(transport);
        add(&on.stanzas);
        on.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.transport != transport {
            info!(reader = self.id, from = %self.transport, to = %transport, "reader upgraded");
            add(&on.here);
            self.readers.0.on(self.transport).here.fetch_sub(1, Ordering::Relaxed);
            add(&self.readers.0.upgrades);
            self.transport = transport;
        }
    }

    /// Notes that a stanza found no room: the client has not taken what was sent before.
    pub(crate) fn finds_no_room(&mut self) {
        self.full.get_or_insert_with(Instant::now);
    }

    /// Notes why the reader leaves. What was noted first counts: the rest follows from it.
    pub(crate) fn leaves(&mut self, why: Departure) {
        self.why.get_or_insert(why);
    }
}

impl Reader {
    /// Why it leaves, as far as that is known.
    fn departure(&self) -> Departure {
        let is_slow = self.full.is_some_and(|since| since.elapsed() >= SLOW);
        match self.why {
            // Whoever stops polling is gone, which looks the same.
            None | Some(Departure::ConnectionClosed | Departure::TimedOut)
                if is_slow && self.transport != Transport::SocketIoPolling =>
            {
                Departure::TooSlow
            }
            Some(why) => why,
            None if self.readers.0.readiness.is_stopping() => Departure::ServerStopped,
            None => Departure::ConnectionClosed,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let (why, inner) = (self.departure(), &self.readers.0);
        inner.on(self.transport).here.fetch_sub(1, Ordering::Relaxed);
        add(&inner.ends[why as usize]);
        let (seconds, why) = (self.since.elapsed().as_secs(), why.text());
        info!(reader = self.id, transport = %self.transport, stanzas = self.sent, seconds, why, "reader left");
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;
    use crate::server::health::NotReady;

    fn ends(readers: &Readers) -> Vec<(Departure, u64)> {
        let ends = Departure::VARIANTS.iter().map(|why| (*why, readers.ends(*why)));
        ends.filter(|(_, count)| *count > 0).collect()
    }

    #[test]
    fn a_reader_that_upgrades_is_counted_once_and_where_it_is() {
        let readers = Readers::new(Readiness::default());
        let mut reader = readers.enter(Transport::SocketIoPolling, "c".into(), 3);
        reader.sent(Transport::SocketIoPolling, 10);
        reader.sent(Transport::SocketIoWebSocket, 20);
        reader.sent(Transport::SocketIoWebSocket, 30);
        let counts = |here, joins, stanzas, bytes| TransportCounts { here, joins, stanzas, bytes };
        assert_eq!(readers.on(Transport::SocketIoPolling), counts(0, 1, 1, 10));
        assert_eq!(readers.on(Transport::SocketIoWebSocket), counts(1, 0, 2, 50));
        assert_eq!((readers.count(), readers.resumes(), readers.upgrades()), (1, 1, 1));
        drop(reader);
        assert_eq!((readers.count(), ends(&readers)), (0, vec![(Departure::ConnectionClosed, 1)]));
    }

    #[tokio::test(start_paused = true)]
    async fn who_took_nothing_for_long_was_slow_unless_it_said_goodbye() {
        let readers = Readers::new(Readiness::default());
        let enter = |transport| {
            let mut reader = readers.enter(transport, "c".into(), 0);
            reader.finds_no_room();
            reader
        };
        let mut stuck: Vec<_> = (0..4).map(|_| enter(Transport::SocketIoWebSocket)).collect();
        let mut polling = enter(Transport::SocketIoPolling);
        polling.leaves(Departure::TimedOut);
        stuck[1].leaves(Departure::TimedOut);
        stuck[2].leaves(Departure::ClientLeft);
        tokio::time::advance(SLOW).await;
        stuck[3].sent(Transport::SocketIoWebSocket, 1);
        drop((stuck, polling));
        let expected = [
            (Departure::ClientLeft, 1),
            (Departure::ConnectionClosed, 1),
            (Departure::TimedOut, 1),
            (Departure::TooSlow, 2),
        ];
        assert_eq!(ends(&readers), expected);
    }

    #[test]
    fn the_first_reason_counts_and_a_silent_end_at_a_stop_is_the_stops() {
        let readiness = Readiness::default();
        let readers = Readers::new(readiness.clone());
        let enter = || readers.enter(Transport::Sse, "c".into(), 0);
        let (mut slow, mut left, silent) = (enter(), enter(), enter());
        slow.leaves(Departure::TooSlow);
        slow.leaves(Departure::ClientLeft);
        drop(slow);
        readiness.set(NotReady::Stopping, true);
        left.leaves(Departure::ClientLeft);
        drop((left, silent));
        let expected = [(Departure::ClientLeft, 1), (Departure::TooSlow, 1), (Departure::ServerStopped, 1)];
        assert_eq!(ends(&readers), expected);
    }
}
