//! A reading over server-sent events, for hosts that let nothing else through. `id:` holds edition and index, so a
//! browser resumes with its own `Last-Event-ID` (WHATWG HTML, 9.2 Server-sent events).

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    app::App,
    channel::{ChannelSink, StreamItem},
    encoded_poem::EncodedPoem,
    forwarded,
};
use crate::{
    conductor::ReadingGuard,
    contract::events,
    reading::{Reading, ResumeError, ResumeRequest},
    transport::Transport,
};

/// How long the stream may be quiet before a comment keeps it alive; proxies cut quiet streams after 60 s.
const SILENCE: Duration = Duration::from_secs(15);

/// How long a browser waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 1000;

/// `GET sse/stream`: `Last-Event-ID`, or `?from=` and `?edition=`, say where to go on; `?quiet=` asks for silence at the start.
pub(super) async fn stream(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let last_event =
        headers.get("last-event-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let reading = match start_reading(&app, &query.unwrap_or_default(), last_event.as_deref()) {
        Ok(reading) => reading,
        Err(refusal) => return (StatusCode::BAD_REQUEST, refusal.to_string()).into_response(),
    };
    if last_event.is_some() && reading.next().is_none() {
        // The only answer that keeps a browser from reconnecting (WHATWG HTML, 9.2.3).
        return StatusCode::NO_CONTENT.into_response();
    }
    let client = forwarded::client(&extensions, &headers, app.trust_forwarded);
    let reader = app.readers.enter(Transport::Sse, client, reading.offset());
    let opening = app.encoded.opening_json(&reading);
    let opening = Bytes::from(format!("retry: {RETRY_MS}\nevent: {}\ndata: {opening}\n\n", events::READING));
    let (sink, items) = ChannelSink::new(reader, Transport::Sse);
    let first_silence = SILENCE + reading.quiet();
    let guard = app.conductor.join(reading, sink);
    let body = EventBody {
        items,
        _guard: guard,
        poem: app.encoded.clone(),
        stop: app.stop.clone(),
        silence: first_silence,
        ended: false,
    };
    let events = stream::once(async { opening }).chain(stream::unfold(body, EventBody::next));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        // nginx buffers answers unless it is told not to (ngx_http_proxy_module, proxy_buffering).
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events.map(Ok::<_, Infallible>))).into_response()
}

fn start_reading(app: &App, query: &str, last_event: Option<&str>) -> Result<Reading, ResumeError> {
    // A browser that has received no id sends an empty one.
    let query = ResumeRequest::from_query(query)?;
    let request = match last_event.filter(|id| !id.is_empty()) {
        Some(id) => ResumeRequest::after_event(id)?.or(query),
        None => query,
    };
    request.start(&app.poem)
}

struct EventBody {
    items: mpsc::Receiver<StreamItem>,
    _guard: ReadingGuard,
    poem: Arc<EncodedPoem>,
    stop: CancellationToken,
    /// After how long without a stanza a comment is due.
    silence: Duration,
    ended: bool,
}

impl EventBody {
    /// The next piece of the stream; none at its end. At shutdown it just ends, and browsers reconnect.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.ended {
            return None;
        }
        let item = tokio::select! {
            item = timeout(self.silence, self.items.recv()) => item,
            () = self.stop.cancelled() => return None,
        };
        self.silence = SILENCE;
        let piece = match item {
            Err(_) => Bytes::from_static(b":\n\n"),
            Ok(Some(StreamItem::Stanza(index))) => self.poem.stanza(index).sse.clone(),
            Ok(Some(StreamItem::End)) => {
                self.ended = true;
                Bytes::from(format!("event: {end}\ndata: {{\"event\":\"{end}\"}}\n\n", end = events::END))
            }
            Ok(None) => return None,
        };
        Some((piece, self))
    }
}
