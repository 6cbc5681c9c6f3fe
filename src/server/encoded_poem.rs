//! [`EncodedPoem`]: the poem's events, each encoded once for all readers and transports.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{handover::chunk, line::text_frame};
use crate::{
    conductor::Notice,
    contract::events,
    poem::{Place, Poem, Stanza},
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

/// A stanza as one JSON object.
#[derive(Serialize)]
pub(crate) struct TextAndPlace<'a> {
    pub(crate) text: &'a str,
    #[serde(flatten)]
    place: &'a Place,
}

impl<'a> TextAndPlace<'a> {
    pub(crate) fn of(stanza: &'a Stanza) -> Self {
        Self { text: &stanza.text, place: &stanza.place }
    }
}

/// One stanza in all its encodings.
#[derive(Debug)]
pub(crate) struct EncodedStanza {
    /// The text alone: a plain WebSocket frame.
    pub(crate) text: Bytes,
    /// Text and place as one JSON object: a plain WebSocket frame with `format=json`.
    pub(crate) json: Bytes,
    /// A whole server-sent event: a chunk of the body.
    pub(crate) sse: Bytes,
    /// The two arguments of the Socket.IO event.
    pub(crate) arguments: (Box<RawValue>, Box<RawValue>),
    /// The Socket.IO event as a whole WebSocket frame, the same bytes that the engine makes of the arguments.
    pub(crate) packet: Bytes,
}

/// The encoded poem, and the data of the first event.
#[derive(Debug)]
pub(crate) struct EncodedPoem {
    edition: String,
    interval_ms: u64,
    node: String,
    stanzas: Vec<EncodedStanza>,
    sse_end: Bytes,
}

impl EncodedPoem {
    /// Encodes a poem. `node` names this process among others that serve the same readers.
    pub(crate) fn new(poem: &Poem, interval_ms: u64, node: String) -> Self {
        let encode = |stanza: &Stanza| {
            let stanza_event = TextAndPlace::of(stanza);
            let json = to_json(&Event { event: events::DIVINE_COMEDY, content: &stanza_event });
            let id = event_id(poem.edition(), stanza.place.index);
            let (text, place) = (to_raw_json(&stanza.text), to_raw_json(&stanza.place));
            // Engine.IO's message, and in it Socket.IO's event in the main namespace.
            let packet = format!(r#"42["{}",{text},{place}]"#, events::DIVINE_COMEDY);
            EncodedStanza {
                text: text_frame(&stanza.text),
                // The id last: some clients take it as soon as its line is there, and resume after an event that was cut off behind it
                // (eventsource 1 and 2). Only the end of the event makes it the last event ID (WHATWG HTML, 9.2.6).
                sse: chunk(&format!("event: {}\ndata: {json}\nid: {id}\n\n", events::DIVINE_COMEDY)),
                json: text_frame(&json),
                packet: text_frame(&packet),
                arguments: (text, place),
            }
        };
        Self {
            edition: poem.edition().to_owned(),
            interval_ms,
            node,
            sse_end: chunk(&format!("event: {end}\ndata: {{\"event\":\"{end}\"}}\n\n", end = events::END)),
            stanzas: poem.stanzas().iter().map(encode).collect(),
        }
    }

    /// The name of this process.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// The time between two stanzas.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }

    /// The same in milliseconds.
    pub(crate) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }

    /// The stanza with this index, which a reading of this poem gave.
    pub(crate) fn stanza(&self, index: usize) -> &EncodedStanza {
        &self.stanzas[index]
    }

    /// The server-sent event after the last stanza: a chunk of the body.
    pub(crate) fn sse_end(&self) -> &Bytes {
        &self.sse_end
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

/// An event that is no stanza, in every encoding. Its content becomes a JSON object.
pub(crate) fn notice(event: &'static str, content: &impl Serialize) -> Notice {
    let (argument, json) = (to_raw_json(content), to_json(&Event { event, content }));
    Notice {
        event,
        packet: text_frame(&format!(r#"42["{event}",{argument}]"#)),
        argument,
        sse: chunk(&format!("event: {event}\ndata: {json}\n\n")),
        json: text_frame(&json),
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
    use crate::fleet::Readers;
    use crate::reading::ResumeRequest;

    #[test]
    fn every_event_in_every_form() {
        let poem = Poem::parse("Inferno: Canto I\n\nA \"b\"\n  c\n\nd".as_bytes()).unwrap();
        let edition = poem.edition().to_owned();
        let encoded = EncodedPoem::new(&poem, 2000, "n1".into());
        let stanza = encoded.stanza(0);
        let place = r#""index":0,"of":2,"canticle":"Inferno","canto":1,"stanza":1,"line":1}"#;
        let text = r#""A \"b\"\n  c""#;
        let object = format!(r#"{{"event":"divinecomedy","text":{text},{place}"#);
        assert_eq!(stanza.text, text_frame("A \"b\"\n  c"));
        assert_eq!(stanza.json, text_frame(&object));
        assert_eq!(stanza.sse, chunk(&format!("event: divinecomedy\ndata: {object}\nid: {edition}:0\n\n")));
        assert_eq!(stanza.arguments.0.get(), text);
        assert_eq!(stanza.arguments.1.get(), format!("{{{place}"));
        assert_eq!(stanza.packet, text_frame(&format!(r#"42["divinecomedy",{text},{{{place}]"#)));
        let told = notice("room", &serde_json::json!({"held": true}));
        assert_eq!(told.packet, text_frame(r#"42["room",{"held":true}]"#));
        assert_eq!(told.argument.get(), r#"{"held":true}"#);
        assert_eq!(told.json, text_frame(r#"{"event":"room","held":true}"#));
        assert_eq!(told.sse, chunk("event: room\ndata: {\"event\":\"room\",\"held\":true}\n\n"));
        let reading = ResumeRequest::from_query("from=1").unwrap().start(&poem).unwrap();
        let opening = format!(
            r#"{{"event":"reading","edition":"{edition}","of":2,"from":1,"intervalMs":2000,"node":"n1"}}"#
        );
        assert_eq!(encoded.opening_json(&reading), opening);
    }

    #[test]
    fn a_notice_in_every_form() {
        let notice = notice(events::READERS, &Readers { here: 1, all: 12, nodes: 3 });
        let object = r#"{"event":"readers","here":1,"all":12,"nodes":3}"#;
        assert_eq!(notice.argument.get(), r#"{"here":1,"all":12,"nodes":3}"#);
        assert_eq!(notice.packet, text_frame(r#"42["readers",{"here":1,"all":12,"nodes":3}]"#));
        assert_eq!(notice.json, text_frame(object));
        assert_eq!(notice.sse, chunk(&format!("event: readers\ndata: {object}\n\n")));
    }
}
