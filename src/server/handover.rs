//! A response whose body outlives hyper's part in it: hyper writes the head and the first piece, then lets go of the connection, and
//! whoever asked for it goes on with the same body. For streams that last for hours this saves what hyper keeps for each
//! connection (two buffers of 8 KiB and the state of a parser), and lets the conductor write.
//!
//! hyper has no word for this but a body that fails. It then drops the connection as it is, without another byte (hyper
//! proto/h1/dispatch.rs, `poll_catch`), and this body fails only after hyper has flushed everything before.

use std::{
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http::Version;
use hyper::body::Frame;
use tokio::sync::oneshot;

use crate::hosting::listener::Socket;

/// The end of a chunked body (RFC 9112, 7.1).
pub(super) const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");

/// How the pieces of a body stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// HTTP/1.1: each piece with its length before it.
    Chunked,
    /// HTTP/1.0: as they are, until the connection closes.
    Plain,
}

impl Framing {
    /// The framing that hyper chooses for a body of unknown length.
    pub(super) fn of(version: Version) -> Self {
        if version == Version::HTTP_10 { Self::Plain } else { Self::Chunked }
    }
}

/// A piece of a chunked body.
pub(super) fn chunk(piece: &str) -> Bytes {
    format!("{:x}\r\n{piece}\r\n", piece.len()).into()
}

/// The piece within a chunk that [`chunk`] made.
pub(super) fn piece(chunk: &Bytes) -> Bytes {
    let start = chunk.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    chunk.slice(start..chunk.len().saturating_sub(2).max(start))
}

/// A body that begins with `first`, and the connection to go on with after it. The connection never comes if the client leaves
/// before, or if the response is sent without its body.
pub(super) fn body(first: Bytes, socket: Weak<Socket>) -> (Body, oneshot::Receiver<Arc<Socket>>) {
    let (taker, taken) = oneshot::channel();
    (Body::new(Opening { first: Some(first), socket, flushes: 0, taker: Some(taker) }), taken)
}

/// What hyper sees of the body.
struct Opening {
    first: Option<Bytes>,
    socket: Weak<Socket>,
    /// How often hyper had flushed before it got the first piece.
    flushes: usize,
    taker: Option<oneshot::Sender<Arc<Socket>>>,
}

/// Why hyper's part is over; nobody sees it.
#[derive(Debug, thiserror::Error)]
#[error("the connection was handed over")]
struct HandedOver;

impl HttpBody for Opening {
    type Data = Bytes;
    type Error = HandedOver;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HandedOver>>> {
        let Some(socket) = self.socket.upgrade() else { return Poll::Ready(None) };
        if let Some(first) = self.first.take() {
            self.flushes = socket.flushes();
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        // Before the look: a flush in between is not missed.
        socket.wake_when_flushed(cx.waker());
        if socket.flushes() == self.flushes {
            return Poll::Pending;
        }
        let taken = self.taker.take().is_some_and(|taker| taker.send(socket).is_ok());
        // Nobody goes on: hyper ends the body as usual.
        Poll::Ready(taken.then_some(Err(HandedOver)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_chunks() {
        let event = "data: canto\n\n".repeat(3);
        assert_eq!(chunk(&event), format!("27\r\n{event}\r\n").as_bytes());
        assert_eq!(piece(&chunk(&event)), event.as_bytes());
        assert_eq!(piece(&LAST_CHUNK), b"".as_slice());
    }
}
