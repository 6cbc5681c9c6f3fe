//! A reading over plain WebSocket: one text frame per stanza, close 1000 at the end, close 1012 (service restart) at
//! shutdown, after which clients reconnect. A client that breaks the protocol is told so by its code (RFC 6455, 7.1.7).
//!
//! The conductor writes the stanzas ([`Line`]); the connection's task does the rest: it hears the client, sends pings and closes.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    extract::{RawQuery, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::{
    sync::oneshot,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    admission::{self, Place},
    app::App,
    audience::{Listener, Seat},
    encoded_poem::EncodedPoem,
    forwarded,
    line::{Line, LineStream, Passage, text_frame},
    ping,
    reader::Reader,
    room::{self, NoReading},
    upgrade::{self, Upgrading},
    violation,
};
use crate::{
    conductor::{Notice, ReaderSink, SendOutcome},
    departure::Departure,
    hosting::listener::WriteTimeout,
    query::parameter,
    reading::{Reading, ResumeRequest},
    transport::Transport,
};

/// The largest message that a reader may send, in bytes.
const MAX_MESSAGE: usize = 4 * 1024;

/// The least that the socket reads ahead: the buffer lives as long as the reader, who sends very little.
const READ_BUFFER: usize = 1;

/// How often a peer is pinged. One that has not answered by the next ping is gone.
const PING_INTERVAL: Duration = Duration::from_secs(25);

/// How long a peer may take to answer our close frame, or to close its side.
const CLOSING: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<WriteTimeout<LineStream>>;

/// `GET websocket/ws`: `?from=` and `?edition=` say where to go on, `?format=json` asks for objects, `?quiet=` for silence
/// at the start, and `?room=` to read together with others.
pub(super) async fn upgrade(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    mut request: Request,
) -> Response {
    let query = query.unwrap_or_default();
    // Before the upgrade: a page whose WebSocket failed can find out why with a plain GET.
    let (asked, json) = match (check(&app, &query, &request), parse_format(&query)) {
        (Ok(asked), Ok(json)) => (asked, json),
        (Err(refusal), _) => return refusal.into_response(),
        (_, Err(message)) => return (StatusCode::BAD_REQUEST, message).into_response(),
    };
    let place = match admission::admit(&app, request.extensions(), request.headers(), asked.returns()) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let (response, upgrading) = match upgrade::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(error) => {
            let text = format!(
                "This is the plain WebSocket endpoint, and this is not a WebSocket request: {error}."
            );
            return (upgrade::status(&error), upgrade::OFFER, text).into_response();
        }
    };
    let client = forwarded::client(request.extensions(), request.headers(), app.trust_forwarded);
    open(app, upgrading, asked, json, client, place);
    response
}

fn check(app: &App, query: &str, request: &Request) -> Result<ResumeRequest, NoReading> {
    let asked = ResumeRequest::from_query(query)?;
    room::check(app, &asked, request.extensions(), request.headers())?;
    Ok(asked)
}

/// Whether the client asks for JSON objects.
fn parse_format(query: &str) -> Result<bool, &'static str> {
    match parameter(query, "format").as_deref() {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(_) => Err("bad-format: format is text (the lines alone, the default) or json"),
    }
}

/// Begins to read, in a task of its own: a task is always as large as the largest thing that it ever does, and this one is soon over. It has no
/// more than a kilobyte, so that malloc gives the same memory to the next one; a larger piece leaves a hole that is never filled.
fn open(app: App, upgrading: Upgrading, asked: ResumeRequest, json: bool, client: String, place: Place) {
    let tracker = app.tracker.clone();
    // No `async fn`, which would hold its arguments twice.
    tokio::spawn(tracker.track_future(async move {
        let Some((socket, early)) = upgrading.socket().await else { return };
        let line = Line::new(socket, true);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let stream = WriteTimeout::new(LineStream::new(Arc::clone(&line), early), app.stop.clone());
        // Ready at once, since nothing is read or written. With `await`, this task's waker would stay in the stream, and the task's memory with it.
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config));
        let Some(mut socket) = socket.now_or_never() else { return };
        // It was checked, and only a room may have become too many since: the client comes back and is told.
        let Ok(reading) = room::begin(&app, &asked) else { return };
        let what = format!("a plain WebSocket from {client}").into();
        let reader = app.readers.enter(Transport::WebSocket, client, reading.offset());
        if json {
            let opening = app.encoded.opening_json(&reading);
            // Past the WebSocket, which would keep a buffer of this length; but a pipe of Windows takes nothing while its last write goes on.
            match line.slip_in(&text_frame(&opening)) {
                Passage::Sent => {}
                Passage::Full if socket.send(Message::text(opening)).await.is_ok() => {}
                _ => return,
            }
        }
        let (tracker, activity) = (app.tracker.clone(), app.activity.clone());
        let reading = read(app, socket, &line, reading, reader, json, place);
        tokio::spawn(tracker.track_future(activity.during(what, reading)));
    }));
}

/// Reads until the poem has ended, the client has left or the server stops. What it needs only at the start is not in the future that it returns.
fn read(
    app: App,
    mut socket: Socket,
    line: &Arc<Line>,
    reading: Reading,
    reader: Reader,
    json: bool,
    place: Place,
) -> impl Future<Output = ()> + Send + use<> {
    let line = Arc::downgrade(line);
    let first_ping = Instant::now() + reading.quiet() + PING_INTERVAL;
    let (end, ended) = oneshot::channel();
    // What is not a stanza can only be told as an object.
    let seat = json.then(|| app.seat(&reading, || Ear(line.clone()))).flatten();
    let poem = app.encoded.clone();
    let sink = WebSocketSink { line, poem, json, reader, _place: place, _seat: seat, end: Some(end) };
    let guard = app.conductor.join(reading, sink);
    async move {
        let close = tokio::select! {
            left = listen(&mut socket, first_ping) => {
                let (why, error) = match left {
                    Ok(why) => (why, None),
                    Err(error) => (broken_by(&error), Some(error)),
                };
                guard.leave(why);
                drop(guard);
                // In a box, here and below: it comes once, and a reader is as large as the largest thing that it waits for.
                Box::pin(part(&mut socket, why, error)).await;
                return;
            }
            ended = ended => ended.ok().map(|End| (CloseCode::Normal, "the poem has ended")),
            () = app.drain.turn() => None,
        };
        // Only when the server stops does the conductor let go of a reading that has not ended, or the reader has left.
        let is_stopping = app.drain.begun().is_cancelled();
        let close = close.or_else(|| is_stopping.then_some((CloseCode::Restart, "the server is stopping")));
        if let Some((code, reason)) = close {
            Box::pin(farewell(&mut socket, CloseFrame { code, reason: reason.into() })).await;
        }
    }
}

/// Answers what ended the reading, if the client still hears it.
async fn part(socket: &mut Socket, why: Departure, error: Option<Error>) {
    let answer = async {
        match error {
            Some(error) => violation::answer(socket, &error).await,
            None if why == Departure::ClientLeft => violation::return_close(socket).await,
            None => {}
        }
    };
    let _ = timeout(CLOSING, answer).await;
}

/// Closes, and waits until the client has done so, too.
async fn farewell(socket: &mut Socket, close: CloseFrame) {
    if socket.send(Message::Close(Some(close))).await.is_ok() {
        let _ = timeout(CLOSING, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    }
}

/// Hears the client, answers its pings, and sends pings of our own, until it has left; says why.
///
/// # Errors
/// When the connection breaks, or the client breaks the protocol.
async fn listen(socket: &mut Socket, first_ping: Instant) -> Result<Departure, Error> {
    let mut pings = interval_at(first_ping, PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alive = true;
    loop {
        let answer = tokio::select! {
            received = socket.next() => {
                let Some(message) = received.transpose()? else { return Ok(Departure::ConnectionClosed) };
                let text = match message {
                    Message::Text(text) => Some(text),
                    Message::Close(_) => return Ok(Departure::ClientLeft),
                    _ => None,
                };
                alive = true;
                let Some(echo) = text.and_then(|text| ping::reply(&text)) else { continue };
                Message::Text(echo)
            }
            _ = pings.tick() => {
                if !std::mem::take(&mut alive) {
                    return Ok(Departure::TimedOut);
                }
                Message::Ping(Bytes::new())
            }
        };
        socket.send(answer).await?;
    }
}

/// Who is to blame when a WebSocket cannot go on.
fn broken_by(error: &Error) -> Departure {
    match error {
        // The line broke; nobody said a wrong word.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Departure::ConnectionClosed,
        Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_) => Departure::ProtocolError,
        Error::Io(error) => Departure::of_broken(error),
        _ => Departure::ConnectionClosed,
    }
}

/// Says that the poem has ended.
struct End;

/// Hears what is told beside the poem.
struct Ear(Weak<Line>);

impl Listener for Ear {
    fn tell(&self, notice: &Notice) -> Passage {
        self.0.upgrade().map_or(Passage::Closed, |line| line.slip_in(&notice.json))
    }
}

struct WebSocketSink {
    line: Weak<Line>,
    poem: Arc<EncodedPoem>,
    json: bool,
    _place: Place,
    _seat: Option<Seat>,
    reader: Reader,
    /// Taken when the poem has ended.
    end: Option<oneshot::Sender<End>>,
}

impl WebSocketSink {
    fn write(&mut self, frame: &Bytes) -> SendOutcome {
        let Some(line) = self.line.upgrade() else { return SendOutcome::Closed };
        match line.send(frame) {
            Passage::Sent => SendOutcome::Sent,
            // Nothing else carries stanzas here.
            Passage::Full | Passage::Elsewhere => {
                self.reader.finds_no_room();
                SendOutcome::Full
            }
            Passage::Closed => SendOutcome::Closed,
        }
    }
}

impl ReaderSink for WebSocketSink {
    fn send(&mut self, index: usize) -> SendOutcome {
        let poem = Arc::clone(&self.poem);
        let stanza = poem.stanza(index);
        let frame = if self.json { &stanza.json } else { &stanza.text };
        let outcome = self.write(frame);
        if outcome == SendOutcome::Sent {
            self.reader.sent(Transport::WebSocket, frame.len());
        }
        outcome
    }

    /// Only readers of objects can tell it from a stanza.
    fn tell(&mut self, notice: &Notice) -> SendOutcome {
        if self.json { self.write(&notice.json) } else { SendOutcome::Sent }
    }

    fn finish(&mut self) -> SendOutcome {
        self.reader.leaves(Departure::Finished);
        // A task that is gone has no client to tell.
        let _ = self.end.take().map(|end| end.send(End));
        SendOutcome::Sent
    }

    fn leaves(&mut self, why: Departure) {
        self.reader.leaves(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(parse_format(""), Ok(false));
        assert_eq!(parse_format("from=1&format=text"), Ok(false));
        assert_eq!(parse_format("format=json"), Ok(true));
        assert!(parse_format("format=xml").is_err());
    }
}
