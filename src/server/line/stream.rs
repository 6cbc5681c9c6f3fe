//! [`LineStream`]: the line as the engine has it, a stream of bytes like any other.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Line;

/// Follows what the engine writes, and writes the rest of a stanza first. The connection closes when this is dropped.
///
/// A connection that breaks breaks for who reads it, never for who writes: the engine closes a session whose connection
/// ends, but forgets one whose first packet it cannot write (engineioxide 0.17.9, `transport/ws.rs`, `on_init`).
#[derive(Debug)]
pub(in crate::server) struct LineStream {
    line: Arc<Line>,
    /// What arrived before the stream began.
    early: Bytes,
    /// How many bytes of what is written first the client has already.
    already: usize,
    is_broken: bool,
}

impl LineStream {
    /// The engine's end of a line, from which `early` is read first.
    pub(in crate::server) fn new(line: Arc<Line>, early: Bytes) -> Self {
        Self { line, early, already: 0, is_broken: false }
    }

    /// The same, if the client already has so many bytes of what the engine writes first.
    pub(in crate::server) fn without(self, already: usize) -> Self {
        Self { already, ..self }
    }

    /// Writes, unless what was written before has to be first.
    fn write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.line.state();
        ready!(self.line.poll_rest(&mut state, cx))?;
        if state.hung_up {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(self.line.socket.poll_write(cx, bytes))?;
        let state = &mut *state;
        state.frames.wrote(&bytes[..written], &mut state.awaited);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for LineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_broken {
            return Poll::Ready(Ok(()));
        }
        if self.early.is_empty() {
            return self.line.socket.poll_read(cx, buf);
        }
        let fits = self.early.len().min(buf.remaining());
        buf.put_slice(&self.early.split_to(fits));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.already > 0 {
            let taken = bytes.len().min(self.already);
            self.already -= taken;
            return Poll::Ready(Ok(taken));
        }
        if !self.is_broken {
            match ready!(self.write(cx, bytes)) {
                Ok(written) => return Poll::Ready(Ok(written)),
                Err(_) => self.is_broken = true,
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_broken {
            let flushed = ready!(self.line.poll_rest(&mut self.line.state(), cx));
            self.is_broken = flushed.is_err();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.line.poll_rest(&mut self.line.state(), cx))?;
        Poll::Ready(self.line.socket.end())
    }
}
