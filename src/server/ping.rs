//! The ping with which the page measures round trips: what a reader sends comes back at once.

use socketioxide::extract::{AckSender, SocketRef};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::contract::events;

/// The longest ping over plain WebSocket, in bytes.
const LONGEST: usize = 64;

/// Acknowledges a Socket.IO client's pings.
pub(super) fn listen(socket: &SocketRef) {
    socket.on(events::ECHO, async |ack: AckSender| {
        // No arguments, as `cb()` gives in Node; `()` would be one, null. A client that has left misses the answer.
        let _ = ack.send(&[(); 0]);
    });
}

/// The answer to a plain WebSocket frame: the frame itself, if it is `{"event":"echo",…}`.
pub(super) fn reply(text: &Utf8Bytes) -> Option<Utf8Bytes> {
    (text.len() <= LONGEST && text.starts_with(r#"{"event":"echo""#)).then(|| text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pings_come_back() {
        let ping = Utf8Bytes::from_static(r#"{"event":"echo","id":1}"#);
        assert_eq!(reply(&ping), Some(ping.clone()));
        assert_eq!(reply(&Utf8Bytes::from_static("hello")), None);
        assert_eq!(reply(&format!(r#"{{"event":"echo","x":"{}"}}"#, "x".repeat(99)).into()), None);
    }
}
