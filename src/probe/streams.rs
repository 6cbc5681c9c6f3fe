//! Listening to the poem on each transport: the first stanza, and the gaps between the next ones.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    client::{
        connector::millis,
        engineio::{self, Message, Packet},
        events,
        http::{self, Answer, Request},
        unpack::Unpacker,
        websocket::{self, Received, Socket, Style},
    },
    context::Context,
    engine_session::EngineSession,
    evidence::{Arrival, Ended, Exchange, Failure, FailureKind, Stream},
    target::Target,
};
use crate::transport::{EngineTransport, Transport};

/// Where a reading is to go on.
#[derive(Debug, Clone)]
pub(crate) struct Offset {
    /// The index of the stanza that is wanted.
    pub(crate) from: u64,
    /// The edition in which it was counted.
    pub(crate) edition: String,
}

/// How much is listened to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// How many stanzas are enough.
    pub(crate) stanzas: usize,
    /// How long they may take.
    pub(crate) time: Duration,
}

/// Gaps that tell lumps from an even stream: the first stanza and three gaps, and no less than three
/// seconds, so that at a fast pace a buffer of some kilobytes shows, too.
const GAPS: u64 = 3;
const AT_LEAST: Duration = Duration::from_secs(3);
/// What an even stream may be late by before it is given up.
const LATE: Duration = Duration::from_millis(2500);
/// More stanzas, or bytes, than any span asks for: a flood.
const FLOOD: (usize, usize) = (5_000, 4 * 1024 * 1024);

impl Span {
    /// What to listen to at this pace, with so much time left. At a pace that the time does not suffice for,
    /// the first stanza has to do.
    pub(crate) fn at_pace(interval_ms: u64, left: Duration) -> Self {
        let interval = Duration::from_millis(interval_ms.max(1));
        let span = (interval.saturating_mul(GAPS as u32)).max(AT_LEAST);
        if span > left {
            let gaps = left.saturating_sub(LATE).as_millis() / interval.as_millis().max(1);
            return Self { stanzas: 1 + usize::try_from(gaps).unwrap_or_default(), time: left };
        }
        let stanzas = span.as_millis().div_ceil(interval.as_millis().max(1));
        let stanzas = usize::try_from(stanzas).unwrap_or(FLOOD.0).min(FLOOD.0 - 2);
        Self { stanzas: 1 + stanzas, time: (span + LATE).min(left) }
    }
}

enum Source {
    Engine(Box<EngineSession>),
    WebSocket(Box<Socket>),
    Sse(Box<EventStream>),
}

struct EventStream {
    answer: Answer,
    parser: events::Parser,
    unpacker: Unpacker,
    /// Events that have come and are not handed out yet.
    ready: VecDeque<events::Event>,
}

/// What a source says.
enum StreamEvent {
    Opening(Value),
    Stanza(Option<u64>),
    End,
    Other,
}

/// Listens to one transport. `count` tells others how many stanzas have come.
pub(crate) async fn listen(
    context: &Context,
    transport: Transport,
    offset: Option<&Offset>,
    span: Span,
    count: &AtomicUsize,
) -> Stream {
    let start = Instant::now();
    let target = url(context, transport, offset);
    let mut stream = Stream { url: target.to_string(), ..Stream::default() };
    let mut source = match open(context, transport, &target, offset, &mut stream).await {
        Ok(source) => source,
        Err(()) => {
            stream.watched_ms = millis(start);
            return stream;
        }
    };
    let (mut last, mut bytes, mut all) = (Instant::now(), 0, 0);
    let receiving = async {
        while stream.arrivals.len() < span.stanzas {
            let event = match source.next().await {
                Ok((event, size)) => {
                    last = Instant::now();
                    bytes += size;
                    all += size;
                    event
                }
                Err(failure) => return Some(failure),
            };
            match event {
                StreamEvent::Opening(opening) => stream.opening = Some(opening),
                StreamEvent::Stanza(index) => {
                    let bytes = std::mem::take(&mut bytes);
                    stream.arrivals.push(Arrival { at_ms: millis(start), index, bytes });
                    count.store(stream.arrivals.len(), Ordering::Relaxed);
                }
                StreamEvent::End => {
                    stream.complete = true;
                    return None;
                }
                StreamEvent::Other => {}
            }
            if all > FLOOD.1 {
                return Some(Failure::new(
                    FailureKind::TooLarge,
                    format!("more than {} bytes came", FLOOD.1),
                ));
            }
        }
        None
    };
    let failure = timeout(span.time.saturating_sub(start.elapsed()), receiving).await.ok().flatten();
    stream.watched_ms = millis(start);
    if let Source::Sse(events) = &source {
        stream.stray = events.parser.stray().map(str::to_owned);
    }
    if let Some(failure) = failure {
        if matches!(failure.kind, FailureKind::Garbage | FailureKind::TooLarge) {
            stream.garbage = Some(failure.text);
        } else {
            let ended = match &source {
                Source::Engine(engine) => engine.ended(&failure),
                _ => Ended { how: failure.text, ..Ended::default() },
            };
            stream.ended = Some(Ended { at_ms: millis(start), quiet_ms: millis(last), ..ended });
        }
    }
    if let Source::Engine(engine) = source
        && stream.ended.is_none()
    {
        engine.close().await;
    }
    stream
}

fn url(context: &Context, transport: Transport, offset: Option<&Offset>) -> Target {
    match transport {
        Transport::SocketIoWebSocket => context.engine(EngineTransport::WebSocket, None),
        Transport::SocketIoPolling => context.engine(EngineTransport::Polling, None),
        Transport::WebSocket => {
            let from = offset.map(|offset| offset.from.to_string());
            let from = from.as_deref().map(|from| ("from", from));
            let edition = offset.map(|offset| ("edition", offset.edition.as_str()));
            let pairs = [("format", "json")].into_iter().chain(from).chain(edition);
            context.below("websocket/ws").with_query(pairs)
        }
        // Coming back, the event's id says where, as a browser does it.
        Transport::Sse => context.below("sse/stream"),
    }
}

async fn open(
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
    /// What comes next, and how many bytes that took. Nothing is lost if this is given up.
    async fn next(&mut self) -> Result<(StreamEvent, usize), Failure> {
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
                "reading" => StreamEvent::Opening(arguments.into_iter().next().unwrap_or_default()),
                "divinecomedy" => {
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
        Some("reading") => StreamEvent::Opening(object),
        Some("divinecomedy") => StreamEvent::Stanza(object["index"].as_u64()),
        Some("end") => StreamEvent::End,
        _ => StreamEvent::Other,
    }
}

fn parse_sse(event: &events::Event) -> StreamEvent {
    serde_json::from_str(&event.data).map_or(StreamEvent::Other, parse_event)
}

/// Whether an exchange opened what was asked for.
pub(crate) fn opened(exchange: &Exchange) -> bool {
    exchange.failure.is_none() && matches!(exchange.status, Some(101 | 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let span = |interval, left| {
            let span = Span::at_pace(interval, Duration::from_secs(left));
            (span.stanzas, span.time.as_millis())
        };
        assert_eq!(span(2000, 12), (4, 8500), "the sample's pace");
        assert_eq!(span(20, 12), (151, 5500));
        assert_eq!(span(3000, 7), (2, 7000), "what the time suffices for");
        assert_eq!(span(3_600_000, 12), (1, 12000));
        assert_eq!(span(0, 12).0, 3001);
    }
}
