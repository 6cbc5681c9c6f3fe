//! [`Watch`]: the frames of a connection, read beside the client that it belongs to.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};
use tokio_util::io::InspectReader;

use super::frames::FrameReader;
use crate::probe::{
    client::{connector::millis, lock::lock},
    evidence::{Failure, FailureKind, Http2Connection, Http2Settings},
};

/// What the server's frames said so far; shared with whoever asks.
#[derive(Clone)]
pub(super) struct Watch(Arc<Inner>);

struct Inner {
    reader: Mutex<FrameReader>,
    /// Told whenever something has come.
    news: Notify,
    /// When the probe began.
    start: Instant,
}

impl Watch {
    /// One of a connection that is opened now.
    pub(super) fn new(start: Instant) -> Self {
        let mut reader = FrameReader::default();
        reader.seen.opened_at_ms = millis(start);
        Self(Arc::new(Inner { reader: Mutex::new(reader), news: Notify::new(), start }))
    }

    /// What was seen.
    pub(super) fn seen(&self) -> Http2Connection {
        lock(&self.0.reader).seen.clone()
    }

    /// It could not be opened.
    pub(super) fn failed(&self, failure: &Failure) {
        lock(&self.0.reader).seen.failure = Some(failure.clone());
    }

    /// Whether no new request should be made: the server goes away, or is gone.
    pub(super) fn is_over(&self) -> bool {
        let reader = lock(&self.0.reader);
        !reader.seen.go_aways.is_empty() || reader.seen.closed_at_ms.is_some()
    }

    /// What is wrong where what came first is not HTTP/2.
    pub(super) fn not_http2(&self) -> Option<Failure> {
        let reader = lock(&self.0.reader);
        let never = reader.seen.settings.is_none() && reader.is_lost();
        never.then(|| Failure::new(FailureKind::NotHttp, "the answer is not HTTP/2"))
    }

    /// The server's settings, as soon as they have come; none if none will come.
    pub(super) async fn settings(&self) -> Option<Http2Settings> {
        loop {
            let news = self.0.news.notified();
            {
                let reader = lock(&self.0.reader);
                let seen = &reader.seen;
                if seen.settings.is_some() || seen.closed_at_ms.is_some() || reader.is_lost() {
                    return seen.settings.clone();
                }
            }
            news.await;
        }
    }

    /// This connection, watched. A read error is not seen here: whoever owns the connection calls [`Self::closed`] then.
    pub(super) fn over<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: T,
    ) -> impl AsyncRead + AsyncWrite + Unpin + use<T> {
        let watch = self.clone();
        InspectReader::new(io, move |bytes: &[u8]| match bytes {
            // HTTP/2 never reads into a buffer without room, so no bytes are the end.
            [] => watch.closed(),
            came => watch.came(came),
        })
    }

    fn came(&self, bytes: &[u8]) {
        lock(&self.0.reader).feed(bytes, millis(self.0.start));
        self.0.news.notify_waiters();
    }

    /// Nothing more will come.
    pub(super) fn closed(&self) {
        lock(&self.0.reader).seen.closed_at_ms.get_or_insert_with(|| millis(self.0.start));
        self.0.news.notify_waiters();
    }
}
