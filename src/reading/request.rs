//! [`ResumeRequest`]: what a client asks for at the start of its reading, and why it can't have it.

use std::{sync::LazyLock, time::Duration};

use serde_json::Value;

use super::Reading;
use crate::{
    contract::{LONGEST_QUIET_SECS, QUIET, READERS},
    poem::Poem,
    query::parameter,
    room::{LONGEST_NAME, LONGEST_TOKEN, RoomName, SHORTEST_TOKEN, Seat, Token},
};

/// The largest offset that is understood, so that an absurd number is told from one beyond the end.
pub(crate) const MAX_OFFSET: u64 = u32::MAX as u64;

/// What a client asked for: all parts are optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResumeRequest {
    pub(super) from: Option<u64>,
    pub(super) edition: Option<String>,
    /// From 1 to [`LONGEST_QUIET_SECS`] whole seconds.
    pub(super) quiet: Option<Duration>,
    pub(super) acks: Option<bool>,
    pub(super) readers: Option<bool>,
    pub(super) room: Option<RoomName>,
    pub(super) conduct: Option<Token>,
}

/// Why a reading cannot start as asked. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub(crate) enum ResumeError {
    /// `from` is not an offset.
    #[error(
        "bad-from: from is {0}; give a whole number from 0 to {MAX_OFFSET}, or leave it out to start at the beginning"
    )]
    From(String),
    /// The client counted in another edition.
    #[error(
        "foreign-edition: this server streams edition {here}, not {asked}, so the offset does not apply; leave out from and edition to start over"
    )]
    Edition {
        /// What the client named, shortened.
        asked: String,
        /// What is read here.
        here: String,
    },
    /// The Socket.IO `auth` is not what it should be.
    #[error(
        "bad-auth: auth is {0}; give an object with from (a whole number), edition (a string), acks and readers (true or false), room and conduct (strings), all optional"
    )]
    Shape(String),
    /// `acks` is neither yes nor no.
    #[error("bad-acks: acks is {0}; give true, or leave it out to get stanzas without acknowledgements")]
    Acks(String),
    /// `readers` is neither yes nor no.
    #[error(
        "bad-readers: readers is {0}; give true, or leave it out not to be told how many readers there are"
    )]
    Readers(String),
    /// `quiet` is not a number of seconds that is allowed.
    #[error(
        "bad-quiet: quiet is {0}; give whole seconds from 1 to {LONGEST_QUIET_SECS}, or leave it out to start at once"
    )]
    Quiet(String),
    /// `room` is not a name.
    #[error(
        "bad-room: room is {0}; give 1 to {LONGEST_NAME} letters (A-Z, a-z), digits, - and _, or leave it out to read alone"
    )]
    Room(String),
    /// A quiet time in a room.
    #[error("bad-quiet: a room has its own beat, and quiet is not for it; leave out quiet or room")]
    QuietRoom,
    /// A token that is none, or where none belongs.
    #[error("bad-conduct: {0}")]
    Conduct(&'static str),
    /// A `Last-Event-ID` that this server never sent.
    #[error("bad-last-event-id: {0} is not an event id of this server; reconnect without it to start over")]
    EventId(String),
}

impl ResumeError {
    /// This is no room's name.
    pub(crate) fn bad_room(name: &str) -> Self {
        Self::Room(quote(name))
    }
}

impl ResumeRequest {
    /// Reads `from=…`, `edition=…`, `quiet=…`, `acks=…`, `readers=…` and `room=…` out of a query; other parameters are left alone.
    ///
    /// # Errors
    /// When `from` is not a whole number of at most [`MAX_OFFSET`], `quiet` not one from 1 to [`LONGEST_QUIET_SECS`], `acks` or `readers`
    /// neither `true` nor `false`, or `room` no name; and when there is a token, which must not get into the logs of proxies.
    pub(crate) fn from_query(query: &str) -> Result<Self, ResumeError> {
        let from = parameter(query, "from");
        let from =
            from.map(|from| offset(&from).ok_or_else(|| ResumeError::From(quote(&from)))).transpose()?;
        let quiet = parameter(query, QUIET);
        let quiet =
            quiet.map(|text| seconds(&text).ok_or_else(|| ResumeError::Quiet(quote(&text)))).transpose()?;
        let acks = parameter(query, "acks");
        let acks = acks.map(|acks| acks.parse().map_err(|_| ResumeError::Acks(quote(&acks)))).transpose()?;
        let readers = parameter(query, READERS);
        let readers =
            readers.map(|text| text.parse().map_err(|_| ResumeError::Readers(quote(&text)))).transpose()?;
        let room = parameter(query, "room");
        let room = room.map(|name| room_name(&name)).transpose()?;
        if parameter(query, "conduct").is_some() {
            return Err(ResumeError::Conduct(IN_URL));
        }
        Ok(Self { from, edition: parameter(query, "edition"), quiet, acks, readers, room, conduct: None })
    }

    /// Reads a Socket.IO `auth`: `{from, edition, acks, readers, room, conduct}`, all optional.
    ///
    /// # Errors
    /// When it has another shape: a misspelt name would silently start over.
    pub(crate) fn from_auth(auth: &Value) -> Result<Self, ResumeError> {
        // Not as it is where there may be a token in it.
        let shape = || ResumeError::Shape(quote(&without_token(auth).to_string()));
        let mut request = Self::default();
        for (name, value) in auth.as_object().ok_or_else(shape)? {
            match (name.as_str(), value) {
                ("from" | "edition" | "acks" | READERS | "room" | "conduct", Value::Null) => {}
                ("acks", Value::Bool(acks)) => request.acks = Some(*acks),
                ("acks", other) => return Err(ResumeError::Acks(quote(&other.to_string()))),
                (READERS, Value::Bool(readers)) => request.readers = Some(*readers),
                (READERS, other) => return Err(ResumeError::Readers(quote(&other.to_string()))),
                ("from", Value::Number(number)) => {
                    let from = number.as_u64().filter(|from| *from <= MAX_OFFSET);
                    request.from = Some(from.ok_or_else(|| ResumeError::From(quote(&number.to_string())))?);
                }
                ("from", other) => return Err(ResumeError::From(quote(&other.to_string()))),
                ("edition", Value::String(edition)) => request.edition = Some(edition.clone()),
                ("room", Value::String(name)) => request.room = Some(room_name(name)?),
                ("room", other) => return Err(ResumeError::Room(quote(&other.to_string()))),
                ("conduct", Value::String(token)) => {
                    request.conduct = Some(Token::parse(token).ok_or_else(bad_token)?);
                }
                ("conduct", _) => return Err(bad_token()),
                _ => return Err(shape()),
            }
        }
        Ok(request)
    }

    /// Reads an event id as [`event_id`] writes it; the reading goes on after that event.
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn after_event(id: &str) -> Result<Self, ResumeError> {
        let (edition, index) = id.split_once(':').ok_or_else(|| ResumeError::EventId(quote(id)))?;
        let index = offset(index).ok_or_else(|| ResumeError::EventId(quote(id)))?;
        Ok(Self { from: Some(index + 1), edition: Some(edition.to_owned()), ..Self::default() })
    }

    /// The same request, its gaps filled from another.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            from: self.from.or(other.from),
            edition: self.edition.or(other.edition),
            quiet: self.quiet.or(other.quiet),
            acks: self.acks.or(other.acks),
            readers: self.readers.or(other.readers),
            room: self.room.or(other.room),
            conduct: self.conduct.or(other.conduct),
        }
    }

    /// The room that it is for.
    ///
    /// # Errors
    /// When what else is asked for does not go with a room, or only goes with one.
    pub(crate) fn room(&self) -> Result<Option<&RoomName>, ResumeError> {
        match &self.room {
            Some(_) if self.quiet.is_some() => Err(ResumeError::QuietRoom),
            None if self.conduct.is_some() => {
                Err(ResumeError::Conduct("a token conducts a room; give room, too"))
            }
            room => Ok(room.as_ref()),
        }
    }

    /// The token with which the client would conduct its room.
    pub(crate) fn token(&self) -> Option<&Token> {
        self.conduct.as_ref()
    }

    /// Whether the client has read before.
    pub(crate) fn returns(&self) -> bool {
        self.from.is_some_and(|from| from > 0)
    }

    /// Whether the client has heard the last stanza of this poem.
    pub(crate) fn is_after_the_end(&self, poem: &Poem) -> bool {
        self.offset_in(poem).is_some_and(|from| from >= poem.len())
    }

    /// The reading of whoever has this seat in a room. It begins with the stanza that all in the room have before them, or after it,
    /// if the client says that it has it already. Any other offset is not heeded: what was missed is missed.
    pub(crate) fn start_in_room(&self, seat: Seat, poem: &Poem) -> Reading {
        let current = seat.current();
        let has_it = self.offset_in(poem) == Some(current + 1);
        let next = if has_it { current + 1 } else { current };
        let (acks, readers) = (self.acks.unwrap_or_default(), self.readers.unwrap_or_default());
        Reading { next, of: poem.len(), quiet: Duration::ZERO, acks, readers, seat: Some(Box::new(seat)) }
    }

    /// The offset that was given, if the client counted in this poem.
    fn offset_in(&self, poem: &Poem) -> Option<usize> {
        let is_foreign = self.edition.as_ref().is_some_and(|edition| edition != poem.edition());
        self.from.filter(|_| !is_foreign).map(|from| usize::try_from(from).unwrap_or(usize::MAX))
    }

    /// Starts the reading that was asked for, alone. An offset beyond the end is the end.
    ///
    /// # Errors
    /// When the client counted in another edition.
    pub(crate) fn start(&self, poem: &Poem) -> Result<Reading, ResumeError> {
        match &self.edition {
            Some(edition) if edition != poem.edition() => {
                Err(ResumeError::Edition { asked: quote(edition), here: poem.edition().to_owned() })
            }
            _ => {
                let from = self.from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX));
                let quiet = self.quiet.unwrap_or_default();
                let (acks, readers) = (self.acks.unwrap_or_default(), self.readers.unwrap_or_default());
                Ok(Reading { next: from.min(poem.len()), of: poem.len(), quiet, acks, readers, seat: None })
            }
        }
    }
}

/// Why a query has no token.
const IN_URL: &str = "a token in a URL gets into the logs of proxies; give it in auth, in the event conduct, or in an Authorization header";

fn room_name(name: &str) -> Result<RoomName, ResumeError> {
    RoomName::parse(name).ok_or_else(|| ResumeError::bad_room(name))
}

/// What is wrong with a token, without it.
pub(crate) fn bad_token() -> ResumeError {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!("a token has {SHORTEST_TOKEN} to {LONGEST_TOKEN} visible ASCII characters, without spaces")
    });
    ResumeError::Conduct(&TEXT)
}

fn without_token(auth: &Value) -> Value {
    let mut shown = auth.clone();
    if let Some(token) = shown.as_object_mut().and_then(|auth| auth.get_mut("conduct")) {
        *token = "…".into();
    }
    shown
}

/// The id of one stanza's event: edition and index.
pub(crate) fn event_id(edition: &str, index: usize) -> String {
    format!("{edition}:{index}")
}

fn offset(text: &str) -> Option<u64> {
    whole_number(text).filter(|from| *from <= MAX_OFFSET)
}

fn seconds(text: &str) -> Option<Duration> {
    whole_number(text).filter(|secs| (1..=LONGEST_QUIET_SECS).contains(secs)).map(Duration::from_secs)
}

fn whole_number(text: &str) -> Option<u64> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A client's own words, fit for an error message: quoted, escaped, at most 40 characters.
fn quote(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let ellipsis = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{ellipsis}")
}
