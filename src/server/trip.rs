//! The round trip that the page measures: whatever a reader asks comes back at once.

use axum::extract::ws::Utf8Bytes;
use socketioxide::extract::{AckSender, SocketRef};

/// Name of the event, on Socket.IO with an acknowledgement.
pub(super) const EVENT: &str = "trip";

/// The longest question over plain WebSocket, in bytes.
const LONGEST: usize = 64;

/// Acknowledges a Socket.IO client's question.
pub(super) fn listen(socket: &SocketRef) {
    socket.on(EVENT, async |ack: AckSender| {
        // A client that is gone misses the answer.
        let _ = ack.send(&());
    });
}

/// The answer to a frame of plain WebSocket: itself, if it is `{"event":"trip",…}`.
pub(super) fn echo(text: &Utf8Bytes) -> Option<Utf8Bytes> {
    (text.len() <= LONGEST && text.starts_with(r#"{"event":"trip""#)).then(|| text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trips_come_back() {
        let trip = Utf8Bytes::from_static(r#"{"event":"trip","id":1}"#);
        assert_eq!(echo(&trip), Some(trip.clone()));
        assert_eq!(echo(&Utf8Bytes::from_static("hello")), None);
        assert_eq!(echo(&format!(r#"{{"event":"trip","x":"{}"}}"#, "x".repeat(99)).into()), None);
    }
}
