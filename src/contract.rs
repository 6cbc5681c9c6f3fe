//! What server and probe agree on: paths, events, and the names of faults. Pure names; it knows neither.

pub(crate) mod echo;

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

/// Declares the paths below the prefix, and the list of them.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        /// The paths that Dante serves, below the prefix; one that ends in a slash has a page or an endpoint there.
        pub(crate) mod paths {
            $($(#[$doc])* pub(crate) const $name: &str = $path;)*

            /// All of them.
            pub(crate) const ALL: &[&str] = &[$($path),*];
        }
    };
}

paths! {
    /// The page over Socket.IO.
    ROOT = "/";
    /// The same, at the sample's URL.
    SERVER_SOCKETIO = "/server-socketio.js";
    /// The engine of Socket.IO.
    SOCKET_IO = "/socket.io/";
    /// The official browser client.
    CLIENT_LIBRARY = "/socket.io/socket.io.js";
    /// The same, under its other name.
    CLIENT_LIBRARY_MIN = "/socket.io/socket.io.min.js";
    /// The same, for `import`.
    CLIENT_LIBRARY_MODULE = "/socket.io/socket.io.esm.min.js";
    /// The page over plain WebSocket.
    WEBSOCKET_PAGE = "/websocket/";
    /// Plain WebSocket.
    WEBSOCKET = "/websocket/ws";
    /// The page over plain WebSocket, at the sample's URL.
    SERVER_FAYE = "/server-faye.js";
    /// Plain WebSocket, at the sample's URL.
    SERVER_FAYE_WEBSOCKET = "/server-faye.js/ws";
    /// The page over server-sent events.
    SSE_PAGE = "/sse/";
    /// Server-sent events.
    SSE = "/sse/stream";
    /// All transports beside each other.
    COMPARE = "/compare/";
    /// The Hello exchange.
    HELLO = "/hello/";
    /// What all this is.
    ABOUT = "/about/";
    /// What the server knows of itself and saw of a request.
    HOSTING = "/hosting.json";
    /// Where a room is named, or made.
    ROOMS = "/room/";
    /// The page of a room, and orders to it.
    ROOM = "/room/{name}";
    /// An address of this site as a QR code.
    QR = "/qr.svg";
    /// Stanzas by their indices, all at once.
    STANZAS = "/stanzas.json";
    /// Whether the process lives.
    HEALTH_LIVE = "/health/live";
    /// Whether the process should get readers.
    HEALTH_READY = "/health/ready";
    /// Its numbers, for Prometheus.
    METRICS = "/metrics";
    /// The poem as text.
    PLAIN_TEXT = "/divine-comedy.txt";
    /// What pages load.
    STATIC = "/static/{*path}";
    /// What browsers ask for beside a file.
    FAVICON = "/favicon.ico";
    /// What the ASP.NET Core Module asks to stop with (dotnet/aspnetcore `SendShutdownHttpMessage`).
    SHUTDOWN = "/iisintegration";
}

/// Names of events on Socket.IO; on plain WebSocket and server-sent events the same as objects.
pub(crate) mod events {
    /// At the start of a reading.
    pub(crate) const READING: &str = "reading";
    /// A stanza.
    pub(crate) const DIVINE_COMEDY: &str = "divinecomedy";
    /// What a room's readers are told of it.
    pub(crate) const ROOM: &str = "room";
    /// A reader shows the token with which it conducts its room; …
    pub(crate) const CONDUCT: &str = "conduct";
    /// … then its orders are followed: no stanza until it goes on, …
    pub(crate) const HOLD: &str = "hold";
    /// … the next one at once, and so on, …
    pub(crate) const GO_ON: &str = "go-on";
    /// … and the one with this index at once.
    pub(crate) const JUMP: &str = "jump";
    /// How many readers there are, for those who ask with [`READERS`](super::READERS).
    pub(crate) const READERS: &str = "readers";
    /// What is told to every reader on every node (`dante announce`).
    pub(crate) const ANNOUNCEMENT: &str = "announcement";
    /// After the last stanza, on server-sent events, where a client cannot otherwise tell an end from a broken
    /// connection.
    pub(crate) const END: &str = "end";
    /// A reader's ping: it is acknowledged, or sent back. Not `ping`, which clients of Socket.IO 2 keep to
    /// themselves (socket.io-client 2.5, `lib/socket.js`, `events`).
    pub(crate) const ECHO: &str = "echo";
    /// A reader says something, …
    pub(crate) const SEND_MESSAGE: &str = "sendMessage";
    /// … and is answered.
    pub(crate) const HELLO_BACK: &str = "helloBack";
}

/// The namespace of Socket.IO where nothing is streamed.
pub(crate) const HELLO_NAMESPACE: &str = "/hello";

/// The parameter of a stream's query that keeps it quiet at first: after the event `reading` nothing is sent for so many
/// whole seconds, up to [`LONGEST_QUIET_SECS`]. With it the probe finds out how long a host lets a connection be silent.
pub(crate) const QUIET: &str = "quiet";

/// The parameter of a stream's query, and the name in Socket.IO's `auth`, that asks for the event `readers`.
pub(crate) const READERS: &str = "readers";

/// The longest time that a reader may ask for with [`QUIET`], in seconds.
pub(crate) const LONGEST_QUIET_SECS: u64 = 600;

/// The header that names the fault in an answer that is there for one; its value is a [`FaultId`].
pub(crate) const FAULT_HEADER: &str = "dante-fault";

/// The header by which a client asks what reached the server. Its value is up to the client, and comes back.
pub(crate) const ASK_HEADER: &str = "dante-ask";

/// The header that answers [`ASK_HEADER`], on whatever is answered; its value is a [`SeenExchange`].
pub(crate) const SAW_HEADER: &str = "dante-saw";

/// What reached the server of a request whose client asked for it: nothing that the client or a proxy did not send.
/// A client that compares it with what it sent knows what was changed on the way, and whether the answer was made for
/// this request or kept from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SeenExchange {
    /// What [`ASK_HEADER`] said.
    pub(crate) asked: String,
    /// The process that answered, as in [`HostingStatus::node`].
    pub(crate) node: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// `HTTP/1.1`, for example.
    pub(crate) http: String,
    pub(crate) host: Option<String>,
    pub(crate) connection: Option<String>,
    pub(crate) upgrade: Option<String>,
    /// The proxies that named themselves in the request (RFC 9110, 7.6.3).
    pub(crate) via: Option<String>,
}

/// What is told of one header or target at most, in bytes: a header must fit into what proxies take.
const TOLD: usize = 512;

impl SeenExchange {
    /// As a header's value: the fields as a query, so that only printable ASCII is left.
    pub(crate) fn to_header(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("asked", Some(&self.asked)),
            ("node", Some(&self.node)),
            ("method", Some(&self.method)),
            ("target", Some(&self.target)),
            ("http", Some(&self.http)),
            ("host", self.host.as_ref()),
            ("connection", self.connection.as_ref()),
            ("upgrade", self.upgrade.as_ref()),
            ("via", self.via.as_ref()),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                query.append_pair(name, value.get(..value.floor_char_boundary(TOLD)).unwrap_or_default());
            }
        }
        query.finish()
    }

    /// Reads such a value; what is missing stays empty.
    pub(crate) fn of_header(value: &str) -> Self {
        let mut seen = Self::default();
        for (name, value) in form_urlencoded::parse(value.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "asked" => seen.asked = value,
                "node" => seen.node = value,
                "method" => seen.method = value,
                "target" => seen.target = value,
                "http" => seen.http = value,
                "host" => seen.host = Some(value),
                "connection" => seen.connection = Some(value),
                "upgrade" => seen.upgrade = Some(value),
                "via" => seen.via = Some(value),
                _ => {}
            }
        }
        seen
    }
}

/// The names of what may be wrong with a request, for programs and for the log.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumCount,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum FaultId {
    Tls,
    ProxyProtocol,
    Http2,
    Version,
    Space,
    Unescaped,
    LongTarget,
    LargeHead,
    LateHead,
    LateBody,
    Header,
    Garbage,
    NoHost,
    SeveralHosts,
    BadHost,
    OtherPrefix,
    DoubledPrefix,
    EmptySegment,
    RewriteTarget,
    Forwarded,
    /// Nothing is served at this path, and no more is known of why.
    NotServed,
}

impl FaultId {
    /// The name, as in the header and in the log.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// Words that only the sentence of this fault has, for where a host passes the text on and not the header.
    fn words(self) -> &'static str {
        match self {
            Self::Tls => "and a TLS handshake arrived",
            Self::ProxyProtocol => "began with the PROXY protocol",
            Self::Http2 => "HTTP/2 arrived without TLS",
            Self::Version => "The request line has the version",
            Self::Space => "The URL in the request line contains a space",
            Self::Unescaped => "The URL in the request line contains characters that must be escaped",
            Self::LongTarget => "The URL is longer than 32 KiB",
            Self::LargeHead => "The request has more than 100 headers",
            Self::LateHead => "The request's head did not come to its end",
            Self::LateBody => "The request's body did not come to its end",
            Self::Header => "The request line is fine, but a header after it is malformed",
            Self::Garbage => "This is not an HTTP request.",
            Self::NoHost => "The request is HTTP/1.1 without a Host header",
            Self::SeveralHosts => "The request names several hosts",
            Self::BadHost => "which is not a name with an optional port",
            Self::OtherPrefix => "The request came in under",
            Self::DoubledPrefix => "twice: the host adds it to a path",
            Self::EmptySegment => "has a double slash",
            Self::RewriteTarget => "still contains the target of a rewrite",
            Self::Forwarded => "and is ignored: ",
            Self::NotServed => "Nothing is served at",
        }
    }

    /// The fault whose sentence this is.
    pub(crate) fn of_sentence(text: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|id| text.contains(id.words()))
    }
}

/// `hosting.json`: what the server saw of a request and knows of itself. What another version of Dante leaves out is
/// read as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HostingStatus {
    pub(crate) version: String,
    /// Names this process among others that serve the same readers.
    pub(crate) node: String,
    pub(crate) readers: usize,
    pub(crate) rooms: usize,
    /// The other nodes, where they meet in Redis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fleet: Option<FleetStatus>,
    pub(crate) host: Finding,
    pub(crate) prefix: Finding,
    /// What kind of endpoint the server listens on; its name is nobody's business.
    pub(crate) endpoint: Finding,
    /// What Socket.IO may use, in the order in which the page tries it.
    pub(crate) transports: Vec<String>,
    /// The versions of Engine.IO that Socket.IO's clients may speak, the newest first.
    pub(crate) engine_versions: Vec<u8>,
    pub(crate) edition: String,
    pub(crate) of: usize,
    pub(crate) interval_ms: u64,
    pub(crate) request: SeenRequest,
}

/// What a node knows of all nodes, itself included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FleetStatus {
    pub(crate) readers: usize,
    /// How many nodes are heard.
    pub(crate) nodes: usize,
    /// Whether Redis is there; while it is away, the other nodes are not heard.
    pub(crate) redis_connected: bool,
}

/// Something found out, and why it is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Finding {
    pub(crate) value: String,
    pub(crate) reason: String,
}

/// What reached the server of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SeenRequest {
    pub(crate) http: String,
    /// Before the prefix was stripped.
    pub(crate) path: String,
    pub(crate) prefix: String,
    pub(crate) host: Option<String>,
    /// The headers that proxies add.
    pub(crate) forwarded: Vec<(String, String)>,
    /// Which of them cannot be used, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) faults: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back() {
        let seen = SeenExchange {
            asked: "7".into(),
            target: "/a b/?x=%20&y=ü".into(),
            connection: Some(String::new()),
            ..SeenExchange::default()
        };
        let value = seen.to_header();
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic()), "{value}");
        assert_eq!(SeenExchange::of_header(&value), seen);
        let long = SeenExchange { target: "ü".repeat(2000), ..SeenExchange::default() };
        assert_eq!(SeenExchange::of_header(&long.to_header()).target.len(), TOLD);
    }

    #[test]
    fn faults_have_one_name_everywhere() {
        for (id, name) in [(FaultId::Http2, "http2"), (FaultId::DoubledPrefix, "doubled-prefix")] {
            assert_eq!(id.to_string(), name);
            assert_eq!(name.parse(), Ok(id));
            assert_eq!(serde_json::to_value(id).unwrap(), name);
        }
    }
}
