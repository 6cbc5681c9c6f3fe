//! [`Hop`] names what a request passes from client to stream, in order; [`Outcome`] says how that went.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumCount, VariantArray as _};

use crate::transport::Transport;

/// One thing that a request passes, or that a stream needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumCount, Serialize)]
#[serde(into = "&'static str")]
#[allow(missing_docs, reason = "the names say it all, and docs/probe.md says the rest")]
pub(crate) enum Hop {
    Proxy,
    Name,
    Tcp,
    Tls,
    Http,
    Page,
    Hosting,
    ClientLibrary,
    Files,
    Handshake,
    Sticky,
    Upgrade,
    Stream(Transport),
    App,
    Against,
    Echo,
    Http2,
    Hold,
    Resume,
    Compression,
    Cors,
    Browser,
}

/// All hops but the streams, in order; the streams come after the first so many.
const OTHERS: [Hop; Hop::COUNT - 1] = [
    Hop::Proxy,
    Hop::Name,
    Hop::Tcp,
    Hop::Tls,
    Hop::Http,
    Hop::Page,
    Hop::Hosting,
    Hop::ClientLibrary,
    Hop::Files,
    Hop::Handshake,
    Hop::Sticky,
    Hop::Upgrade,
    Hop::App,
    Hop::Against,
    Hop::Echo,
    Hop::Http2,
    Hop::Hold,
    Hop::Resume,
    Hop::Compression,
    Hop::Cors,
    Hop::Browser,
];
const BEFORE_STREAMS: usize = 12;

impl Hop {
    /// All, in order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let (before, after) = OTHERS.split_at(BEFORE_STREAMS);
        before.iter().copied().chain(Self::streams()).chain(after.iter().copied())
    }

    /// The streams.
    pub(crate) fn streams() -> impl Iterator<Item = Self> {
        Transport::VARIANTS.iter().map(|transport| Self::Stream(*transport))
    }

    /// Its stable name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Page => "page",
            Self::Hosting => "hosting",
            Self::ClientLibrary => "client-library",
            Self::Files => "files",
            Self::Handshake => "handshake",
            Self::Sticky => "sticky",
            Self::Upgrade => "upgrade",
            Self::Stream(Transport::SocketIoWebSocket) => "stream-socketio-websocket",
            Self::Stream(Transport::SocketIoPolling) => "stream-socketio-polling",
            Self::Stream(Transport::WebSocket) => "stream-websocket",
            Self::Stream(Transport::Sse) => "stream-sse",
            Self::App => "stream",
            Self::Against => "against",
            Self::Echo => "echo",
            Self::Http2 => "http2",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Compression => "compression",
            Self::Cors => "cors",
            Self::Browser => "browser",
        }
    }
}

impl From<Hop> for &'static str {
    fn from(hop: Hop) -> Self {
        hop.name()
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
pub(crate) enum Outcome {
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
    fn all_hops_in_their_order_each_once() {
        let all: Vec<Hop> = Hop::all().collect();
        assert_eq!(all.len(), Hop::COUNT - 1 + Transport::COUNT);
        assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    }
}
