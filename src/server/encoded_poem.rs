//! [`EncodedPoem`]: the poem's events, each encoded once for all readers and transports.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    contract::events,
    poem::{Place, Poem},
    reading::{Reading, event_id},
};

/// The first event that a reader gets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opening<'a> {
    edition: &'a str,
    of: usize,
    from: usize,
    interval_ms: u64,
    node: &'a str,
}

/// A named event as one JSON object, for plain WebSocket and server-sent events.
#[derive(Serialize)]
struct Event<'a, T> {
    event: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Serialize)]
struct TextAndPlace<'a> {
    text: &'a str,
    #[serde(flatten)]
    place: &'a Place,
}

/// One stanza in all its encodings.
#[derive(Debug)]
pub(crate) struct EncodedStanza {
    /// The text alone: a plain WebSocket frame.
    pub(crate) text: Utf8Bytes,
    /// Text and place as one JSON object: a plain WebSocket frame with `format=json`.
    pub(crate) json: Utf8Bytes,
    /// A whole server-sent event.
    pub(crate) sse: Bytes,
    /// The two arguments of the Socket.IO event.
    pub(crate) arguments: (Box<RawValue>, Box<RawValue>),
}

/// The encoded poem, and the data of the first event.
#[derive(Debug)]
pub(crate) struct EncodedPoem {
    edition: String,
    interval_ms: u64,
    node: String,
    stanzas: Vec<EncodedStanza>,
}

impl EncodedPoem {
    /// Encodes a poem. `node` names this process among others that serve the same readers.
    pub(crate) fn new(poem: &Poem, interval_ms: u64, node: String) -> Self {
        let encode = |stanza: &crate::poem::Stanza| {
            let stanza_event = TextAndPlace { text: &stanza.text, place: &stanza.place };
            let json = to_json(&Event { event: events::DIVINE_COMEDY, content: &stanza_event });
            let id = event_id(poem.edition(), stanza.place.index);
            EncodedStanza {
                text: stanza.text.as_str().into(),
                sse: format!("id: {id}\nevent: {}\ndata: {json}\n\n", events::DIVINE_COMEDY).into(),
                json: json.into(),
                arguments: (to_raw_json(&stanza.text), to_raw_json(&stanza.place)),
            }
        };
        Self {
            edition: poem.edition().to_owned(),
            interval_ms,
            node,
            stanzas: poem.stanzas().iter().map(encode).collect(),
        }
    }

    /// The name of this process.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// The time between two stanzas, in milliseconds.
    pub(crate) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }

    /// The stanza with this index, which a reading of this poem gave.
    pub(crate) fn stanza(&self, index: usize) -> &EncodedStanza {
        &self.stanzas[index]
    }

    /// What a reader is told first.
    pub(crate) fn opening(&self, reading: &Reading) -> Opening<'_> {
        Opening {
            edition: &self.edition,
            of: self.stanzas.len(),
            from: reading.offset(),
            interval_ms: self.interval_ms,
            node: &self.node,
        }
    }

    /// The same as one JSON object.
    pub(crate) fn opening_json(&self, reading: &Reading) -> String {
        to_json(&Event { event: events::READING, content: &self.opening(reading) })
    }
}

/// One of our events as JSON. It holds only texts and numbers, which cannot fail.
fn to_json(event: &impl Serialize) -> String {
    serde_json::to_string(event).expect("an event has a JSON form")
}

fn to_raw_json(argument: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(argument).expect("an event's argument has a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::ResumeRequest;

    #[test]
    fn a_stanza_in_every_form() {
        let poem = Poem::parse("Inferno: Canto I\n\nA \"b\"\n  c\n\nd".as_bytes()).unwrap();
        let edition = poem.edition().to_owned();
        let encoded = EncodedPoem::new(&poem, 2000, "n1".into());
        let stanza = encoded.stanza(0);
        let place = r#""index":0,"of":2,"canticle":"Inferno","canto":1,"stanza":1,"line":1}"#;
        let text = r#""A \"b\"\n  c""#;
        assert_eq!(stanza.text.as_str(), "A \"b\"\n  c");
        assert_eq!(stanza.json.as_str(), format!(r#"{{"event":"divinecomedy","text":{text},{place}"#));
        assert_eq!(
            stanza.sse,
            format!("id: {edition}:0\nevent: divinecomedy\ndata: {}\n\n", stanza.json).as_bytes()
        );
        assert_eq!(stanza.arguments.0.get(), text);
        assert_eq!(stanza.arguments.1.get(), format!("{{{place}"));
        let reading = ResumeRequest::from_query("from=1").unwrap().start(&poem).unwrap();
        let opening = format!(
            r#"{{"event":"reading","edition":"{edition}","of":2,"from":1,"intervalMs":2000,"node":"n1"}}"#
        );
        assert_eq!(encoded.opening_json(&reading), opening);
    }
}
