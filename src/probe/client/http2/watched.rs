//! [`Watched`]: a connection whose frames are read beside the client that it belongs to.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

use super::frames::FrameReader;
use crate::probe::{
    client::{connector::millis, lock::lock, recorded::Recorded},
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

    fn came(&self, bytes: &[u8]) {
        lock(&self.0.reader).feed(bytes, millis(self.0.start));
        self.0.news.notify_waiters();
    }

    fn closed(&self) {
        lock(&self.0.reader).seen.closed_at_ms.get_or_insert_with(|| millis(self.0.start));
        self.0.news.notify_waiters();
    }
}

/// A connection, and its watch.
pub(super) struct Watched {
    io: Recorded,
    watch: Watch,
}

impl Watched {
    /// This connection, watched.
    pub(super) fn new(io: Recorded, watch: Watch) -> Self {
        Self { io, watch }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        match &buf.filled()[before..] {
            // No bytes are the end, unless there was no room for any.
            [] if buf.remaining() > 0 => self.watch.closed(),
            came => self.watch.came(came),
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
