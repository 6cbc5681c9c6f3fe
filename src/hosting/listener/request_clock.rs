//! [`RequestClock`]: a connection that waits for requests no longer than it may.
//!
//! hyper's own limit on the time of a head runs while nothing has come, too, so it would cut off the connections that browsers and
//! proxies keep; and hyper keeps two buffers of 8 KiB for each of those. So this layer waits in hyper's place: a head that takes too
//! long is an error, and a quiet connection looks to hyper as if its peer had closed it. Then hyper lets go of it, and whoever
//! holds it can wait for its next byte at no cost.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{
    bounds::{Bounds, LAST_BYTES},
    phase::{At, Phase},
};

/// A head did not come to its end in time.
#[derive(Debug, thiserror::Error)]
#[error("the head of a request did not come within {0:?}")]
pub(super) struct LateHead(pub(super) Duration);

/// A connection, and the time that it is given.
#[derive(Debug)]
pub(super) struct RequestClock<C> {
    connection: C,
    phase: Arc<Phase>,
    head: Duration,
    doze: Duration,
    /// Whether hyper has begun to write something and not come to its end.
    unflushed: bool,
    /// Whether hyper was told that the peer has closed, although it is only quiet.
    dozing: bool,
    /// Whether a head was late; whoever was told so sees to the end.
    late: bool,
    timer: Option<Timer>,
}

#[derive(Debug)]
struct Timer {
    time: Duration,
    of: At,
    sleep: Pin<Box<Sleep>>,
}

/// What to do about a read that has to wait.
enum Wait {
    On,
    Doze,
    Late,
}

impl<C> RequestClock<C> {
    /// Wraps a connection.
    pub(super) fn new(connection: C, phase: Arc<Phase>, bounds: &Bounds) -> Self {
        let Bounds { head, doze, .. } = *bounds;
        Self { connection, phase, head, doze, unflushed: false, dozing: false, late: false, timer: None }
    }

    /// What it wraps.
    pub(super) fn get_ref(&self) -> &C {
        &self.connection
    }

    /// Whether hyper was let go only because the connection is quiet; from now on it counts as new.
    pub(super) fn wake(&mut self) -> bool {
        self.timer = None;
        std::mem::take(&mut self.dozing)
    }

    /// Waits for the peer no longer than it may take.
    fn wait(&mut self, cx: &mut Context<'_>) -> Wait {
        let at = self.phase.at();
        let time = match at {
            _ if self.late => return Wait::On,
            At::Answering => return Wait::On,
            At::Quiet if self.unflushed => return Wait::On,
            At::Quiet if self.phase.is_stopping() => return Wait::Doze,
            At::Quiet => self.doze,
            At::Head if self.phase.is_stopping() => self.head.min(LAST_BYTES),
            At::Head => self.head,
        };
        let timer = match &mut self.timer {
            Some(timer) if timer.of == at && timer.time == time => timer,
            timer => timer.insert(Timer { time, of: at, sleep: Box::pin(sleep(time)) }),
        };
        if timer.sleep.as_mut().poll(cx).is_pending() {
            return Wait::On;
        }
        if at == At::Head { Wait::Late } else { Wait::Doze }
    }

    /// What is written counts as life.
    fn writes(&mut self) {
        self.unflushed = true;
        self.timer = None;
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for RequestClock<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if let Poll::Ready(outcome) = Pin::new(&mut this.connection).poll_read(cx, buf) {
            if buf.filled().len() > before && this.phase.heard() {
                this.timer = None;
            }
            return Poll::Ready(outcome);
        }
        match this.wait(cx) {
            Wait::On => Poll::Pending,
            Wait::Doze => {
                this.dozing = true;
                Poll::Ready(Ok(()))
            }
            Wait::Late => {
                this.late = true;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, LateHead(this.head))))
            }
        }
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for RequestClock<C> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes();
        Pin::new(&mut this.connection).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.connection).poll_flush(cx))?;
        this.unflushed = false;
        if this.phase.at() == At::Quiet && !matches!(this.wait(cx), Wait::On) {
            // hyper learns it by reading.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.dozing {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes();
        Pin::new(&mut this.connection).poll_write_vectored(cx, bufs)
    }
}
