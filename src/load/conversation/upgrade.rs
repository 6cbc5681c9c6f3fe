//! [`Socket`]: a WebSocket from its upgrade (RFC 6455, 4) to its last frame, beneath what is said over it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    Ask, Stop,
    frames::{self, Frame, opcode},
};

/// The most that a message in several frames may take, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The key of an upgrade's request, and what a server answers to it. One for a whole run: it proves that somebody understands
/// WebSocket, which it does as well the second time, and hashing for each reader would be the generator's dearest work.
#[derive(Debug)]
pub(in super::super) struct Keys {
    key: String,
    accept: String,
}

impl Keys {
    /// A new pair.
    pub(in super::super) fn new() -> Self {
        let key = STANDARD.encode(fastrand::u128(..).to_be_bytes());
        let accept = derive_accept_key(key.as_bytes());
        Self { key, accept }
    }

    /// What a server answers.
    #[cfg(test)]
    pub(super) fn accept(&self) -> &str {
        &self.accept
    }
}

/// What comes over a WebSocket.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// A text.
    Text(&'a [u8]),
    /// Bytes.
    Binary,
    /// The server closes, with this code (1005 for none) and reason.
    Close(u16, String),
}

/// Who hears the messages, and says what is sent in return.
type Listener<'a> = dyn FnMut(Message<'_>, &mut Vec<u8>) -> Result<(), Stop> + 'a;

/// A WebSocket.
#[derive(Debug, Default)]
pub(super) struct Socket {
    upgraded: bool,
    /// The message that has come in part, and whether it is a text.
    parts: Option<(bool, Vec<u8>)>,
}

impl Socket {
    /// The request for the upgrade.
    pub(super) fn open(ask: &Ask<'_>, query: &str, out: &mut Vec<u8>) {
        let key = &ask.keys.key;
        let lines = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        );
        out.extend_from_slice(ask.request("GET", query, &lines).as_bytes());
    }

    /// Takes what has come, answers pings, and tells messages.
    ///
    /// # Errors
    /// When there is no WebSocket, a frame is wrong, or the listener says so.
    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut Listener<'_>,
    ) -> Result<usize, Stop> {
        let mut used = 0;
        if !self.upgraded {
            let Some(answer) = ask.answer(input)? else { return Ok(0) };
            used = answer.size;
            if answer.status != 101 {
                return answer.refusal(input).map_or(Ok(0), Err);
            }
            if answer.accept.as_deref() != Some(ask.keys.accept.as_bytes()) {
                let text = "HTTP 101 without the right Sec-WebSocket-Accept: this is not a WebSocket";
                return Err(Stop::Forbidden(text.to_owned()));
            }
            self.upgraded = true;
        }
        while let Some(frame) = Frame::read(&input[used..])? {
            used += frame.size;
            match frame.opcode {
                opcode::PING => frames::write(out, opcode::PONG, frame.payload),
                opcode::CLOSE => {
                    let code = frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    let reason = String::from_utf8_lossy(frame.payload.get(2..).unwrap_or_default());
                    frames::write(out, opcode::CLOSE, frame.payload);
                    tell(Message::Close(code, reason.into_owned()), out)?;
                }
                opcode::TEXT if frame.last => tell(Message::Text(frame.payload), out)?,
                opcode::BINARY if frame.last => tell(Message::Binary, out)?,
                opcode::TEXT | opcode::BINARY | opcode::CONTINUATION => self.part(&frame, out, tell)?,
                _ => {}
            }
        }
        Ok(used)
    }

    /// A message in several frames (RFC 6455, 5.4).
    fn part(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>, tell: &mut Listener<'_>) -> Result<(), Stop> {
        let (is_text, mut message) = match (self.parts.take(), frame.opcode) {
            (Some(parts), opcode::CONTINUATION) => parts,
            (None, opcode @ (opcode::TEXT | opcode::BINARY)) => (opcode == opcode::TEXT, Vec::new()),
            _ => return Err(Stop::Cut("the server mixes up the frames of two messages".to_owned())),
        };
        message.extend_from_slice(frame.payload);
        if message.len() > LARGEST {
            return Err(Stop::Cut(format!("a message of the server is longer than {LARGEST} bytes")));
        }
        if !frame.last {
            self.parts = Some((is_text, message));
            return Ok(());
        }
        tell(if is_text { Message::Text(&message) } else { Message::Binary }, out)
    }

    /// The close frame of a reader who leaves.
    pub(super) fn leave(&self, out: &mut Vec<u8>) {
        if self.upgraded {
            frames::write(out, opcode::CLOSE, &frames::GOING_AWAY.to_be_bytes());
        }
    }
}

/// A close frame in words.
pub(super) fn closed(code: u16, reason: &str) -> String {
    match reason {
        "" => format!("WebSocket close {code}"),
        reason => format!("WebSocket close {code}: {reason}"),
    }
}
