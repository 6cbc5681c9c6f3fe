//! What was seen over HTTP/2, in one line. Pure.

use crate::probe::evidence::{Http2, Stream};

/// What was seen over HTTP/2, in one line.
pub(super) fn summary(http2: &Http2) -> String {
    let app = http2.app.as_ref().map(|app| &app.exchange);
    let first = http2.page.as_ref().or(http2.handshake.as_ref()).or(app).map(|first| first.outcome());
    let streaming = http2.streams.values().filter(|stream| !stream.arrivals.is_empty()).count();
    let streams = match http2.streams.len() {
        0 => String::new(),
        count => format!(", {streaming} of {count} streams"),
    };
    let mut settings = http2.connections.iter().filter_map(|one| one.settings.as_ref());
    let offered = match (settings.any(|settings| settings.extended_connect), &http2.upgrade) {
        (true, Some(upgrade)) if upgrade.works => ", WebSocket works",
        (true, Some(_)) => ", WebSocket offered, and refused",
        (true, None) => ", WebSocket offered",
        (false, _) => ", WebSocket over HTTP/1.1 only",
    };
    let cut = |stream: &&Stream| stream.ended.is_some() && !stream.complete && !stream.arrivals.is_empty();
    let cut = match http2.streams.values().filter(cut).count() {
        0 => String::new(),
        count => format!(", {count} cut off"),
    };
    format!("{}{streams}{cut}{offered}", first.unwrap_or_else(|| "not asked".to_owned()))
}
