//! The Hello exchange of the Azure samples: `sendMessage {message}` → `helloBack {message}`.

use serde::Serialize;
use serde_json::{Map, Value};
use socketioxide::extract::{SocketRef, TryData};
use tracing::info;

use crate::contract::events;

/// How much of a message is logged, in characters.
const LOGGED: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Message(&'static str),
    Error(&'static str),
}

/// Answers a client's messages.
pub(super) fn listen(socket: &SocketRef) {
    // A map and not a struct, since a struct would also accept an array.
    socket.on(events::SEND_MESSAGE, async |socket: SocketRef, TryData(said): TryData<Map<String, Value>>| {
        let reply = match said.as_ref().ok().and_then(|said| said.get("message")) {
            Some(Value::String(message)) => {
                // Escaped, so that no message can forge a log line.
                let message: String = message.chars().take(LOGGED).collect();
                info!(socket = %socket.id, ?message, "hello");
                Reply::Message("Hello back!")
            }
            _ => {
                info!(socket = %socket.id, "a malformed sendMessage");
                Reply::Error("sendMessage takes one object with a text: {message: \"Hello\"}")
            }
        };
        // A client that has left or is too slow misses the answer.
        let _ = socket.emit(events::HELLO_BACK, &reply);
    });
}
