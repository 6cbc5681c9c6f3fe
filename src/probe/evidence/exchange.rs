//! One request and its answer, and how it failed.

use serde::{Deserialize, Serialize};

use crate::contract::{ASK_HEADER, SeenExchange};

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
    /// The head of an answer came, but not the whole body.
    BodyCut,
    /// The TLS handshake failed.
    Tls,
    /// What came is not what the protocol asks for.
    Garbage,
    /// The proxy opened no tunnel to the host.
    ProxyRefused,
    /// It wants credentials, or others.
    ProxyCredentials,
    /// The server does not offer what was needed.
    NotOffered,
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
        /// The alert of TLS by which the peer ended it.
        alert: Option<Alert>,
        /// The frame of HTTP/2 that ended it.
        http2: Option<Http2End>,
    }

    /// What ended a stream or a connection of HTTP/2.
    struct Http2End {
        /// RST_STREAM or GOAWAY.
        frame: String,
        /// Its code, as RFC 9113 (7) names it.
        code: String,
        /// Whether it was ours: the server had broken the rules.
        ours: bool,
    }

    /// An alert of TLS (RFC 8446, 6).
    struct Alert {
        /// Its name, as the standard writes it: `protocol_version`.
        name: String,
        /// Its number.
        code: u8,
    }

    /// One request and its answer. Bodies are cut to their first bytes.
    struct Exchange {
        /// GET, POST, or CONNECT for a WebSocket over HTTP/2 (RFC 8441).
        method: String,
        /// What was asked for.
        url: String,
        /// When it was sent, since the probe began.
        sent_at_ms: u64,
        /// Which request of the probe it was, from 1 on.
        number: usize,
        /// How many connections the probe had open then, this one included.
        connections: usize,
        /// The headers of the request that matter to the hop.
        sent: Vec<(String, String)>,
        /// The status; none when there was no answer.
        status: Option<u16>,
        /// HTTP/1.0, HTTP/1.1 or HTTP/2.0.
        version: String,
        /// The answer's headers, in their order.
        headers: Vec<(String, String)>,
        /// The first bytes of the body, as text.
        body: String,
        /// The last bytes of a body that is not shown whole.
        body_end: Option<String>,
        /// How many bytes of it were read.
        body_bytes: usize,
        /// Whether the body was left before its end, since it goes on: it is a stream's.
        unended: bool,
        /// From the request to the head of the answer, with the making of the connection.
        head_ms: Option<u64>,
        /// To the end of what was read.
        ms: u64,
        /// Why the answer is missing or not whole.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// What came instead of HTTP, as text with escapes.
        raw: Option<String>,
        /// What reached the server, where Dante answered and was asked to say it.
        saw: Option<SeenExchange>,
        /// The same request, asked again over a fresh connection.
        again: Option<Box<Exchange>>,
        /// The same request before this one, over a connection that broke off: this is the second try.
        before: Option<Box<Exchange>>,
    }
}

impl Failure {
    /// A failure in words.
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), alert: None, http2: None }
    }
}

impl Exchange {
    /// A header of the answer, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it failed in this way.
    pub(crate) fn failed_by(&self, kind: FailureKind) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.kind == kind)
    }

    /// Whether the connection broke off before the answer was whole.
    pub(crate) fn broke_off(&self) -> bool {
        let cut = [FailureKind::Reset, FailureKind::Closed, FailureKind::BodyCut];
        // What came instead of an answer says more than that it ended.
        cut.iter().any(|kind| self.failed_by(*kind)) && (self.status.is_some() || self.raw.is_none())
    }

    /// What this request asked Dante with, if it did.
    pub(crate) fn asked(&self) -> Option<&str> {
        self.sent.iter().find(|(name, _)| name == ASK_HEADER).map(|(_, value)| value.as_str())
    }

    /// Whether this very request reached Dante, as far as its own answer proves it.
    pub(crate) fn is_ours(&self) -> bool {
        self.saw.as_ref().is_some_and(|saw| Some(saw.asked.as_str()) == self.asked())
    }

    /// What came of it, in a few words: what went wrong, or the status.
    pub(crate) fn outcome(&self) -> String {
        match (&self.status, &self.failure) {
            (_, Some(failure)) => failure.text.clone(),
            (Some(status), None) => status.to_string(),
            (None, None) => "no answer".to_owned(),
        }
    }

    /// Whether it opened a WebSocket, as far as its status tells: 101, or 200 to an extended CONNECT (RFC 8441, 5).
    pub(crate) fn switched(&self) -> bool {
        self.status == Some(if self.method == "CONNECT" { 200 } else { 101 })
    }

    /// Whether there was a whole answer with this status.
    pub(crate) fn is(&self, status: u16) -> bool {
        self.status == Some(status) && self.failure.is_none()
    }
}
