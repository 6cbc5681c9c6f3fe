//! The traffic of an engine's readers: connections are opened, bytes go to conversations and come from them, and what is done with is closed.

use std::{cmp::Reverse, io, time::Instant};

use mio::{Token, event::Event};

use super::{
    super::{conversation::Stop, schedule},
    Engine,
    connection::Connection,
    reader::Stage,
};

impl Engine {
    /// Opens a connection, for a new conversation or to go on with the one that there is.
    pub(super) fn connect(&mut self, index: usize, anew: bool) {
        let reader = &mut self.readers[index];
        if anew {
            reader.begin(Instant::now());
        }
        let source = schedule::source(reader.number, self.share.of, self.share.address);
        let registry = self.poll.registry();
        match Connection::open(self.share.address, source, self.handshakes.as_ref(), registry, Token(index)) {
            Ok(connection) => {
                reader.connection = Some(connection);
                reader.stage = Stage::Connecting;
            }
            Err(error) => self.stopped(index, Stop::Cut(error.to_string())),
        }
    }

    /// Something has come for a reader, or can be sent.
    pub(super) fn ready(&mut self, index: usize, event: &Event, now: Instant) {
        let Some(reader) = self.readers.get_mut(index) else { return };
        let Some(connection) = &mut reader.connection else { return };
        if reader.stage == Stage::Connecting {
            match connection.stands() {
                Ok(true) => self.connected(index),
                Ok(false) => return,
                Err(error) => return self.stopped(index, Stop::Cut(error.to_string())),
            }
        } else if event.is_writable()
            && let Err(error) = connection.flush()
        {
            return self.stopped(index, Stop::Cut(error.to_string()));
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.read(index, event.is_read_closed(), now);
        }
    }

    fn connected(&mut self, index: usize) {
        self.out.clear();
        self.readers[index].open(&self.share.site, &self.keys, &mut self.out);
        self.send(index);
    }

    /// Sends what is in `out`.
    fn send(&mut self, index: usize) {
        if let Some(connection) = &mut self.readers[index].connection
            && let Err(error) = connection.send(&self.out)
        {
            self.stopped(index, Stop::Cut(error.to_string()));
        }
    }

    /// Reads until nothing is left.
    fn read(&mut self, index: usize, closing: bool, now: Instant) {
        loop {
            let Some(connection) = &mut self.readers[index].connection else { return };
            let short_is_all = connection.short_read_is_all();
            match connection.read(&mut self.buffer) {
                Ok(0) => {
                    return self.stopped(index, Stop::Cut("the server closed the connection".to_owned()));
                }
                Ok(size) => {
                    self.digest(index, size, now);
                    if size < self.buffer.len() && short_is_all && !closing {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.stopped(index, Stop::Cut(error.to_string())),
            }
        }
    }

    /// Hears what has come, with what had come before of the same message.
    fn digest(&mut self, index: usize, size: usize, now: Instant) {
        let Self { readers, share, keys, out, measures, buffer, .. } = self;
        let reader = &mut readers[index];
        let mut partial = std::mem::take(&mut reader.partial);
        let input = if partial.is_empty() {
            &buffer[..size]
        } else {
            partial.extend_from_slice(&buffer[..size]);
            &partial
        };
        out.clear();
        let heard = reader.hear(&share.site, keys, input, out, measures, now);
        if let Ok(used) = heard
            && used < input.len()
        {
            let rest = input[used..].to_vec();
            reader.partial = rest;
        }
        if !out.is_empty() {
            self.send(index);
        }
        if let Err(stop) = heard {
            self.stopped(index, stop);
        }
    }

    /// A connection is done with.
    pub(super) fn stopped(&mut self, index: usize, stop: Stop) {
        let Self { readers, measures, away, poll, .. } = self;
        let reader = &mut readers[index];
        if let Some(connection) = reader.connection.take() {
            connection.close(poll.registry());
        }
        reader.partial = Vec::new();
        if stop == Stop::Reopen {
            return self.connect(index, false);
        }
        match reader.stopped(stop, measures, Instant::now()) {
            Some(delay) => away.push(Reverse((Instant::now() + delay, index))),
            None if index == 0 && !reader.has_joined() => self.give_up(),
            None => {}
        }
    }
}
