//! The poem over plain WebSocket, as objects.

use super::{
    Ask, Heard, Stop, event, resume_query,
    upgrade::{Message, Socket, closed},
};

/// The code with which the poem ends (RFC 6455, 7.4.1).
const NORMAL: u16 = 1000;

/// A conversation over plain WebSocket.
#[derive(Debug, Default)]
pub(in super::super) struct PlainWebSocket {
    socket: Socket,
}

impl PlainWebSocket {
    pub(super) fn open(ask: &Ask<'_>, out: &mut Vec<u8>) {
        Socket::open(ask, &format!("?format=json{}", resume_query(ask, '&')), out);
    }

    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        self.socket.hear(ask, input, out, &mut |message, _| match message {
            Message::Text(text) => event::object(text, tell),
            Message::Binary => Ok(()),
            Message::Close(NORMAL, _) => Err(Stop::Over),
            Message::Close(code, reason) => Err(Stop::Cut(closed(code, &reason))),
        })
    }

    pub(super) fn leave(&self, out: &mut Vec<u8>) {
        self.socket.leave(out);
    }
}
