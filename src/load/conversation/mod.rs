//! [`Conversation`]: what one reader and the server say to each other over one connection. Bytes go in and out; sockets and
//! clocks are elsewhere, so that each transport is tested by tables.

mod answer;
mod body;
mod cookies;
mod event;
mod frames;
mod polling;
mod socketio;
mod socketio_websocket;
mod sse;
#[cfg(test)]
mod tests;
mod upgrade;
mod websocket;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use url::Url;

use self::{
    answer::Answer, polling::Polling, socketio_websocket::SocketIoWebSocket, sse::EventStream,
    websocket::PlainWebSocket,
};
use super::tls::Tls;
use crate::{contract::paths, transport::Transport};

pub(super) use self::{cookies::Cookies, upgrade::Keys};

/// What all readers of a run have in common.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Site {
    /// How TLS is spoken, if it is.
    pub(super) tls: Option<Tls>,
    /// Host and port, as in the header `Host`.
    pub(super) authority: String,
    /// The path below which the server's endpoints are; empty, or with a slash at its start and none at its end.
    pub(super) base: String,
    /// What is listened to.
    pub(super) subject: Subject,
}

/// What readers listen to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Subject {
    /// The poem: every stanza has an index.
    Poem,
    /// An event of any Socket.IO server, whose order is not known.
    Event {
        /// Its name.
        name: String,
        /// The namespace; starts with a slash.
        namespace: String,
        /// Credentials for the namespace, as JSON.
        auth: Option<String>,
    },
}

/// What a connection asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) site: &'a Site,
    pub(super) transport: Transport,
    pub(super) cookies: &'a Cookies,
    pub(super) keys: &'a Keys,
    /// The stanza to go on from, and the edition in which it was counted; none at the beginning.
    pub(super) resume: Option<(u32, &'a str)>,
}

impl Ask<'_> {
    /// The path of the endpoint.
    fn path(&self) -> String {
        let endpoint = match self.transport {
            Transport::SocketIoWebSocket | Transport::SocketIoPolling => paths::SOCKET_IO,
            Transport::WebSocket => paths::WEBSOCKET,
            Transport::Sse => paths::SSE,
        };
        format!("{}{endpoint}", self.site.base)
    }

    /// The head of a request, with these lines between what all requests have.
    fn request(&self, method: &str, query: &str, lines: &str) -> String {
        let (path, authority, cookie) = (self.path(), &self.site.authority, self.cookies.line());
        format!("{method} {path}{query} HTTP/1.1\r\nHost: {authority}\r\n{lines}{cookie}\r\n")
    }

    /// Reads the head of an answer, and keeps the cookies that it sets; none while it has not come as a whole.
    ///
    /// # Errors
    /// When this is not HTTP.
    fn answer(&self, input: &[u8]) -> Result<Option<Answer>, Stop> {
        Answer::read(input, &mut |cookie| {
            let scheme = if self.site.tls.is_some() { "https" } else { "http" };
            if let Ok(url) = Url::parse(&format!("{scheme}://{}{}", self.site.authority, self.path())) {
                self.cookies.take(cookie, url);
            }
        })
    }
}

/// What a reader heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// The reading begins, or goes on.
    Opening(Opening<'a>),
    /// A namespace of a server that is not Dante's was joined.
    Connected,
    /// The stanza with this index, and its text.
    Stanza(u32, &'a str),
    /// The event that was asked for.
    Event,
}

/// What the event `reading` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opening<'a> {
    pub(super) edition: &'a str,
    /// How many stanzas there are.
    pub(super) of: u32,
    /// The time between two stanzas, in milliseconds.
    pub(super) interval_ms: u64,
}

/// Why a connection is done with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The poem has ended.
    Over,
    /// The answer was complete and the server closes its connection: the same conversation goes on over a new one.
    Reopen,
    /// It broke off.
    Cut(String),
    /// The server cannot or will not do what was asked, now.
    Refused(String),
    /// The server will never do what was asked: there is no use in coming back.
    Forbidden(String),
}

/// One reader's conversation.
#[derive(Debug)]
pub(super) enum Conversation {
    SocketIo(SocketIoWebSocket),
    Polling(Polling),
    WebSocket(PlainWebSocket),
    Sse(EventStream),
}

impl Conversation {
    /// A conversation that has not begun.
    pub(super) fn new(transport: Transport) -> Self {
        match transport {
            Transport::SocketIoWebSocket => Self::SocketIo(SocketIoWebSocket::default()),
            Transport::SocketIoPolling => Self::Polling(Polling::default()),
            Transport::WebSocket => Self::WebSocket(PlainWebSocket::default()),
            Transport::Sse => Self::Sse(EventStream::default()),
        }
    }

    /// A connection stands: what is sent first.
    pub(super) fn open(&mut self, ask: &Ask<'_>, out: &mut Vec<u8>) {
        match self {
            Self::SocketIo(_) => SocketIoWebSocket::open(ask, out),
            Self::Polling(polling) => polling.open(ask, out),
            Self::WebSocket(_) => PlainWebSocket::open(ask, out),
            Self::Sse(_) => EventStream::open(ask, out),
        }
    }

    /// Takes what has come, tells what was heard, and puts what is to be sent into `out`. Returns how many bytes it has used; the
    /// rest belongs to what has not come as a whole.
    ///
    /// # Errors
    /// When the connection is done with.
    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        match self {
            Self::SocketIo(socket) => socket.hear(ask, input, out, tell),
            Self::Polling(polling) => polling.hear(ask, input, out, tell),
            Self::WebSocket(socket) => socket.hear(ask, input, out, tell),
            Self::Sse(stream) => stream.hear(ask, input, tell),
        }
    }

    /// What a reader says who leaves.
    pub(super) fn leave(&self, out: &mut Vec<u8>) {
        match self {
            Self::SocketIo(socket) => socket.leave(out),
            Self::WebSocket(socket) => socket.leave(out),
            Self::Polling(_) | Self::Sse(_) => {}
        }
    }
}

/// `from=…&edition=…`, or nothing; the edition is a hash and needs no escapes where it comes from Dante.
fn resume_query(ask: &Ask<'_>, before: char) -> String {
    let mut query = String::new();
    if let Some((from, edition)) = ask.resume {
        let edition: String = form_urlencoded::byte_serialize(edition.as_bytes()).collect();
        let _ = write!(query, "{before}from={from}&edition={edition}");
    }
    query
}
