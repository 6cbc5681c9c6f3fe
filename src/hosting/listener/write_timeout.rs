//! [`WriteTimeout`]: a connection that gives up on a peer that accepts no more data; soon, once the server stops: whoever is stuck
//! must not keep it from ending.
//!
//! Without it, a write to a peer with a full window waits as long as the peer's machine answers window probes, perhaps
//! for ever, and keeps its buffers. socketioxide's writer also holds the session's lock meanwhile, so that even closing
//! the session has to wait.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::bounds::LAST_BYTES;

/// How long a peer may accept nothing at all while there is data for it. A slow reader accepts some now and then. This is
/// longer than Socket.IO's 45 s, after which such a session is over anyway.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A connection whose writes fail with `TimedOut` after its patience without progress.
pub(crate) struct WriteTimeout<C> {
    connection: C,
    /// Cancelled when the server stops.
    stop: CancellationToken,
    /// Runs only while a write is waiting.
    deadline: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl<C: fmt::Debug> fmt::Debug for WriteTimeout<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTimeout").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl<C> WriteTimeout<C> {
    /// Wraps a connection of a server that stops when `stop` is cancelled.
    pub(crate) fn new(connection: C, stop: CancellationToken) -> Self {
        Self { connection, stop, deadline: None }
    }

    /// What it wraps.
    pub(super) fn get_ref(&self) -> &C {
        &self.connection
    }

    /// Passes on a write's result, unless it has been pending for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.deadline = None;
            return outcome;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(out_of_patience(self.stop.clone())));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no more bytes")))
    }
}

async fn out_of_patience(stop: CancellationToken) {
    let hurried = async {
        stop.cancelled().await;
        sleep(LAST_BYTES).await;
    };
    tokio::select! {
        () = sleep(PATIENCE) => {}
        () = hurried => {}
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for WriteTimeout<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(cx, buf)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // On a pipe, a write of no bytes means the end (iisnode casyncmanager.cpp:182).
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let outcome = Pin::new(&mut self.connection).poll_write(cx, buf);
        self.watch(cx, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.connection).poll_flush(cx);
        self.watch(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.connection).poll_shutdown(cx);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.connection).poll_write_vectored(cx, bufs);
        self.watch(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = duplex(8);
        let start = tokio::time::Instant::now();
        let error = WriteTimeout::new(near, CancellationToken::new()).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_waited_for() {
        let (near, mut far) = duplex(8);
        let reader = tokio::spawn(async move {
            let mut taken = 0;
            while taken < 64 {
                tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
                taken += far.read(&mut [0; 8]).await.unwrap();
            }
        });
        WriteTimeout::new(near, CancellationToken::new()).write_all(&[0; 64]).await.unwrap();
        reader.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_for_a_stuck_peer_only_a_moment() {
        let (near, _far) = duplex(8);
        let (stop, start) = (CancellationToken::new(), tokio::time::Instant::now());
        let mut stuck = WriteTimeout::new(near, stop.clone());
        let writing = tokio::spawn(async move { stuck.write_all(&[0; 64]).await.unwrap_err().kind() });
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.cancel();
        assert_eq!(writing.await.unwrap(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), Duration::from_secs(5) + LAST_BYTES);
    }
}
