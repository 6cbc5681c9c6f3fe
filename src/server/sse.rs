//! A reading over server-sent events, for hosts that let nothing else through. `id:` holds edition and index, so a
//! browser resumes with its own `Last-Event-ID` (WHATWG HTML, 9.2 Server-sent events).
//!
//! hyper answers the request; then the connection is handed over ([`handover`]), and the conductor writes the events.

use std::{
    future,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, RawQuery, State},
    http::{Extensions, HeaderMap, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::{
    io::ReadBuf,
    sync::oneshot,
    time::{Instant, interval_at, timeout},
};

use super::{
    admission::{self, Place},
    app::App,
    audience::{Listener, Seat},
    encoded_poem::EncodedPoem,
    forwarded,
    handover::{self, Framing, LAST_CHUNK, chunk},
    line::{Line, Passage},
    reader::Reader,
    room::{self, NoReading},
};
use crate::{
    conductor::{Notice, ReaderSink, SendOutcome},
    contract::events,
    departure::Departure,
    hosting::listener::{Accepted, Socket},
    reading::{Reading, ResumeRequest},
    transport::Transport,
};

/// How long the stream may be quiet before a comment keeps it alive; proxies cut quiet streams after 60 s.
const SILENCE: Duration = Duration::from_secs(15);

/// How long a client may take at the end to fetch what is left, and as long again to close its side.
const LINGER: Duration = Duration::from_secs(1);

/// How long a browser waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 1000;

/// `GET sse/stream`: `Last-Event-ID`, or `?from=` and `?edition=`, say where to go on; `?quiet=` asks for silence at the start,
/// and `?room=` to read together with others.
pub(super) async fn stream(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    version: Version,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let last_event =
        headers.get("last-event-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let asked = match check(&app, &query.unwrap_or_default(), last_event.as_deref(), &extensions, &headers) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    if last_event.is_some() && asked.is_after_the_end(&app.poem) {
        // The only answer that keeps a browser from reconnecting (WHATWG HTML, 9.2.3).
        return StatusCode::NO_CONTENT.into_response();
    }
    let place = match admission::admit(&app, &extensions, &headers, asked.returns()) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let reading = match room::begin(&app, &asked) {
        Ok(reading) => reading,
        Err(refusal) => return refusal.into_response(),
    };
    let client = forwarded::client(&extensions, &headers, app.trust_forwarded);
    let opening = app.encoded.opening_json(&reading);
    let opening = format!("retry: {RETRY_MS}\nevent: {}\ndata: {opening}\n\n", events::READING);
    let accepted = extensions.get::<ConnectInfo<Accepted>>();
    let socket = accepted.map(|ConnectInfo(accepted)| accepted.socket.clone()).unwrap_or_default();
    let (body, connection) = handover::body(opening.into(), socket);
    let framing = Framing::of(version);
    let tracker = app.tracker.clone();
    // The stream gets a task of its own: a task keeps the room for all that it was given at the start.
    tokio::spawn(tracker.clone().track_future(async move {
        if let Ok(socket) = connection.await {
            let events = serve_events(&app, socket, framing, reading, client, place);
            tokio::spawn(tracker.track_future(events));
        }
    }));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        // Nothing else can come over this connection.
        (header::CONNECTION, "close"),
        // nginx buffers answers unless it is told not to (ngx_http_proxy_module, proxy_buffering).
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

fn check(
    app: &App,
    query: &str,
    last_event: Option<&str>,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<ResumeRequest, NoReading> {
    // A browser that has received no id sends an empty one.
    let query = ResumeRequest::from_query(query)?;
    let asked = match last_event.filter(|id| !id.is_empty()) {
        Some(id) => ResumeRequest::after_event(id)?.or(query),
        None => query,
    };
    room::check(app, &asked, extensions, headers)?;
    Ok(asked)
}

/// Stays until the poem has ended, the client has left or the server stops; then the connection closes. At shutdown the body just ends, and browsers
/// reconnect. What it needs only at the start is not in the future that it returns.
fn serve_events(
    app: &App,
    socket: Arc<Socket>,
    framing: Framing,
    reading: Reading,
    client: String,
    place: Place,
) -> impl Future<Output = ()> + Send + use<> {
    let reader = app.readers.enter(Transport::Sse, client, reading.offset());
    let line = Line::new(Arc::clone(&socket), true);
    // A room may be held for long.
    let pace = if reading.room().is_some() { Duration::MAX } else { app.encoded.interval() };
    let first_comment = Instant::now() + reading.quiet() + SILENCE;
    let (end, ended) = oneshot::channel();
    let (sink_line, poem) = (Arc::downgrade(&line), app.encoded.clone());
    let seat = app.seat(&reading, || Ear { line: sink_line.clone(), framing });
    let sink = EventSink { line: sink_line, poem, framing, reader, _place: place, _seat: seat, _end: end };
    let (guard, app) = (app.conductor.join(reading, sink), app.clone());
    async move {
        tokio::select! {
            why = has_left(&socket) => return guard.leave(why),
            () = keep_alive(&line, framing, pace, first_comment) => {}
            _ = ended => {}
            () = app.drain.turn() => {}
        }
        // In a box: it comes once, and a reader is as large as the largest thing that it waits for.
        Box::pin(conclude(&socket, &line, framing)).await;
    }
}

/// Ends the body, and waits until the client has fetched it.
async fn conclude(socket: &Socket, line: &Line, framing: Framing) {
    let last = if framing == Framing::Chunked { LAST_CHUNK } else { Bytes::new() };
    let _ = timeout(LINGER, line.conclude(&last)).await;
    // A pipe that closes loses what its reader has not fetched, and TCP may reset a connection on which more arrives (RFC 9112, 9.6).
    let _ = socket.end();
    let _ = timeout(LINGER, has_left(socket)).await;
}

/// Waits until the client has closed the connection, or it broke; says which. It has nothing to say on it.
async fn has_left(socket: &Socket) -> Departure {
    let mut ignored = [0; 16];
    loop {
        let mut ignored = ReadBuf::new(&mut ignored);
        match future::poll_fn(|cx| socket.poll_read(cx, &mut ignored)).await {
            Ok(()) if !ignored.filled().is_empty() => {}
            Ok(()) => return Departure::ConnectionClosed,
            Err(error) => return Departure::of_broken(&error),
        }
    }
}

/// Sends comments, where the pace alone would let the stream fall silent for too long.
async fn keep_alive(line: &Line, framing: Framing, pace: Duration, first: Instant) {
    if pace < SILENCE {
        return future::pending().await;
    }
    // In a box: most streams are never so quiet.
    Box::pin(async {
        let comment = framed(framing, &chunk(":\n\n"));
        let mut comments = interval_at(first, SILENCE);
        loop {
            comments.tick().await;
            line.interject(&comment);
        }
    })
    .await
}

fn framed(framing: Framing, chunk: &Bytes) -> Bytes {
    match framing {
        Framing::Chunked => chunk.clone(),
        Framing::Plain => handover::piece(chunk),
    }
}

/// Hears what is told beside the poem.
struct Ear {
    line: Weak<Line>,
    framing: Framing,
}

impl Listener for Ear {
    fn tell(&self, notice: &Notice) -> Passage {
        let line = self.line.upgrade();
        line.map_or(Passage::Closed, |line| line.slip_in(&framed(self.framing, &notice.sse)))
    }
}

struct EventSink {
    line: Weak<Line>,
    poem: Arc<EncodedPoem>,
    framing: Framing,
    _place: Place,
    _seat: Option<Seat>,
    reader: Reader,
    /// Dropped with the sink, which ends the connection.
    _end: oneshot::Sender<()>,
}

impl EventSink {
    fn write(&self, chunk: &Bytes) -> SendOutcome {
        let Some(line) = self.line.upgrade() else { return SendOutcome::Closed };
        match line.send(&framed(self.framing, chunk)) {
            Passage::Sent => SendOutcome::Sent,
            // Nothing else carries events here.
            Passage::Full | Passage::Elsewhere => SendOutcome::Full,
            Passage::Closed => SendOutcome::Closed,
        }
    }
}

impl ReaderSink for EventSink {
    fn send(&mut self, index: usize) -> SendOutcome {
        let chunk = &self.poem.stanza(index).sse;
        let outcome = self.write(chunk);
        match outcome {
            SendOutcome::Sent => self.reader.sent(Transport::Sse, chunk.len()),
            SendOutcome::Full => self.reader.finds_no_room(),
            SendOutcome::Closed => {}
        }
        outcome
    }

    fn tell(&mut self, notice: &Notice) -> SendOutcome {
        self.write(&notice.sse)
    }

    fn finish(&mut self) -> SendOutcome {
        let outcome = self.write(self.poem.sse_end());
        if outcome == SendOutcome::Sent {
            self.reader.leaves(Departure::Finished);
        }
        outcome
    }

    fn leaves(&mut self, why: Departure) {
        self.reader.leaves(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poem::Poem;

    /// When a client takes an id for the last one.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Taken {
        /// With its event (WHATWG HTML, 9.2.6): EventSource of browsers, and of npm from version 3 on.
        WithTheEvent,
        /// As soon as its line is there: eventsource 1 and 2, fetch-event-source.
        WithItsLine,
    }

    /// How many stanzas such a client has heard of a stream, and the index after the last id that it has.
    fn heard(stream: &str, taken: Taken) -> (usize, usize) {
        let (mut stanzas, mut next, mut id, mut has_data) = (0, 0, 0, false);
        // What has no line end yet is kept, and lost with the connection.
        let lines = stream.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        for line in lines {
            if let Some(value) = line.strip_prefix("id: ") {
                id = value.rsplit(':').next().unwrap().parse::<usize>().unwrap() + 1;
                if taken == Taken::WithItsLine {
                    next = id;
                }
            }
            has_data |= line.starts_with("data: ");
            if line.is_empty() && std::mem::take(&mut has_data) {
                stanzas += 1;
                next = id;
            }
        }
        (stanzas, next)
    }

    #[test]
    fn a_stream_cut_at_any_byte_is_resumed_after_what_was_heard() {
        let poem = Poem::parse("a\n\nb\n\nc\n\nd".as_bytes()).unwrap();
        let encoded = EncodedPoem::new(&poem, 2000, "n1".into());
        let text = |chunk: &Bytes| {
            let piece = String::from_utf8(handover::piece(chunk).to_vec()).unwrap();
            assert!(piece.ends_with("\n\n"), "{piece:?}");
            piece
        };
        let events: Vec<_> = (0..poem.len()).map(|index| text(&encoded.stanza(index).sse)).collect();
        let stream = events.concat();
        for taken in [Taken::WithTheEvent, Taken::WithItsLine] {
            let mut lost = Vec::new();
            for cut in 0..=stream.len() {
                let (stanzas, next) = heard(&stream[..cut], taken);
                assert!(next >= stanzas, "{taken:?} at {cut}: a stanza comes twice");
                if next > stanzas {
                    lost.push(cut);
                }
            }
            // Between the two line ends that close an event, such a client has the id and not the event. No order of lines helps.
            let ends = events.iter().scan(0, |end, event| {
                *end += event.len();
                Some(*end - 1)
            });
            let expected = if taken == Taken::WithItsLine { ends.collect() } else { Vec::new() };
            assert_eq!(lost, expected, "{taken:?}");
        }
    }
}
