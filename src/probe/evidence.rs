//! [`Evidence`]: what was seen at each hop, and nothing that was concluded. It is what `--json` shows and
//! what `diagnose` reads, so a stored document can be diagnosed again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{client::engineio::Open, hop::Hop};
use crate::transport::Transport;

macro_rules! evidence {
    ($($(#[$doc:meta])* struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
        }
    )*};
}

/// How something failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FailureKind {
    /// The name has no address.
    Unknown,
    /// Nobody listens.
    Refused,
    /// There is no route.
    Unreachable,
    /// Nothing within the time allowed.
    Timeout,
    /// The connection was cut off.
    Reset,
    /// The connection was closed where more had to come.
    Closed,
    /// What came is not HTTP.
    NotHttp,
    /// More came than any answer needs.
    TooLarge,
    /// The TLS handshake failed.
    Tls,
    /// What came is not what the protocol asks for.
    Garbage,
    /// Anything else.
    #[default]
    Other,
}

evidence! {
    /// What went wrong, for programs and for people.
    struct Failure {
        /// How.
        kind: FailureKind,
        /// In words.
        text: String,
    }

    /// One request and its answer. Bodies are cut to their first bytes.
    struct Exchange {
        /// What was asked for.
        url: String,
        /// The headers of the request that matter to the hop.
        sent: Vec<(String, String)>,
        /// The status; none when there was no answer.
        status: Option<u16>,
        /// HTTP/1.0 or HTTP/1.1.
        version: String,
        /// The answer's headers, in their order.
        headers: Vec<(String, String)>,
        /// The first bytes of the body, as text.
        body: String,
        /// How many bytes of it were read.
        body_bytes: usize,
        /// From the request to the head of the answer, with the making of the connection.
        head_ms: Option<u64>,
        /// To the end of what was read.
        ms: u64,
        /// Why the answer is missing or not whole.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// What came instead of HTTP, as text with escapes.
        raw: Option<String>,
    }

    /// The name.
    struct Name {
        /// What was looked up.
        name: String,
        /// What it stands for.
        addresses: Vec<String>,
        /// Whether `--resolve` said so.
        given: bool,
        /// Why it has none.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// One attempt to connect.
    struct Attempt {
        /// The address and port.
        address: String,
        /// How long it took.
        ms: u64,
        /// Why it failed.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// TCP.
    struct Tcp {
        /// Each address that was tried; the first that answered is used.
        attempts: Vec<Attempt>,
    }

    /// TLS.
    struct Tls {
        /// The version that was agreed on.
        protocol: Option<String>,
        /// What ALPN chose when offered h2 and http/1.1.
        alpn: Option<String>,
        /// How many certificates were sent.
        chain: usize,
        /// Whom the certificate names.
        subject: String,
        /// Who signed it.
        issuer: String,
        /// The names and addresses that it is for.
        names: Vec<String>,
        /// From when it is valid, RFC 3339.
        not_before: String,
        /// Until when.
        not_after: String,
        /// How many days are left; negative when it has expired.
        days_left: Option<i64>,
        /// Whether it is not valid yet.
        not_yet_valid: bool,
        /// Whether it signed itself.
        self_signed: bool,
        /// Whether it is for the name that was asked for.
        name_matches: Option<bool>,
        /// Why the system's roots do not vouch for it.
        untrusted: Option<String>,
        /// Whether the probe went on all the same.
        insecure: bool,
        /// What plain HTTP gives on this port, if TLS gives nothing.
        other_scheme: Option<String>,
        /// Why the handshake failed.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// The version of HTTP.
    struct Http {
        /// The first answer.
        first: Exchange,
        /// What TLS gives on this port, if plain HTTP gives nothing.
        other_scheme: Option<String>,
    }

    /// The page.
    struct Page {
        /// All requests, redirects included.
        exchanges: Vec<Exchange>,
        /// Where the redirects ended.
        url: String,
        /// Whether they went in a circle or on and on.
        too_many_redirects: bool,
        /// A redirect that leads nowhere.
        bad_redirect: Option<String>,
        /// Whether it is Dante's.
        is_dante: bool,
        /// Where else on this host Dante answers, if not here.
        found_at: Option<String>,
        /// The client library that it loads, as its HTML names it.
        client_library: Option<String>,
    }

    /// What the server says that it saw: `hosting.json`.
    struct Hosting {
        /// The request.
        exchange: Exchange,
        /// The answer.
        answer: Option<Value>,
        /// The prefix by which we asked.
        prefix: String,
        /// The nodes that answered over fresh connections, each once.
        nodes: Vec<String>,
    }

    /// The client library.
    struct Library {
        /// The request.
        exchange: Exchange,
        /// The version that its first line names.
        version: Option<String>,
        /// The start of the SHA-256 that its URL names.
        expected_hash: Option<String>,
        /// The start of the SHA-256 that it has.
        hash: Option<String>,
    }

    /// The handshake by polling.
    struct Handshake {
        /// The request.
        exchange: Exchange,
        /// The session that it opened.
        open: Option<Open>,
        /// Why the answer opens none.
        garbage: Option<String>,
        /// The names of the cookies that were set.
        cookies: Vec<String>,
        /// Where else on this host the engine answers, if not here.
        found_at: Option<String>,
    }

    /// Requests on one session, each over a connection of its own.
    struct Round {
        /// Whether the cookies of the handshake were sent.
        cookies: bool,
        /// How many requests were made.
        requests: usize,
        /// How many were answered as they should be.
        good: usize,
        /// How many said that they do not know the session.
        unknown: usize,
        /// The first other answer.
        failed: Option<Exchange>,
    }

    /// Stickiness.
    struct Sticky {
        /// Without and with cookies.
        rounds: Vec<Round>,
    }

    /// One upgrade to WebSocket.
    struct Upgrade {
        /// chrome, firefox, plain (nothing offered), polling (from a session).
        style: String,
        /// The request, and its answer.
        exchange: Exchange,
        /// The extensions that were agreed on.
        extensions: Option<String>,
        /// Whether the engine's packets came and went.
        works: bool,
        /// How it ended, if it did before it was proved to work.
        ended: Option<Ended>,
    }

    /// All upgrades.
    struct Upgrades {
        /// Each.
        attempts: Vec<Upgrade>,
    }

    /// The end of a connection.
    struct Ended {
        /// How long it had been open.
        at_ms: u64,
        /// For how long nothing had come.
        quiet_ms: u64,
        /// How it ended: a close frame, an end without one, a reset, a status.
        how: String,
        /// A close frame's code.
        code: Option<u16>,
        /// The status of the poll that failed.
        status: Option<u16>,
        /// The first bytes of that answer.
        body: Option<String>,
    }

    /// A stanza has come.
    struct Arrival {
        /// How long after the request.
        at_ms: u64,
        /// Which.
        index: Option<u64>,
        /// How many bytes had come since the last one.
        bytes: usize,
    }

    /// A stream of stanzas.
    struct Stream {
        /// Where.
        url: String,
        /// The request that opened it.
        exchange: Exchange,
        /// What the event `reading` said.
        opening: Option<Value>,
        /// The stanzas.
        arrivals: Vec<Arrival>,
        /// How long it was listened to.
        watched_ms: u64,
        /// The end, if it came before we left.
        ended: Option<Ended>,
        /// Whether the poem was over.
        complete: bool,
        /// Text that belongs to no event.
        stray: Option<String>,
        /// What broke the protocol.
        garbage: Option<String>,
    }

    /// One quiet connection.
    struct Quiet {
        /// websocket or polling.
        transport: String,
        /// How long it was to stay.
        wanted_ms: u64,
        /// How long it stayed.
        held_ms: u64,
        /// How many pings came.
        pings: usize,
        /// How it ended, if it did.
        ended: Option<Ended>,
        /// Why it could not be opened.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// The hold.
    struct Hold {
        /// Each connection.
        quiet: Vec<Quiet>,
    }

    /// Coming back after a drop.
    struct Comeback {
        /// The transport.
        transport: String,
        /// The stanza that was asked for.
        wanted: u64,
        /// Where the reading says that it goes on.
        from: Option<u64>,
        /// The stanza that came.
        index: Option<u64>,
        /// Why none came.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// The node before and after.
        nodes: Vec<String>,
    }

    /// Resuming.
    struct Resume {
        /// Each transport.
        comebacks: Vec<Comeback>,
    }

    /// Compression.
    struct Compression {
        /// How the page came when gzip was allowed.
        page: Option<String>,
        /// Whether what came could be unpacked.
        page_unpacks: Option<bool>,
        /// How the event stream came when gzip was allowed.
        stream: Option<String>,
    }

    /// Requests of pages.
    struct Cors {
        /// What `Origin` said.
        origin: String,
        /// The handshake of a page of this origin.
        exchange: Exchange,
        /// What `Access-Control-Allow-Origin` says.
        allowed: Option<String>,
        /// Whether that origin is the server's own.
        own: bool,
    }

    /// Everything that was seen; a hop that was not reached is missing.
    struct Evidence {
        /// The URL that was probed.
        url: String,
        /// The engine's path, where only an engine is asked for.
        socketio: Option<String>,
        /// Which streams were asked for.
        transports: Vec<Transport>,
        /// Whether a hold was asked for.
        hold_wanted: bool,
        /// The name.
        name: Option<Name>,
        /// TCP.
        tcp: Option<Tcp>,
        /// TLS.
        tls: Option<Tls>,
        /// HTTP.
        http: Option<Http>,
        /// The page.
        page: Option<Page>,
        /// What the server saw.
        hosting: Option<Hosting>,
        /// The client library.
        client_library: Option<Library>,
        /// The handshake.
        handshake: Option<Handshake>,
        /// Stickiness.
        sticky: Option<Sticky>,
        /// Upgrades.
        upgrades: Option<Upgrades>,
        /// The streams that were listened to.
        streams: BTreeMap<Transport, Stream>,
        /// The hold.
        hold: Option<Hold>,
        /// Coming back.
        resume: Option<Resume>,
        /// Compression.
        compression: Option<Compression>,
        /// Requests of pages.
        cors: Option<Cors>,
    }
}

impl Failure {
    /// A failure in words.
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl Exchange {
    /// A header of the answer, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether there was a whole answer with this status.
    pub(crate) fn is(&self, status: u16) -> bool {
        self.status == Some(status) && self.failure.is_none()
    }
}

impl Evidence {
    /// A field of `hosting.json`, by a JSON pointer.
    pub(crate) fn hosting_text(&self, pointer: &str) -> Option<&str> {
        self.hosting.as_ref()?.answer.as_ref()?.pointer(pointer)?.as_str()
    }

    /// What was seen at a hop, as JSON; null where it was not reached.
    #[expect(clippy::expect_used, reason = "a failure would be a bug of ours")]
    pub(crate) fn at(&self, hop: Hop) -> Value {
        fn json<T: Serialize>(seen: Option<&T>) -> Value {
            seen.map_or(Value::Null, |seen| {
                serde_json::to_value(seen).expect("texts, numbers and lists always have a JSON form")
            })
        }
        match hop {
            Hop::Name => json(self.name.as_ref()),
            Hop::Tcp => json(self.tcp.as_ref()),
            Hop::Tls => json(self.tls.as_ref()),
            Hop::Http => json(self.http.as_ref()),
            Hop::Page => json(self.page.as_ref()),
            Hop::Hosting => json(self.hosting.as_ref()),
            Hop::ClientLibrary => json(self.client_library.as_ref()),
            Hop::Handshake => json(self.handshake.as_ref()),
            Hop::Sticky => json(self.sticky.as_ref()),
            Hop::Upgrade => json(self.upgrades.as_ref()),
            Hop::Hold => json(self.hold.as_ref()),
            Hop::Resume => json(self.resume.as_ref()),
            Hop::Compression => json(self.compression.as_ref()),
            Hop::Cors => json(self.cors.as_ref()),
            Hop::Stream(transport) => json(self.streams.get(&transport)),
        }
    }
}
