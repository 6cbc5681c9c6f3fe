//! [`Thing`]: one thing that a browser does over HTTP/2, with what was seen of it, and the hop at which HTTP/1.1 does the same.

use super::fate::{self, Fate};
use crate::{
    probe::{
        diagnose::describe::describe_request,
        evidence::{AppStream, AppWay, Evidence, Exchange, Http2, Stream, Upgrade},
        hop::Hop,
    },
    transport::Transport,
};

/// One thing that a browser does over HTTP/2.
pub(super) struct Thing<'a> {
    /// Where HTTP/1.1 does the same.
    pub(super) hop: Hop,
    seen: Seen<'a>,
}

enum Seen<'a> {
    Answer(&'a Exchange),
    Stream(&'a Stream),
    Upgrade(&'a Upgrade),
    App(&'a AppStream),
}

/// All that was done over HTTP/2.
pub(super) fn things(http2: &Http2) -> impl Iterator<Item = Thing<'_>> {
    let answers = [
        (Hop::Page, &http2.page),
        (Hop::ClientLibrary, &http2.client_library),
        (Hop::Handshake, &http2.handshake),
    ];
    let answers = answers.into_iter().filter_map(|(hop, seen)| Some((hop, Seen::Answer(seen.as_ref()?))));
    let upgrade = http2.upgrade.iter().map(|upgrade| (Hop::Upgrade, Seen::Upgrade(upgrade)));
    let streams = http2.streams.iter();
    let streams = streams.map(|(transport, stream)| (Hop::Stream(*transport), Seen::Stream(stream)));
    let app = http2.app.iter().map(|stream| (Hop::App, Seen::App(stream)));
    answers.chain(upgrade).chain(streams).chain(app).map(|(hop, seen)| Thing { hop, seen })
}

/// Whether the server's settings offer extended CONNECT.
pub(super) fn offers_websocket(http2: &Http2) -> bool {
    let mut settings = http2.connections.iter().filter_map(|one| one.settings.as_ref());
    settings.any(|settings| settings.extended_connect)
}

impl Thing<'_> {
    /// What came of it.
    pub(super) fn fate(&self, evidence: &Evidence) -> Fate {
        match self.seen {
            Seen::Answer(exchange) => fate::of_answer(exchange),
            Seen::Stream(stream) => fate::over_http_2(evidence, stream),
            Seen::Upgrade(upgrade) => fate::of_upgrade(upgrade),
            Seen::App(stream) => fate::of_app(stream),
        }
    }

    fn exchange(&self) -> &Exchange {
        match self.seen {
            Seen::Answer(exchange) => exchange,
            Seen::Stream(stream) => &stream.exchange,
            Seen::Upgrade(upgrade) => &upgrade.exchange,
            Seen::App(stream) => &stream.exchange,
        }
    }

    /// The status that came, if one did.
    pub(super) fn status(&self) -> Option<u16> {
        self.exchange().status
    }

    /// What was asked for.
    pub(super) fn asked(&self) -> String {
        describe_request(self.exchange())
    }

    /// Whether it is an extended CONNECT.
    pub(super) fn is_websocket(&self) -> bool {
        if let Seen::App(stream) = self.seen {
            return stream.way == AppWay::WebSocket;
        }
        matches!(self.hop, Hop::Upgrade | Hop::Stream(Transport::SocketIoWebSocket | Transport::WebSocket))
    }
}
