//! [`Source`]: an open stream, and the events of the poem that come over it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout_at;

use crate::{
    contract::events as names,
    probe::{
        client::{
            connector::millis,
            engineio::{Message, Open, Packet},
            events,
            http::Answer,
            unpack::Unpacker,
            websocket::{Received, Socket},
        },
        engine_session::EngineSession,
        evidence::{Ended, Failure, FailureKind},
    },
};

/// An open stream of stanzas.
pub(crate) enum Source {
    Engine(Box<EngineSession>),
    WebSocket(Box<Socket>),
    Sse(Box<EventStream>),
}

pub(crate) struct EventStream {
    answer: Answer,
    parser: events::Parser,
    unpacker: Unpacker,
    /// Events that have come and are not handed out yet.
    ready: VecDeque<events::Event>,
}

/// What comes out of a source.
pub(crate) enum StreamEvent {
    /// The event `reading`.
    Opening(Value),
    /// A stanza, and its index.
    Stanza(Option<u64>),
    /// The poem is over.
    End,
    /// The engine's ping, which was answered.
    Ping,
    /// Anything else.
    Other,
}

/// When we say something on a connection: never, or so often.
#[derive(Debug)]
pub(crate) struct Speaker {
    every: Option<Duration>,
    last: Instant,
}

impl Speaker {
    /// One that begins now.
    pub(crate) fn new(every: Option<Duration>) -> Self {
        Self { every, last: Instant::now() }
    }

    /// When we last said something; when it began, if never.
    pub(crate) fn last(&self) -> Instant {
        self.last
    }
}

impl Source {
    /// What the engine said at the opening.
    pub(crate) fn engine_open(&self) -> Option<&Open> {
        match self {
            Self::Engine(engine) => Some(&engine.open),
            Self::WebSocket(_) | Self::Sse(_) => None,
        }
    }

    /// How it ended that had been open for so long, after something came last at this time.
    pub(crate) fn ended(&self, failure: Failure, at_ms: u64, last: Instant) -> Ended {
        let how = Ended { at_ms, quiet_ms: millis(last), how: failure.text.clone(), ..Ended::default() };
        match self {
            Self::Engine(engine) => Ended { at_ms, ..engine.ended(&failure) },
            Self::WebSocket(socket) => Ended { code: socket.close_code(), ..how },
            Self::Sse(_) => how,
        }
    }

    /// An end that looks like the poem's, and is none.
    pub(crate) fn too_early(&self) -> Failure {
        let how = match self {
            Self::WebSocket(socket) => socket.close_text(),
            Self::Engine(_) => "the server's disconnect".to_owned(),
            Self::Sse(_) => "the event end".to_owned(),
        };
        Failure::new(FailureKind::Closed, format!("{how}, though the poem was not over"))
    }

    /// Leaves, and says so where the server would not notice.
    pub(crate) async fn close(self) {
        if let Self::Engine(engine) = self {
            engine.close().await;
        }
    }

    /// What comes next, while we say something now and then; nobody can over server-sent events.
    pub(crate) async fn next_speaking(
        &mut self,
        speaker: &mut Speaker,
    ) -> Result<(StreamEvent, usize), Failure> {
        loop {
            let Some(every) = speaker.every else { return self.next().await };
            match timeout_at((speaker.last + every).into(), self.next()).await {
                Ok(event) => return event,
                Err(_) => {
                    speaker.last = Instant::now();
                    self.say_something().await?;
                }
            }
        }
    }

    /// A message that the server has no answer to.
    async fn say_something(&mut self) -> Result<(), Failure> {
        match self {
            Self::Engine(engine) => engine.send(&format!("42[\"{}\"]", names::ECHO)).await,
            Self::WebSocket(socket) => socket.send("{}").await,
            Self::Sse(_) => Ok(()),
        }
    }

    /// Text that belongs to no event.
    pub(crate) fn stray(&self) -> Option<&str> {
        match self {
            Self::Sse(events) => events.parser.stray(),
            Self::Engine(_) | Self::WebSocket(_) => None,
        }
    }

    /// What comes next, and how many bytes that took. Nothing is lost if this is given up.
    pub(crate) async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
        match self {
            Self::Engine(engine) => engine.next().await,
            Self::WebSocket(socket) => match socket.recv().await? {
                Received::Text(text) => {
                    let object: Value = serde_json::from_str(&text).map_err(|error| {
                        Failure::new(FailureKind::Garbage, format!("a frame is not JSON: {error}"))
                    })?;
                    Ok((parse_event(object), text.len()))
                }
                Received::Binary(_) | Received::Other => Ok((StreamEvent::Other, 0)),
                // Normal closure: the poem is over (RFC 6455, 7.4.1).
                Received::Closed(Some(1000)) => Ok((StreamEvent::End, 0)),
                Received::Closed(_) => Err(Failure::new(FailureKind::Closed, socket.close_text())),
            },
            Self::Sse(events) => events.next().await,
        }
    }
}

impl EventStream {
    /// An answer whose head has come.
    pub(super) fn new(answer: Answer) -> Self {
        let unpacker = Unpacker::new(answer.exchange.header("content-encoding"));
        Self { answer, parser: events::Parser::default(), unpacker, ready: VecDeque::new() }
    }

    async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
        if let Some(event) = self.ready.pop_front() {
            return Ok((parse_sse(&event), 0));
        }
        let chunk = self.answer.chunk().await.map_err(|failure| match failure.kind {
            // In the words of one who chunks, which are nobody else's.
            FailureKind::Closed | FailureKind::BodyCut if failure.http2.is_none() => {
                Failure::new(failure.kind, "the stream was cut off")
            }
            _ => failure,
        });
        let Some(bytes) = chunk? else {
            return Err(Failure::new(FailureKind::Closed, "the stream ended"));
        };
        let garbage = |error: String| Failure::new(FailureKind::Garbage, error);
        let text = self.unpacker.feed(&bytes).map_err(garbage)?;
        self.ready.extend(self.parser.feed(&text).map_err(garbage)?);
        Ok((StreamEvent::Other, bytes.len()))
    }
}

impl EngineSession {
    async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
        if self.pending.is_empty() {
            let packets = self.recv().await?;
            self.pending.extend(packets);
        }
        let event = match self.pending.pop_front() {
            Some(Packet::Message(Message::Event(name, arguments))) => match name.as_str() {
                names::READING => StreamEvent::Opening(arguments.into_iter().next().unwrap_or_default()),
                names::DIVINE_COMEDY => {
                    StreamEvent::Stanza(arguments.get(1).and_then(|place| place["index"].as_u64()))
                }
                _ => StreamEvent::Other,
            },
            Some(Packet::Message(Message::Disconnect)) => StreamEvent::End,
            Some(Packet::Message(Message::Refused(why))) => {
                return Err(Failure::new(FailureKind::Other, format!("the namespace was refused: {why}")));
            }
            Some(Packet::Ping(_)) => StreamEvent::Ping,
            Some(Packet::Close) => {
                self.closed_by_engine = true;
                return Err(Failure::new(FailureKind::Closed, "the engine closed"));
            }
            _ => StreamEvent::Other,
        };
        Ok((event, self.take_bytes()))
    }
}

fn parse_event(object: Value) -> StreamEvent {
    match object["event"].as_str() {
        Some(names::READING) => StreamEvent::Opening(object),
        Some(names::DIVINE_COMEDY) => StreamEvent::Stanza(object["index"].as_u64()),
        Some(names::END) => StreamEvent::End,
        _ => StreamEvent::Other,
    }
}

fn parse_sse(event: &events::Event) -> StreamEvent {
    serde_json::from_str(&event.data).map_or(StreamEvent::Other, parse_event)
}
