//! [`Sign`]: how a host shows itself in one answer; [`author`]: who wrote it.

use super::{Host, Profile};
use crate::{contract::FAULT_HEADER, probe::evidence::Exchange};

/// How a host shows itself. Parts of headers are compared without regard to case, words of pages with it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sign {
    /// `Server` has this in it.
    Server(&'static str),
    /// An entry of `Via` has this in it, of the answer or of the request that reached the server (RFC 9110, 7.6.3: each proxy adds
    /// its own at the end).
    Via(&'static str),
    /// There is a header of this name, and it has this in it.
    Header(&'static str, &'static str),
    /// `Set-Cookie` sets a cookie whose name starts like this.
    Cookie(&'static str),
    /// The certificate's subject or issuer has this in it.
    Certificate(&'static str),
    /// A page that it writes itself has these words in it.
    Words(&'static str),
    /// An answer that it writes itself, and no other, has this header with this in it.
    Own(&'static str, &'static str),
    /// An answer that it writes itself is exactly this, and has none of the headers by which others name themselves.
    Bare(&'static str),
    /// Its answer to what is not HTTP; others may answer the same, so this counts only in answer to that (`Evidence::malformed`).
    Malformed(Refusal),
}

/// An answer to what is not HTTP that has no name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Neither headers nor a body.
    Nothing,
    /// `Connection: close`, and no body.
    OnlyClose,
    /// The status line's own words as the body, as Go's net/http has it (server.go, `badRequestError`).
    StatusLine,
    /// With this in `Server`, the name of something that others have in them, too.
    Server(&'static str),
}

/// Headers by which hosts name themselves.
const NAMES: [&str; 3] = ["server", "via", "x-powered-by"];

impl Sign {
    /// Whether an answer shows it.
    pub(super) fn is_in(self, exchange: &Exchange) -> bool {
        match self {
            Self::Server(part) => has(exchange, "server", part),
            Self::Via(part) => {
                let seen = exchange.saw.as_ref().and_then(|saw| saw.via.as_deref());
                has(exchange, "via", part) || seen.is_some_and(|via| contains(via, part))
            }
            Self::Header(name, part) => has(exchange, name, part),
            Self::Cookie(name) => {
                let mut cookies = exchange.headers.iter().filter(|(known, _)| known == "set-cookie");
                cookies.any(|(_, value)| starts_with(value, name))
            }
            Self::Certificate(_) | Self::Malformed(_) => false,
            Self::Words(_) | Self::Own(..) | Self::Bare(_) => self.shows_author(exchange),
        }
    }

    /// Whether an answer shows that this host wrote it.
    fn shows_author(self, exchange: &Exchange) -> bool {
        match self {
            Self::Words(words) => exchange.body.contains(words),
            Self::Own(name, part) => has(exchange, name, part),
            Self::Bare(text) => {
                exchange.body == text && NAMES.iter().all(|name| exchange.header(name).is_none())
            }
            _ => false,
        }
    }

    /// Whether the cache itself adds it when it answers from its store; the rest was stored with the answer.
    pub(super) fn is_added_to_stored(self) -> bool {
        matches!(self, Self::Header(..) | Self::Via(_) | Self::Own(..))
    }
}

impl Refusal {
    /// Whether an answer has this form.
    pub(super) fn is(self, exchange: &Exchange) -> bool {
        match self {
            Self::Nothing => exchange.headers.is_empty() && exchange.body.is_empty(),
            Self::OnlyClose => {
                let mut names = exchange.headers.iter().map(|(name, _)| name.as_str());
                names.next() == Some("connection") && names.next().is_none() && exchange.body.is_empty()
            }
            Self::StatusLine => exchange.body == "400 Bad Request" && exchange.header("server").is_none(),
            Self::Server(part) => has(exchange, "server", part),
        }
    }
}

/// Whether an answer has a header with this in it.
fn has(exchange: &Exchange, name: &str, part: &str) -> bool {
    let mut values = exchange.headers.iter().filter(|(known, _)| known == name);
    values.any(|(_, value)| contains(value, part))
}

/// Whether a text has a part in lower case in it, without regard to case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
}

/// The host that wrote this answer itself, by words or headers that only its own answers have; none if it was passed on, or
/// nothing tells.
pub(crate) fn author(exchange: &Exchange) -> Option<Host> {
    if exchange.status.is_none() || exchange.header(FAULT_HEADER).is_some() {
        return None;
    }
    let wrote = |profile: &&Profile| profile.signs.iter().any(|sign| sign.shows_author(exchange));
    let host = Profile::all().find(wrote)?.host;
    // What is made of another host has its pages, and a name of its own.
    let named = |profile: &&Profile| {
        profile.like == Some(host) && profile.signs.iter().any(|sign| sign.is_in(exchange))
    };
    Some(Profile::all().find(named).map_or(host, |profile| profile.host))
}
