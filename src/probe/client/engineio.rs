//! Packets of Engine.IO 4 and of Socket.IO 5 inside them, as far as a probe meets them. Pure.
//!
//! Formats: engine.io-protocol 4 ("Packet encoding": one digit, then the payload; polls join packets
//! with the record separator 0x1e) and socket.io-protocol 5 (one digit, an optional namespace ending
//! in a comma, an optional acknowledgement id, then JSON).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What joins packets in the body of a poll.
pub(crate) const SEPARATOR: char = '\u{1e}';

/// The payload of the packet that opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Open {
    /// The session's id.
    pub(crate) sid: String,
    /// To what the client may upgrade.
    #[serde(default)]
    pub(crate) upgrades: Vec<String>,
    /// How often the server pings, in milliseconds.
    #[serde(default)]
    pub(crate) ping_interval: u64,
    /// How long it waits for the answer, in milliseconds.
    #[serde(default)]
    pub(crate) ping_timeout: u64,
}

/// One packet of the engine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Packet {
    /// `0`: the session is open.
    Open(Open),
    /// `1`: it closes.
    Close,
    /// `2`, with what a client put behind it.
    Ping(String),
    /// `3`.
    Pong(String),
    /// `4`: a message of Socket.IO.
    Message(Message),
    /// `6`.
    Noop,
}

/// One message of Socket.IO.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// `0`: a namespace was joined.
    Connect(Value),
    /// `1`: the server ends it.
    Disconnect,
    /// `2`, or `5` if bytes belong to it: an event's name and arguments.
    Event(String, Vec<Value>),
    /// `4`: a namespace was refused.
    Refused(Value),
    /// What a probe has no use for: acknowledgements and bytes.
    Other,
}

/// Reads one packet.
///
/// # Errors
/// With what is wrong about it.
pub(crate) fn packet(text: &str) -> Result<Packet, String> {
    let mut letters = text.chars();
    let kind = letters.next().ok_or("an empty packet")?;
    let rest = letters.as_str();
    Ok(match kind {
        '0' => Packet::Open(
            serde_json::from_str(rest).map_err(|error| format!("the opening packet is broken: {error}"))?,
        ),
        '1' => Packet::Close,
        '2' => Packet::Ping(rest.to_owned()),
        '3' => Packet::Pong(rest.to_owned()),
        '4' => Packet::Message(message(rest)?),
        // Binary data, in base64: well formed, and not ours.
        'b' => Packet::Message(Message::Other),
        '6' => Packet::Noop,
        _ => return Err(format!("{kind:?} does not start a packet of Engine.IO 4")),
    })
}

/// Reads the body of a poll.
///
/// # Errors
/// With what is wrong about the first broken packet.
pub(crate) fn payload(body: &str) -> Result<Vec<Packet>, String> {
    body.split(SEPARATOR).map(packet).collect()
}

fn message(text: &str) -> Result<Message, String> {
    let mut letters = text.chars();
    let kind = letters.next().ok_or("an empty message")?;
    let rest = letters.as_str();
    let rest = without_namespace(rest);
    let value = |text: &str| {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str::<Value>(text).map_err(|error| format!("a message is not JSON: {error}"))
    };
    Ok(match kind {
        '0' => Message::Connect(value(rest)?),
        '1' => Message::Disconnect,
        '2' => event_of(value(without_id(rest))?)?,
        // The number of its attachments and a dash stand before the namespace; the bytes follow in packets of their own.
        '5' => {
            let (_, event) = rest.split_once('-').unwrap_or(("", rest));
            event_of(value(without_id(without_namespace(event)))?)?
        }
        '3' | '6' => Message::Other,
        '4' => Message::Refused(value(rest)?),
        _ => return Err(format!("{kind:?} does not start a message of Socket.IO")),
    })
}

fn without_namespace(text: &str) -> &str {
    match text.strip_prefix('/') {
        Some(named) => named.split_once(',').map_or("", |(_, rest)| rest),
        None => text,
    }
}

/// Without the id that an acknowledgement would have.
fn without_id(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_ascii_digit())
}

fn event_of(value: Value) -> Result<Message, String> {
    let Value::Array(arguments) = value else { return Err("an event without a name".to_owned()) };
    let mut arguments = arguments.into_iter();
    match arguments.next() {
        Some(Value::String(name)) => Ok(Message::Event(name, arguments.collect())),
        _ => Err("an event without a name".to_owned()),
    }
}

/// The packet that joins a namespace (`/` is the main one), with what `auth` says.
pub(crate) fn join(namespace: &str, auth: Option<&Value>) -> String {
    let auth = auth.map(Value::to_string).unwrap_or_default();
    format!("40{}{auth}", within(namespace))
}

/// The packet of an event, which is an array of its name and arguments.
pub(crate) fn event(namespace: &str, event: &Value) -> String {
    format!("42{}{event}", within(namespace))
}

/// How a packet names its namespace; the main one needs no name.
fn within(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packets() {
        let open = r#"0{"sid":"a","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1}"#;
        let Ok(Packet::Open(open)) = packet(open) else { panic!() };
        assert_eq!((open.sid.as_str(), open.ping_interval), ("a", 25000));
        for (text, expected) in [
            ("1", Packet::Close),
            ("2probe", Packet::Ping("probe".into())),
            ("3probe", Packet::Pong("probe".into())),
            ("6", Packet::Noop),
            (r#"40{"sid":"x"}"#, Packet::Message(Message::Connect(json!({"sid": "x"})))),
            (r#"40/hello,{"sid":"x"}"#, Packet::Message(Message::Connect(json!({"sid": "x"})))),
            ("41", Packet::Message(Message::Disconnect)),
            (r#"42["a",1]"#, Packet::Message(Message::Event("a".into(), vec![json!(1)]))),
            (r#"42/n,12["a"]"#, Packet::Message(Message::Event("a".into(), vec![]))),
            (
                r#"44/n,{"message":"Invalid namespace"}"#,
                Packet::Message(Message::Refused(json!({"message": "Invalid namespace"}))),
            ),
            (
                r#"451-/n,["a",{"_placeholder":true,"num":0}]"#,
                Packet::Message(Message::Event("a".into(), vec![json!({"_placeholder": true, "num": 0})])),
            ),
            ("431[]", Packet::Message(Message::Other)),
        ] {
            assert_eq!(packet(text).unwrap(), expected, "{text}");
        }
        for text in ["", "0", "0{", "0{}", "7", "<html>", "4", "42", "42{}", "42[", "48", "ok"] {
            assert!(packet(text).is_err(), "{text}");
        }
    }

    #[test]
    fn payloads() {
        assert_eq!(
            payload("2\u{1e}6\u{1e}1").unwrap(),
            [Packet::Ping(String::new()), Packet::Noop, Packet::Close]
        );
        assert!(payload("2\u{1e}").is_err());
    }

    #[test]
    fn joining_and_saying() {
        assert_eq!(join("/", None), "40");
        assert_eq!(join("/hello", None), "40/hello,");
        assert_eq!(event("/", &json!(["a", 1])), r#"42["a",1]"#);
        assert_eq!(event("/hello", &json!(["a"])), r#"42/hello,["a"]"#);
        assert_eq!(join("/", Some(&json!({"from": 1}))), r#"40{"from":1}"#);
    }
}
