//! [`Hop`] names what a request passes on its way, in order; [`Outcome`] says how that went.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that a request passes, or that a stream needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say it all, and docs/probe.md says the rest")]
pub enum Hop {
    Name,
    Tcp,
    Tls,
    Http,
    Page,
    Hosting,
    ClientLibrary,
    Handshake,
    Sticky,
    Upgrade,
    #[serde(rename = "stream-socketio-websocket")]
    StreamSocketIoWebSocket,
    #[serde(rename = "stream-socketio-polling")]
    StreamSocketIoPolling,
    #[serde(rename = "stream-websocket")]
    StreamWebSocket,
    StreamSse,
    Hold,
    Resume,
    Compression,
    Cors,
}

impl Hop {
    /// All, in order.
    pub const ALL: [Self; 18] = [
        Self::Name,
        Self::Tcp,
        Self::Tls,
        Self::Http,
        Self::Page,
        Self::Hosting,
        Self::ClientLibrary,
        Self::Handshake,
        Self::Sticky,
        Self::Upgrade,
        Self::StreamSocketIoWebSocket,
        Self::StreamSocketIoPolling,
        Self::StreamWebSocket,
        Self::StreamSse,
        Self::Hold,
        Self::Resume,
        Self::Compression,
        Self::Cors,
    ];

    /// The streams.
    pub const STREAMS: [Self; 4] =
        [Self::StreamSocketIoWebSocket, Self::StreamSocketIoPolling, Self::StreamWebSocket, Self::StreamSse];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Page => "page",
            Self::Hosting => "hosting",
            Self::ClientLibrary => "client-library",
            Self::Handshake => "handshake",
            Self::Sticky => "sticky",
            Self::Upgrade => "upgrade",
            Self::StreamSocketIoWebSocket => "stream-socketio-websocket",
            Self::StreamSocketIoPolling => "stream-socketio-polling",
            Self::StreamWebSocket => "stream-websocket",
            Self::StreamSse => "stream-sse",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Compression => "compression",
            Self::Cors => "cors",
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a hop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should.
    Good,
    /// It works with faults.
    Degraded,
    /// It does not work.
    Failed,
    /// Something before it failed, or the time was up.
    NotReached,
    /// It was not asked for, or has no meaning here.
    Skipped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for hop in Hop::ALL {
            assert_eq!(serde_json::to_value(hop).unwrap(), hop.name());
        }
    }
}
