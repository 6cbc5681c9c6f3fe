//! The Hello exchange of the Azure samples: `sendMessage {message}` → `helloBack {message}`, and the same as the acknowledgement,
//! if the client asks for one.

use serde::Serialize;
use serde_json::{Map, Value};
use socketioxide::extract::{AckSender, SocketRef, TryData};
use tracing::info;

use super::forwarded;
use crate::contract::events;

/// How much of a message is logged, in characters.
const LOGGED: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Message(&'static str),
    Error(&'static str),
}

/// Answers a client's messages. Forwarded headers name the client in the log if they are trusted; the session's id would let whoever
/// reads the log take the session over.
pub(super) fn listen(socket: &SocketRef, trust_forwarded: bool) {
    let hear = async move |socket: SocketRef, said: TryData<Map<String, Value>>, ack: AckSender| {
        let parts = socket.req_parts();
        let client = forwarded::client(&parts.extensions, &parts.headers, trust_forwarded);
        let reply = answer(said, &client);
        // A client that has left or is too slow misses the answers.
        let _ = ack.send(&reply);
        let _ = socket.emit(events::HELLO_BACK, &reply);
    };
    socket.on(events::SEND_MESSAGE, hear);
}

/// What is answered to what a client has said, which is logged. It is a map and not a struct, since a struct would also accept an array.
fn answer(TryData(said): TryData<Map<String, Value>>, client: &str) -> Reply {
    match said.as_ref().ok().and_then(|said| said.get("message")) {
        Some(Value::String(message)) => {
            // Escaped, so that no message can forge a log line.
            let message: String = message.chars().take(LOGGED).collect();
            info!(client, said = ?message, "hello");
            Reply::Message("Hello back!")
        }
        _ => {
            info!(client, "a malformed sendMessage");
            Reply::Error("sendMessage takes one object with a text: {message: \"Hello\"}")
        }
    }
}
