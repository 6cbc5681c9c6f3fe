//! [`Line`]: the way of stanzas past the engine. A stanza is encoded once for all readers, and the conductor writes it straight to
//! the reader's socket. Sent through the engine, each one would be encoded again, queued, and written by a task that has to be woken
//! up: five times the work.
//!
//! The engine keeps the connection, for everything else: handshake, pings, replies, the end. So there are two writers, and three
//! rules, which [`Line::send`] keeps:
//!
//! - A stanza is written only between two frames of the engine's ([`frames`]).
//! - What was given to the engine before has to be on its way first. So the reader's last stanza that went through the engine
//!   is awaited, byte by byte. Until then, and while the reader is polling, stanzas go through the engine.
//! - If the system takes only a part of a stanza, the rest is written before anything else, by whoever writes next.

mod frames;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    future::poll_fn,
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use tokio::time::Instant;

pub(super) use frames::text_frame;
pub(super) use stream::LineStream;

use crate::hosting::listener::{PATIENCE, Socket};
use frames::{Awaited, Frames};

/// A close frame with 1012, for a server that starts again (RFC 6455, 7.4, and IANA's registry of close codes).
const SERVICE_RESTART: &[u8] = &[0x88, 2, 0x03, 0xf4];

/// One connection with two writers. The engine's task owns it, as a [`LineStream`]; the conductor's sink has a weak reference.
#[derive(Debug)]
pub(super) struct Line {
    socket: Arc<Socket>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    frames: Frames,
    awaited: Awaited,
    /// What has to be written before anything else: the rest of a piece that the system took only in part.
    rest: Bytes,
    /// Whether the rest is, or was, a stanza's: the conductor tries again with the same one, which must not be written twice.
    begun: bool,
    /// Since when the system has taken nothing.
    stuck: Option<Instant>,
    /// Whether the conductor may write at all.
    open: bool,
    /// Whether the client was told that the connection is over; what anybody writes then is lost.
    hung_up: bool,
}

/// What became of a stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// The system has it.
    Sent,
    /// The system takes no more for now: try again with the same stanza.
    Full,
    /// It has to go through the engine.
    Elsewhere,
    /// The connection is closing.
    Closed,
}

impl Line {
    /// A line that is open for stanzas at once, or only after one that goes through the engine; see [`Line::expect`].
    pub(super) fn new(socket: Arc<Socket>, open: bool) -> Arc<Self> {
        let state = State {
            frames: Frames::default(),
            awaited: Awaited::default(),
            rest: Bytes::new(),
            begun: false,
            stuck: None,
            open,
            hung_up: false,
        };
        Arc::new(Self { socket, state: Mutex::new(state) })
    }

    /// Waits for this stanza, which is about to be given to the engine; after it, others may be written here.
    pub(super) fn expect(&self, stanza: &Bytes) {
        let mut state = self.state();
        let between = state.frames.is_between();
        state.awaited.set(stanza.clone(), between);
        state.open = true;
    }

    /// Writes a stanza, if it may be written now.
    pub(super) fn send(&self, stanza: &Bytes) -> Passage {
        let mut state = self.state();
        if state.frames.is_closed() || state.hung_up {
            return Passage::Closed;
        }
        if !state.begun {
            if !state.open || !state.awaited.is_none() {
                return Passage::Elsewhere;
            }
            if !state.frames.is_between() {
                return Passage::Full;
            }
        }
        let outcome = self.write(&mut state, stanza);
        match outcome {
            Ok(()) => Passage::Sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !state.is_given_up() => Passage::Full,
            Err(_) => Passage::Closed,
        }
    }

    fn write(&self, state: &mut State, stanza: &Bytes) -> io::Result<()> {
        self.write_rest(state)?;
        if !mem::take(&mut state.begun) {
            let taken = self.write_some(state, stanza)?;
            state.rest = stanza.slice(taken..);
            state.begun = true;
            self.write_rest(state)?;
            state.begun = false;
        }
        Ok(())
    }

    /// Writes a piece that is not a stanza, unless the client has not taken what was sent before.
    pub(super) fn interject(&self, piece: &Bytes) {
        let mut state = self.state();
        if state.rest.is_empty()
            && let Ok(taken) = self.write_some(&mut state, piece)
        {
            state.rest = piece.slice(taken..);
        }
    }

    /// Writes a close frame, so that the client comes back. Does nothing where a frame is under way: such a client takes nothing now, and is
    /// let go with the connection.
    pub(super) fn hang_up(&self) {
        let mut state = self.state();
        if state.rest.is_empty() && state.frames.is_between() && !state.frames.is_closed() {
            state.hung_up = true;
            if let Ok(taken) = self.write_some(&mut state, SERVICE_RESTART) {
                state.rest = Bytes::from_static(&SERVICE_RESTART[taken..]);
            }
        }
    }

    /// Writes a piece that is not a stanza, whole and between frames, if nothing waits to be written before it. `Full` means that nothing of it was written.
    pub(super) fn slip_in(&self, piece: &Bytes) -> Passage {
        let mut state = self.state();
        if state.frames.is_closed() || state.hung_up || !state.open {
            return Passage::Closed;
        }
        if state.begun || !state.rest.is_empty() || !state.frames.is_between() {
            return Passage::Full;
        }
        match self.write_some(&mut state, piece) {
            Ok(taken) => {
                state.rest = piece.slice(taken..);
                Passage::Sent
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Passage::Full,
            Err(_) => Passage::Closed,
        }
    }

    /// Writes the last piece, after what is still to be written; from now on no stanza begins.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) async fn conclude(&self, last: &Bytes) -> io::Result<()> {
        let mut last = Some(last.clone());
        poll_fn(|cx| {
            let mut state = self.state();
            state.open = false;
            loop {
                ready!(self.poll_rest(&mut state, cx))?;
                match last.take() {
                    Some(piece) => state.rest = piece,
                    None => return Poll::Ready(Ok(())),
                }
            }
        })
        .await
    }

    fn write_rest(&self, state: &mut State) -> io::Result<()> {
        while !state.rest.is_empty() {
            let rest = state.rest.clone();
            let taken = self.write_some(state, &rest)?;
            state.rest.advance(taken);
        }
        Ok(())
    }

    /// Writes what the system takes now.
    fn write_some(&self, state: &mut State, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.socket.try_write(bytes);
        match outcome {
            Ok(_) => state.stuck = None,
            Err(_) => _ = state.stuck.get_or_insert_with(Instant::now),
        }
        outcome
    }

    /// Writes the rest for a task that the system wakes up when it takes more.
    fn poll_rest(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !state.rest.is_empty() {
            let taken = ready!(self.socket.poll_write(cx, &state.rest))?;
            state.rest.advance(taken);
            state.stuck = None;
        }
        Poll::Ready(Ok(()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the client has taken nothing for too long.
    fn is_given_up(&self) -> bool {
        self.stuck.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}
