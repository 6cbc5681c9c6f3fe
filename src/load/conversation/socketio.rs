//! [`Session`]: packets of Engine.IO 4 and Socket.IO 5, which both of Socket.IO's transports carry.

use std::fmt;

use serde::{
    Deserialize, Deserializer as _,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Deserializer;

use super::{
    Ask, Heard, Stop, Subject,
    event::{Index, Start, Words},
};
use crate::contract::events;

/// Separates the packets of a polling payload (Engine.IO 4).
pub(super) const SEPARATOR: u8 = 0x1e;

/// What Socket.IO's client says at the start of each session, and how it understands what comes. It has no state: a session's
/// packets tell all of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session<'a> {
    ask: &'a Ask<'a>,
}

/// The engine's opening packet.
#[derive(Debug, Deserialize)]
struct Handshake {
    sid: String,
}

/// Why a namespace could not be joined.
#[derive(Deserialize)]
struct ConnectError {
    message: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(ask: &'a Ask<'a>) -> Self {
        Self { ask }
    }

    /// Takes one packet of the engine; `reply` gets the packets that answer it.
    ///
    /// # Errors
    /// When the session is over.
    pub(super) fn packet(
        self,
        packet: &[u8],
        reply: &mut dyn FnMut(&[u8]),
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<(), Stop> {
        match packet {
            [b'4', rest @ ..] => self.message(rest, tell),
            [b'2', rest @ ..] => {
                reply(&[b"3", rest].concat());
                Ok(())
            }
            [b'0', ..] => {
                reply(self.connect().as_bytes());
                Ok(())
            }
            [b'1', ..] => Err(Stop::Cut("the server closed the session".to_owned())),
            // Noop; pongs, and bytes that belong to an event which has been told.
            [b'3' | b'6' | b'b', ..] => Ok(()),
            other => Err(strange(other)),
        }
    }

    /// What joins the namespace.
    fn connect(self) -> String {
        match &self.ask.site.subject {
            Subject::Poem => {
                let auth = self
                    .ask
                    .resume
                    .map(|(from, edition)| serde_json::json!({ "from": from, "edition": edition }));
                format!("40{}", auth.map(|auth| auth.to_string()).unwrap_or_default())
            }
            Subject::Event { namespace, auth, .. } => {
                let auth = auth.as_deref().unwrap_or_default();
                if namespace == "/" { format!("40{auth}") } else { format!("40{namespace},{auth}") }
            }
        }
    }

    /// A packet of Socket.IO.
    fn message(self, packet: &[u8], tell: &mut dyn FnMut(Heard<'_>)) -> Result<(), Stop> {
        let (&kind, rest) = packet.split_first().ok_or_else(|| strange(packet))?;
        match (kind, &self.ask.site.subject) {
            (b'0', Subject::Poem) => Ok(()),
            (b'0', Subject::Event { .. }) => {
                tell(Heard::Connected);
                Ok(())
            }
            (b'1', Subject::Poem) => Err(Stop::Over),
            (b'1', Subject::Event { .. }) => Err(Stop::Cut("the server disconnected the reader".to_owned())),
            (b'2' | b'5', subject) => {
                let arguments = &rest[rest.iter().position(|byte| *byte == b'[').unwrap_or(rest.len())..];
                let poem = *subject == Subject::Poem;
                let event = Event::read(arguments, poem).map_err(|_| strange(packet))?;
                match (event, subject) {
                    (Event::Stanza(index, text), Subject::Poem) => tell(Heard::Stanza(index, &text.0)),
                    (Event::Opening(start), Subject::Poem) => tell(Heard::Opening(start.opening())),
                    (Event::Other(name), Subject::Event { name: wanted, .. }) if *name.0 == **wanted => {
                        tell(Heard::Event)
                    }
                    _ => {}
                }
                Ok(())
            }
            (b'4', _) => {
                let json = &rest[rest.iter().position(|byte| *byte == b'{').unwrap_or(rest.len())..];
                let message = serde_json::from_slice(json).map(|error: ConnectError| error.message);
                let message = message.unwrap_or_else(|_| String::from_utf8_lossy(rest).into_owned());
                Err(Stop::Forbidden(format!("the server refuses the connection: {message}")))
            }
            // Acknowledgements.
            (b'3' | b'6', _) => Ok(()),
            _ => Err(strange(packet)),
        }
    }
}

/// The session's id, where a packet opens one.
pub(super) fn session_id(packet: &[u8]) -> Option<String> {
    let json = packet.strip_prefix(b"0")?;
    serde_json::from_slice(json).ok().map(|handshake: Handshake| handshake.sid)
}

fn strange(packet: &[u8]) -> Stop {
    let text: String = String::from_utf8_lossy(packet).chars().take(60).collect();
    Stop::Cut(format!("this is not Socket.IO 3 or 4: {text:?}"))
}

/// The arguments of an event.
enum Event<'a> {
    Opening(Start<'a>),
    Stanza(u32, Words<'a>),
    Other(Words<'a>),
}

impl<'a> Event<'a> {
    /// Reads it; the arguments only of those that the poem has.
    fn read(json: &'a [u8], poem: bool) -> serde_json::Result<Self> {
        Deserializer::from_slice(json).deserialize_seq(Arguments { poem })
    }
}

/// Reads the name first, which says what the others are.
struct Arguments {
    poem: bool,
}

impl<'de> Visitor<'de> for Arguments {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event's name and arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut arguments: A) -> Result<Event<'de>, A::Error> {
        let missing = |what: &str| serde::de::Error::custom(format_args!("no {what}"));
        let name: Words<'_> = arguments.next_element()?.ok_or_else(|| missing("name"))?;
        let event = match &*name.0 {
            events::DIVINE_COMEDY if self.poem => {
                let text = arguments.next_element()?.ok_or_else(|| missing("text"))?;
                let place: Index = arguments.next_element()?.ok_or_else(|| missing("place"))?;
                Event::Stanza(place.index, text)
            }
            events::READING if self.poem => {
                Event::Opening(arguments.next_element()?.ok_or_else(|| missing("content"))?)
            }
            _ => Event::Other(name),
        };
        while arguments.next_element::<IgnoredAny>()?.is_some() {}
        Ok(event)
    }
}
