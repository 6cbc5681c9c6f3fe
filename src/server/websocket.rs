//! A reading over plain WebSocket: one text frame per stanza, close 1000 at the end, close 1012 (service restart) at
//! shutdown, after which clients reconnect.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        RawQuery, State,
        ws::{
            CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::{
    app::App,
    channel::{ChannelSink, StreamItem},
    encoded_poem::EncodedPoem,
    forwarded, ping,
};
use crate::{
    conductor::ReadingGuard,
    query::parameter,
    reading::{Reading, ResumeError, ResumeRequest},
    transport::Transport,
};

/// The largest message that a reader may send, in bytes.
const MAX_MESSAGE: usize = 4 * 1024;

/// The socket's read buffer; the default of 128 KiB would be kept for every reader.
const READ_BUFFER: usize = 256;

/// How often a peer is pinged. One that has not answered by the next ping is gone.
const PING_INTERVAL: Duration = Duration::from_secs(25);

/// How long a peer may take to answer our close frame.
const CLOSING: Duration = Duration::from_secs(5);

/// `GET websocket/ws`: `?from=` and `?edition=` say where to go on, `?format=json` asks for objects, and `?quiet=` for silence
/// at the start.
pub(super) async fn upgrade(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let query = query.unwrap_or_default();
    // Before the upgrade: a page whose WebSocket failed can find out why with a plain GET.
    let (reading, json) = match (start_reading(&app, &query), parse_format(&query)) {
        (Ok(reading), Ok(json)) => (reading, json),
        (Err(refusal), _) => return (StatusCode::BAD_REQUEST, refusal.to_string()).into_response(),
        (_, Err(message)) => return (StatusCode::BAD_REQUEST, message).into_response(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let text = format!(
                "This is the plain WebSocket endpoint, and this is not a WebSocket request: {rejection}."
            );
            return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], text).into_response();
        }
    };
    let client = forwarded::client(&extensions, &headers, app.trust_forwarded);
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| {
            let (tracker, activity) = (app.tracker.clone(), app.activity.clone());
            let what = format!("a plain WebSocket from {client}").into();
            tracker.track_future(async move {
                activity.during(what, serve_socket(app, socket, reading, json, client)).await;
            })
        })
}

fn start_reading(app: &App, query: &str) -> Result<Reading, ResumeError> {
    ResumeRequest::from_query(query)?.start(&app.poem)
}

/// Whether the client asks for JSON objects.
fn parse_format(query: &str) -> Result<bool, &'static str> {
    match parameter(query, "format").as_deref() {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(_) => Err("bad-format: format is text (the lines alone, the default) or json"),
    }
}

async fn serve_socket(app: App, mut socket: WebSocket, reading: Reading, json: bool, client: String) {
    let reader = app.readers.enter(Transport::WebSocket, client, reading.offset());
    if json {
        let opening = app.encoded.opening_json(&reading);
        if socket.send(Message::Text(opening.into())).await.is_err() {
            return;
        }
    }
    let (sink, items) = ChannelSink::new(reader, Transport::WebSocket);
    let first_ping = Instant::now() + reading.quiet() + PING_INTERVAL;
    let guard = app.conductor.join(reading, sink);
    let close = tokio::select! {
        close = send_stanzas(&mut socket, items, guard, &app.encoded, json, first_ping) => close,
        () = app.stop.cancelled() => None,
    };
    // The conductor stops at the same moment, and its closed channel may be noticed first.
    let restart = || CloseFrame { code: close_code::RESTART, reason: "the server is stopping".into() };
    let close = close.or_else(|| app.stop.is_cancelled().then(restart));
    if let Some(frame) = close
        && socket.send(Message::Close(Some(frame))).await.is_ok()
    {
        let _ = timeout(CLOSING, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
    }
}

/// Sends stanzas until the end, and returns the frame to close with; none if the peer is gone.
async fn send_stanzas(
    socket: &mut WebSocket,
    mut items: mpsc::Receiver<StreamItem>,
    _guard: ReadingGuard,
    poem: &Arc<EncodedPoem>,
    json: bool,
    first_ping: Instant,
) -> Option<CloseFrame> {
    let mut pings = interval_at(first_ping, PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alive = true;
    loop {
        tokio::select! {
            item = items.recv() => {
                let index = match item {
                    Some(StreamItem::Stanza(index)) => index,
                    Some(StreamItem::End) => {
                        return Some(CloseFrame { code: close_code::NORMAL, reason: "the poem has ended".into() });
                    }
                    None => return None,
                };
                let stanza = poem.stanza(index);
                let frame = if json { &stanza.json } else { &stanza.text };
                socket.send(Message::Text(frame.clone())).await.ok()?;
            }
            // Also to notice that the peer has closed the connection.
            received = socket.recv() => match received {
                Some(Ok(message)) => {
                    alive = true;
                    if let Message::Text(text) = message
                        && let Some(echo) = ping::reply(&text)
                    {
                        socket.send(Message::Text(echo)).await.ok()?;
                    }
                }
                Some(Err(_)) | None => return None,
            },
            _ = pings.tick() => {
                if !std::mem::take(&mut alive) {
                    return None;
                }
                socket.send(Message::Ping(Default::default())).await.ok()?;
            }
        }
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
