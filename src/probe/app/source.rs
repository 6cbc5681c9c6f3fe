//! [`Source`]: an open stream of an application, and what comes out of it.

use std::{collections::VecDeque, time::Instant};

use serde_json::Value;

use super::framing::{Event, Framing};
use crate::probe::{
    client::{
        connector::millis,
        engineio::{Message, Packet},
        http::Answer,
        unpack::Unpacker,
        websocket::{Received, Socket},
    },
    engine_session::EngineSession,
    evidence::{AppForm, Ended, Failure, FailureKind},
};

/// An open stream.
pub(super) enum Source {
    Body(Box<Body>),
    WebSocket(Box<Socket>),
    Engine(Box<Session>),
}

/// The body of an answer.
pub(super) struct Body {
    answer: Answer,
    unpacker: Unpacker,
    framing: Framing,
    /// What has come beside events and is not handed out yet.
    ready: VecDeque<Came>,
    is_over: bool,
}

/// A session of Socket.IO.
pub(super) struct Session {
    pub(super) engine: EngineSession,
    /// The packet of the event to send once the namespace is joined.
    pub(super) emit: Option<String>,
    /// The event that counts; any if none is named.
    pub(super) event: Option<String>,
}

/// What comes out of a stream.
pub(super) enum Came {
    /// So many bytes, and the events that they complete.
    Piece(usize, Vec<Event>),
    /// A comment, a ping, an event that nobody waits for.
    Life,
    /// The namespace is refused, with these words.
    Refused(String),
    /// The end, as the protocol has it.
    End(Failure),
}

impl Source {
    /// What comes next. Nothing is lost if this is given up, but for a session by polling: the server ends it with its open poll.
    ///
    /// # Errors
    /// When there will be no more, and the protocol has it otherwise.
    pub(super) async fn next(&mut self) -> Result<Came, Failure> {
        match self {
            Self::Body(body) => body.next().await,
            Self::WebSocket(socket) => Ok(match socket.recv().await? {
                Received::Text(text) => message(text.into_bytes()),
                Received::Binary(bytes) => message(bytes.to_vec()),
                Received::Other => Came::Life,
                // Normal closure, or a close frame without a code (RFC 6455, 7.4.1).
                Received::Closed(None | Some(1000)) => Came::End(closed(socket)),
                Received::Closed(_) => return Err(closed(socket)),
            }),
            Self::Engine(session) => session.next().await,
        }
    }

    /// How it ended that had been open for so long, after something came last at this time.
    pub(super) fn ended(&self, failure: Failure, at_ms: u64, last: Instant) -> Ended {
        let how = Ended { at_ms, quiet_ms: millis(last), how: failure.text.clone(), ..Ended::default() };
        match self {
            Self::Engine(session) => Ended { at_ms, ..session.engine.ended(&failure) },
            Self::WebSocket(socket) => Ended { code: socket.close_code(), ..how },
            Self::Body(_) => how,
        }
    }

    /// In what form the events are.
    pub(super) fn form(&self) -> AppForm {
        match self {
            Self::Body(body) => body.framing.form(),
            Self::WebSocket(_) | Self::Engine(_) => AppForm::Messages,
        }
    }

    /// How many bytes have come of an event that is not whole.
    pub(super) fn unfinished(&self) -> usize {
        match self {
            Self::Body(body) => body.framing.unfinished(),
            Self::WebSocket(_) | Self::Engine(_) => 0,
        }
    }

    /// How many messages came compressed, and were inflated.
    pub(super) fn inflated(&self) -> usize {
        match self {
            Self::WebSocket(socket) => socket.inflated(),
            Self::Body(_) | Self::Engine(_) => 0,
        }
    }

    /// Text that belongs to no event.
    pub(super) fn stray(&self) -> Option<&str> {
        match self {
            Self::Body(body) => body.framing.stray(),
            Self::WebSocket(_) | Self::Engine(_) => None,
        }
    }

    /// Leaves, and says so where the server would not notice.
    pub(super) async fn close(self) {
        if let Self::Engine(session) = self {
            session.engine.close().await;
        }
    }
}

fn message(data: Vec<u8>) -> Came {
    Came::Piece(data.len(), vec![Event { name: String::new(), data }])
}

fn closed(socket: &Socket) -> Failure {
    Failure::new(FailureKind::Closed, socket.close_text())
}

impl Body {
    /// An answer whose head has come.
    pub(super) fn new(answer: Answer) -> Self {
        let unpacker = Unpacker::new(answer.exchange.header("content-encoding"));
        let framing = Framing::new(answer.exchange.header("content-type"));
        Self { answer, unpacker, framing, ready: VecDeque::new(), is_over: false }
    }

    async fn next(&mut self) -> Result<Came, Failure> {
        if let Some(came) = self.ready.pop_front() {
            return Ok(came);
        }
        if self.is_over {
            return Ok(Came::End(Failure::new(FailureKind::Closed, "the server ended the stream")));
        }
        let chunk = self.answer.chunk().await.map_err(|failure| match failure.kind {
            // In the words of one who chunks, which are nobody else's.
            FailureKind::Closed | FailureKind::BodyCut => {
                Failure::new(failure.kind, "the stream was cut off")
            }
            _ => failure,
        });
        let garbage = |error: String| Failure::new(FailureKind::Garbage, error);
        let (bytes, events) = match chunk? {
            Some(bytes) => {
                let text = self.unpacker.feed(&bytes).map_err(garbage)?;
                let too_large = |error: String| Failure::new(FailureKind::TooLarge, error);
                (bytes.len(), self.framing.feed(&text).map_err(too_large)?)
            }
            None => {
                self.is_over = true;
                (0, self.framing.end().into_iter().collect())
            }
        };
        self.ready.extend((0..self.framing.take_comments()).map(|_| Came::Life));
        Ok(Came::Piece(bytes, events))
    }
}

impl Session {
    async fn next(&mut self) -> Result<Came, Failure> {
        let engine = &mut self.engine;
        if engine.pending.is_empty() {
            let packets = engine.recv().await?;
            engine.pending.extend(packets);
        }
        Ok(match engine.pending.pop_front() {
            Some(Packet::Message(Message::Connect(_))) => {
                if let Some(emit) = self.emit.take() {
                    engine.send(&emit).await?;
                }
                Came::Life
            }
            Some(Packet::Message(Message::Event(name, arguments))) => {
                let bytes = engine.take_bytes();
                let is_wanted = self.event.as_ref().is_none_or(|wanted| *wanted == name);
                let data = Value::Array(arguments).to_string().into_bytes();
                let events = if is_wanted { vec![Event { name, data }] } else { Vec::new() };
                Came::Piece(bytes, events)
            }
            Some(Packet::Message(Message::Refused(why))) => Came::Refused(words(&why)),
            Some(Packet::Message(Message::Disconnect)) => {
                Came::End(Failure::new(FailureKind::Closed, "the server's disconnect"))
            }
            Some(Packet::Close) => {
                engine.closed_by_engine = true;
                return Err(Failure::new(FailureKind::Closed, "the engine closed"));
            }
            _ => Came::Life,
        })
    }
}

/// What a refused namespace says: `{"message": "…", "data": …}` (Socket.IO protocol 5, CONNECT_ERROR).
fn words(why: &Value) -> String {
    let text = match (why["message"].as_str(), &why["data"]) {
        (Some(message), Value::Null) => message.to_owned(),
        (Some(message), data) => format!("{message} ({data})"),
        (None, _) => why.to_string(),
    };
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_of_refusals() {
        assert_eq!(words(&json!({"message": "Invalid namespace"})), "Invalid namespace");
        assert_eq!(words(&json!({"message": "no", "data": {"code": 7}})), r#"no ({"code":7})"#);
        assert_eq!(words(&json!("x")), "\"x\"");
    }
}
