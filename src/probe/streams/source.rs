//! [`Source`]: one transport, opened, and the events of the poem that come over it.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::Offset;
use crate::{
    contract::{events as names, paths},
    probe::{
        client::{
            engineio::{self, Message, Packet},
            events,
            http::{self, Answer, Request},
            unpack::Unpacker,
            websocket::{self, Received, Socket, Style},
        },
        context::Context,
        engine_session::EngineSession,
        evidence::{Failure, FailureKind, Stream},
        target::Target,
    },
    transport::{EngineTransport, Transport},
};

/// An open stream of stanzas.
pub(super) enum Source {
    Engine(Box<EngineSession>),
    WebSocket(Box<Socket>),
    Sse(Box<EventStream>),
}

pub(super) struct EventStream {
    answer: Answer,
    parser: events::Parser,
    unpacker: Unpacker,
    /// Events that have come and are not handed out yet.
    ready: VecDeque<events::Event>,
}

/// What comes out of a source.
pub(super) enum StreamEvent {
    Opening(Value),
    Stanza(Option<u64>),
    End,
    Other,
}

/// What is opened for a transport.
pub(super) fn url(context: &Context, transport: Transport, offset: Option<&Offset>) -> Target {
    match transport {
        Transport::SocketIoWebSocket => context.engine(EngineTransport::WebSocket, None),
        Transport::SocketIoPolling => context.engine(EngineTransport::Polling, None),
        Transport::WebSocket => {
            let from = offset.map(|offset| offset.from.to_string());
            let from = from.as_deref().map(|from| ("from", from));
            let edition = offset.map(|offset| ("edition", offset.edition.as_str()));
            let pairs = [("format", "json")].into_iter().chain(from).chain(edition);
            context.below(paths::WEBSOCKET).with_query(pairs)
        }
        // Coming back, the event's id says where, as a browser does it.
        Transport::Sse => context.below(paths::SSE),
    }
}

/// Opens a transport, and keeps in `stream` what was seen; nothing more is to be said where it fails.
pub(super) async fn open(
    context: &Context,
    transport: Transport,
    target: &Target,
    offset: Option<&Offset>,
    stream: &mut Stream,
) -> Result<Source, ()> {
    let limit = context.limit();
    match transport {
        Transport::SocketIoWebSocket | Transport::SocketIoPolling => {
            let opened = if transport == Transport::SocketIoWebSocket {
                EngineSession::by_websocket(context, Style::Plain).await
            } else {
                EngineSession::by_polling(context).await
            };
            let (exchange, mut engine) = opened.map_err(|error| {
                stream.exchange = error.exchange;
                stream.garbage = error.garbage;
                stream.ended = error.ended;
            })?;
            stream.exchange = exchange;
            let auth = offset.map(|at| json!({"from": at.from, "edition": at.edition}));
            let joined = engine.send(&engineio::join("/", auth.as_ref())).await;
            joined.map_err(|failure| stream.ended = Some(engine.ended(&failure)))?;
            Ok(Source::Engine(Box::new(engine)))
        }
        Transport::WebSocket => {
            let opened = websocket::open(&context.connector, target, Style::Plain, None, limit).await;
            let (exchange, socket) = opened.map_err(|exchange| stream.exchange = *exchange)?;
            stream.exchange = exchange;
            Ok(Source::WebSocket(Box::new(socket)))
        }
        Transport::Sse => {
            let mut request = Request::get(target.clone(), limit)
                .with("accept", "text/event-stream")
                .with("cache-control", "no-cache")
                // As browsers send it, without what only browsers can unpack.
                .with("accept-encoding", "gzip");
            if let Some(Offset { from, edition }) = offset {
                request = request.with("last-event-id", format!("{edition}:{}", from.saturating_sub(1)));
            }
            let answer = match http::send(&context.connector, request).await {
                Ok(answer) => answer,
                Err(exchange) => {
                    stream.exchange = *exchange;
                    return Err(());
                }
            };
            let is_stream = answer
                .exchange
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/event-stream"));
            if answer.exchange.status != Some(200) || !is_stream {
                stream.exchange = answer.finish().await.0;
                return Err(());
            }
            stream.exchange = answer.exchange.clone();
            let unpacker = Unpacker::new(answer.exchange.header("content-encoding"));
            let parser = events::Parser::default();
            Ok(Source::Sse(Box::new(EventStream { answer, parser, unpacker, ready: VecDeque::new() })))
        }
    }
}

impl Source {
    /// Text that belongs to no event.
    pub(super) fn stray(&self) -> Option<&str> {
        match self {
            Self::Sse(events) => events.parser.stray(),
            Self::Engine(_) | Self::WebSocket(_) => None,
        }
    }

    /// What comes next, and how many bytes that took. Nothing is lost if this is given up.
    pub(super) async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
        match self {
            Self::Engine(engine) => engine.next().await,
            Self::WebSocket(socket) => match socket.recv().await? {
                Received::Text(text) => {
                    let object: Value = serde_json::from_str(&text).map_err(|error| {
                        Failure::new(FailureKind::Garbage, format!("a frame is not JSON: {error}"))
                    })?;
                    Ok((parse_event(object), text.len()))
                }
                Received::Other => Ok((StreamEvent::Other, 0)),
                // Normal closure: the poem is over (RFC 6455, 7.4.1).
                Received::Closed(Some(1000)) => Ok((StreamEvent::End, 0)),
                Received::Closed(code) => {
                    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
                    Err(Failure::new(FailureKind::Closed, format!("a close frame, code {code}")))
                }
            },
            Self::Sse(events) => events.next().await,
        }
    }
}

impl EventStream {
    async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
        if let Some(event) = self.ready.pop_front() {
            return Ok((parse_sse(&event), 0));
        }
        let Some(bytes) = self.answer.chunk().await? else {
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
            Some(Packet::Close) => return Err(Failure::new(FailureKind::Closed, "the engine closed")),
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
