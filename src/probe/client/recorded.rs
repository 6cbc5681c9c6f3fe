//! [`Recorded`]: a connection that keeps the first bytes which came over it, for when they are not HTTP.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{gate::Pass, lock::lock};

/// How many of the first bytes of a connection are kept, for when they are not HTTP.
const KEPT: usize = 2048;
/// How many of them are shown.
const SHOWN: usize = 512;

/// A connection, whatever is below it.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection that keeps the first bytes which came over it.
pub(crate) struct Recorded {
    io: Box<dyn Io>,
    first: Arc<Mutex<Vec<u8>>>,
    /// Held as long as the connection is open.
    _pass: Pass,
}

impl Recorded {
    pub(super) fn new(io: Box<dyn Io>, pass: Pass) -> Self {
        Self { io, first: Arc::default(), _pass: pass }
    }

    /// The first bytes, also once the connection belongs to somebody else.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        FirstBytes(self.first.clone())
    }
}

/// The first bytes that came over a connection.
#[derive(Debug, Clone)]
pub(crate) struct FirstBytes(Arc<Mutex<Vec<u8>>>);

impl FirstBytes {
    /// Whether nothing came.
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Forgets what came, before the next request.
    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// As they came.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        lock(&self.0).clone()
    }

    /// Whether they begin with the settings of a server of HTTP/2 (RFC 9113, 3.4).
    pub(super) fn is_http2(&self) -> bool {
        matches!(**lock(&self.0), [0, _, _, 4, 0, 0, 0, 0, 0, ..])
    }

    /// As text, with escapes for what is not; empty if nothing came.
    pub(crate) fn escaped(&self) -> String {
        let bytes = lock(&self.0);
        bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string()
    }

    /// The first of those that came after the head of an answer; none if the head was too long to tell.
    pub(crate) fn after_head(&self) -> Vec<u8> {
        const SHOWN: usize = 24;
        const END: &[u8] = b"\r\n\r\n";
        let bytes = lock(&self.0);
        let end = bytes.windows(END.len()).position(|four| four == END);
        end.map_or_else(Vec::new, |end| bytes.iter().skip(end + END.len()).take(SHOWN).copied().collect())
    }
}

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let mut first = lock(&self.first);
        let room = KEPT - first.len();
        first.extend(buf.filled()[before..].iter().take(room));
        drop(first);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorded {
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
