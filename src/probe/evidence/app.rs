//! What was seen of a stream of an application that is not Dante: pieces as they arrived, and the events in them.

use serde::{Deserialize, Serialize};

use super::{Ended, Exchange};

/// The way by which a stream comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AppWay {
    /// The body of an answer.
    #[default]
    Body,
    /// Messages of a WebSocket.
    #[serde(rename = "websocket")]
    WebSocket,
    /// A session of Socket.IO over WebSocket.
    #[serde(rename = "socketio-websocket")]
    EngineWebSocket,
    /// A session of Socket.IO by polling.
    #[serde(rename = "socketio-polling")]
    EnginePolling,
}

/// In what form events stand in a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AppForm {
    /// Messages, which say themselves where they end.
    #[default]
    Messages,
    /// Server-sent events.
    EventStream,
    /// One JSON value a line (NDJSON, JSON Lines).
    Lines,
    /// None that is known: each piece counts as an event.
    Unknown,
}

evidence! {
    /// An application that is not Dante.
    struct App {
        /// How many events are expected; none if any number is good.
        expected: Option<usize>,
        /// The event of Socket.IO that was waited for, or sent first; none if any would do.
        event: Option<String>,
        /// Whether credentials were given for the namespace.
        with_credentials: bool,
        /// Its streams, one for each way.
        streams: Vec<AppStream>,
        /// Where one did not open: the answer to another request. To the same URL without an upgrade for a WebSocket, to the root of the
        /// host for a stream that was not answered.
        beside: Option<Exchange>,
        /// Where a WebSocket was refused: the answer to an upgrade that named no origin.
        without_origin: Option<Exchange>,
    }

    /// A stream of an application.
    struct AppStream {
        /// By which way.
        way: AppWay,
        /// In what form.
        form: AppForm,
        /// Where.
        url: String,
        /// The redirects that were followed to it, in their order.
        redirects: Vec<Exchange>,
        /// The request that opened it.
        exchange: Exchange,
        /// What came, as it came; at most the first 2000.
        pieces: Vec<Piece>,
        /// The events in it, as each was complete; at most the first 5000.
        events: Vec<AppEvent>,
        /// When comments, pings and other signs of life came, since the request; at most the first 1000.
        life_ms: Vec<u64>,
        /// How many bytes came.
        bytes: usize,
        /// How many messages came compressed (permessage-deflate), and were inflated.
        inflated: usize,
        /// The beginning of the first event.
        first: Option<String>,
        /// How long it was listened to, since the request.
        watched_ms: u64,
        /// Whether enough came: as many events as were expected, as much as is read, or some that flow.
        enough: bool,
        /// Whether the server ended it as the protocol has it: the end of the body, or close code 1000.
        complete: bool,
        /// The end, if it came before we left.
        ended: Option<Ended>,
        /// What the namespace was refused with.
        refused: Option<String>,
        /// Text that belongs to no event.
        stray: Option<String>,
        /// What broke the protocol.
        garbage: Option<String>,
        /// The same once more, over a fresh connection.
        again: Option<Box<AppStream>>,
    }

    /// What came at once.
    struct Piece {
        /// How long after the request.
        at_ms: u64,
        /// How many bytes, as they came over the network.
        bytes: usize,
        /// How many events it completes.
        events: usize,
        /// How many bytes of an event that is not whole had come then.
        unfinished: usize,
    }

    /// An event of an application.
    struct AppEvent {
        /// When it was complete, since the request.
        at_ms: u64,
        /// How many bytes its data has.
        bytes: usize,
        /// Its name; empty if it has none.
        name: String,
        /// The first 16 digits of the SHA-256 of its name, a zero byte and its data.
        digest: String,
    }
}

impl AppWay {
    /// Whether it is one of Socket.IO.
    pub(crate) fn is_engine(self) -> bool {
        matches!(self, Self::EngineWebSocket | Self::EnginePolling)
    }
}

impl AppStream {
    /// What it is called.
    pub(crate) fn name(&self) -> &'static str {
        match (self.way, self.form) {
            (AppWay::Body, AppForm::EventStream) => "event stream",
            (AppWay::Body, AppForm::Lines) => "lines of JSON",
            (AppWay::Body, _) => "body",
            (AppWay::WebSocket, _) => "websocket",
            (AppWay::EngineWebSocket, _) => "socket.io websocket",
            (AppWay::EnginePolling, _) => "socket.io polling",
        }
    }

    /// So many events, as they are called on this stream.
    pub(crate) fn counted(&self, count: usize) -> String {
        let one = match (self.way, self.form) {
            (AppWay::WebSocket, _) => "message",
            (_, AppForm::Lines) => "line",
            (AppWay::Body, AppForm::Unknown) => "piece",
            _ => "event",
        };
        if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
    }

    /// Whether it was opened: what was asked for is there, whether or not anything came.
    pub(crate) fn is_open(&self) -> bool {
        let status = self.exchange.status;
        let answered = match self.way {
            // Over HTTP/2 a WebSocket opens with 200 (RFC 8441, 5).
            AppWay::WebSocket | AppWay::EngineWebSocket => self.exchange.switched(),
            AppWay::Body | AppWay::EnginePolling => matches!(status, Some(200..=299)),
        };
        answered && self.exchange.failure.is_none() && self.refused.is_none()
    }

    /// Whether it was opened, and what came, if anything did, is what the protocol asks for.
    pub(crate) fn is_well(&self) -> bool {
        self.is_open() && (self.garbage.is_none() || !self.events.is_empty())
    }
}
