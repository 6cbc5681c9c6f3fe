//! [`RepairRequests`]: a connection that repairs requests before hyper reads them, where a host is known to break them.
//! It changes the HTTP/2 preface and, behind iisnode, request lines. As soon as there is nothing left to change, bytes
//! go straight from the connection to hyper.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{preface::PrefaceFilter, request_line::RequestLines};

/// A connection, and the filter for incoming bytes.
#[derive(Debug)]
pub(crate) struct RepairRequests<C> {
    connection: C,
    /// None when nothing more will be changed.
    repair: Option<Box<Repair>>,
}

#[derive(Debug)]
struct Repair {
    filter: Filter,
    /// What hyper should read next.
    ready: Vec<u8>,
}

#[derive(Debug)]
enum Filter {
    Preface(PrefaceFilter),
    Lines(RequestLines),
}

impl<C> RepairRequests<C> {
    /// Wraps a connection; `lines` says whether request lines are repaired, too (iisnode).
    pub(super) fn new(connection: C, lines: bool) -> Self {
        let filter = if lines {
            Filter::Lines(RequestLines::default())
        } else {
            Filter::Preface(PrefaceFilter::default())
        };
        Self { connection, repair: Some(Box::new(Repair { filter, ready: Vec::new() })) }
    }

    /// What it wraps.
    pub(super) fn get_ref(&self) -> &C {
        &self.connection
    }
}

impl Filter {
    /// Whether these next bytes pass as they are.
    fn passes(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Preface(filter) => filter.passes(bytes),
            Self::Lines(lines) => lines.passes(bytes.len()),
        }
    }

    /// Takes the next bytes, and appends to `out` what hyper should read now.
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Preface(filter) => filter.feed(bytes, out),
            Self::Lines(lines) => lines.feed(bytes, out),
        }
    }

    /// The bytes held back, when nothing follows.
    fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Preface(filter) => filter.end(out),
            Self::Lines(lines) => lines.end(out),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Preface(filter) => filter.is_done(),
            Self::Lines(lines) => lines.is_done(),
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for RepairRequests<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let Some(repair) = this.repair.as_mut().filter(|_| buf.remaining() > 0) else {
                return Pin::new(&mut this.connection).poll_read(cx, buf);
            };
            if !repair.ready.is_empty() {
                let fits = repair.ready.len().min(buf.remaining());
                buf.put_slice(&repair.ready[..fits]);
                repair.ready.drain(..fits);
                return Poll::Ready(Ok(()));
            }
            if repair.filter.is_done() {
                this.repair = None;
                continue;
            }
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.connection).poll_read(cx, buf))?;
            let bytes = &buf.filled()[before..];
            if bytes.is_empty() {
                repair.filter.end(&mut repair.ready);
                if repair.ready.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            } else if repair.filter.passes(bytes) {
                return Poll::Ready(Ok(()));
            } else {
                repair.filter.feed(bytes, &mut repair.ready);
                buf.set_filled(before);
            }
        }
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for RepairRequests<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(cx, bufs)
    }
}
