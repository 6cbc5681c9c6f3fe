//! [`Socket`]: one accepted connection of the system, which several owners can use at once. hyper reads and writes it while there
//! is a request; a stream's clock writes to it, too ([`Socket::try_write`]).

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker, ready},
};

use futures_util::task::AtomicWaker;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use super::LocalStream;

/// A connection. It closes when its last owner drops it.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    flushes: AtomicUsize,
    flushed: AtomicWaker,
    /// Cancelled when the server stops.
    stop: CancellationToken,
}

/// The system's connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    /// A Unix domain socket or a Windows named pipe.
    Local(LocalStream),
}

/// Does the same with either kind of stream.
macro_rules! each {
    ($stream:expr, $each:ident => $do:expr) => {
        match $stream {
            Stream::Tcp($each) => $do,
            Stream::Local($each) => $do,
        }
    };
}

impl Socket {
    /// A connection of a server that stops when `stop` is cancelled.
    pub(crate) fn new(stream: Stream, stop: CancellationToken) -> Self {
        Self { stream, flushes: AtomicUsize::new(0), flushed: AtomicWaker::new(), stop }
    }

    /// Cancelled when the server stops.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// How often its owner for HTTP has written all that it had.
    pub(crate) fn flushes(&self) -> usize {
        self.flushes.load(Ordering::Acquire)
    }

    /// Wakes up a task when that happens again.
    pub(crate) fn wake_when_flushed(&self, waker: &Waker) {
        self.flushed.register(waker);
    }

    /// Writes what the system takes now, and returns how many bytes that was.
    ///
    /// # Errors
    /// `WouldBlock` when it takes none.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        each!(&self.stream, stream => stream.try_write(bytes))
    }

    /// The same, as soon as it takes any.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, || self.try_write(bytes))
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, || each!(&self.stream, stream => stream.try_write_vectored(bytes)))
    }

    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            // First, and not only where the system would block: so a peer that is always ready does not keep a worker to itself.
            ready!(each!(&self.stream, stream => stream.poll_write_ready(cx)))?;
            match write() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    /// Reads what has arrived, as soon as something has; nothing means that the peer has closed its side.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(each!(&self.stream, stream => stream.poll_read_ready(cx)))?;
            match each!(&self.stream, stream => stream.try_read_buf(buf)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome.map(drop)),
            }
        }
    }

    /// Waits until something has arrived; false if the peer has closed its side instead, or the connection is broken.
    pub(super) async fn speaks(&self) -> bool {
        // What the runtime knows may be out of date, so the system is asked.
        let looked = each!(&self.stream, stream => stream.async_io(Interest::READABLE, || self.look()).await);
        looked.is_ok_and(|count| count > 0)
    }

    /// Whether something has arrived, even if the runtime doesn't know it yet. A pipe can't tell.
    pub(super) fn has_input(&self) -> bool {
        !(cfg!(windows) && matches!(self.stream, Stream::Local(_)))
            && self.look().is_ok_and(|count| count > 0)
    }

    /// How much can be read, of one byte.
    fn look(&self) -> io::Result<usize> {
        let mut byte = [MaybeUninit::uninit()];
        match &self.stream {
            Stream::Tcp(stream) => SockRef::from(stream).peek(&mut byte),
            #[cfg(unix)]
            Stream::Local(stream) => SockRef::from(stream).peek(&mut byte),
            #[cfg(windows)]
            Stream::Local(_) => Ok(1),
        }
    }

    /// Tells the peer that nothing more will be written. A pipe has no such sign: it closes as a whole.
    pub(crate) fn end(&self) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(stream) => SockRef::from(stream).shutdown(std::net::Shutdown::Write),
            #[cfg(unix)]
            Stream::Local(stream) => SockRef::from(stream).shutdown(std::net::Shutdown::Write),
            #[cfg(windows)]
            Stream::Local(_) => Ok(()),
        }
    }
}

/// The hold on a [`Socket`] of its owner for HTTP.
#[derive(Debug)]
pub(crate) struct SharedSocket(pub(super) Arc<Socket>);

impl Drop for SharedSocket {
    fn drop(&mut self) {
        // A waker keeps the memory of its task, which has ended when others go on with the socket.
        drop(self.0.flushed.take());
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        // A pipe would write the first piece only.
        !cfg!(windows) || matches!(self.0.stream, Stream::Tcp(_))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.flushes.fetch_add(1, Ordering::Release);
        self.0.flushed.wake();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.end())
    }
}
