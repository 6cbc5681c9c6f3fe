//! Socket.IO over WebSocket: one packet a message.

use super::{
    Ask, Heard, Stop,
    frames::{self, opcode},
    socketio::Session,
    upgrade::{Message, Socket, closed},
};

/// A conversation of Socket.IO over WebSocket.
#[derive(Debug, Default)]
pub(in super::super) struct SocketIoWebSocket {
    socket: Socket,
}

impl SocketIoWebSocket {
    pub(super) fn open(ask: &Ask<'_>, out: &mut Vec<u8>) {
        Socket::open(ask, "?EIO=4&transport=websocket", out);
    }

    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        let session = Session::new(ask);
        self.socket.hear(ask, input, out, &mut |message, out| match message {
            Message::Text(packet) => {
                session.packet(packet, &mut |reply| frames::write(out, opcode::TEXT, reply), tell)
            }
            Message::Binary => Ok(()),
            Message::Close(code, reason) => Err(Stop::Cut(closed(code, &reason))),
        })
    }

    pub(super) fn leave(&self, out: &mut Vec<u8>) {
        self.socket.leave(out);
    }
}
