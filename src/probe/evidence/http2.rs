//! What was seen over HTTP/2: the connections, and all that a browser does over them.

use std::collections::BTreeMap;

use super::{AppStream, Exchange, Failure, Stream, Upgrade};
use crate::transport::Transport;

evidence! {
    /// Everything that was done over HTTP/2.
    struct Http2 {
        /// The connections, in the order in which they were opened.
        connections: Vec<Http2Connection>,
        /// The page.
        page: Option<Exchange>,
        /// The client library.
        client_library: Option<Exchange>,
        /// The handshake of an engine, where only an engine is asked for.
        handshake: Option<Exchange>,
        /// An upgrade by extended CONNECT, where only an engine is asked for and the server offers it.
        upgrade: Option<Upgrade>,
        /// The streams; those over WebSocket only where the server offers extended CONNECT.
        streams: BTreeMap<Transport, Stream>,
        /// The stream of an application that is not Dante.
        app: Option<AppStream>,
        /// What failed over HTTP/2 alone, once more over a fresh connection.
        again: Option<Box<Http2>>,
    }

    /// A connection of HTTP/2, as the server's frames show it.
    struct Http2Connection {
        /// When it was opened, since the probe began.
        opened_at_ms: u64,
        /// Why it could not be opened.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// The server's settings, if they came.
        settings: Option<Http2Settings>,
        /// GOAWAY frames: a server that is polite sends two (RFC 9113, 6.8).
        go_aways: Vec<GoAway>,
        /// The first streams that the server reset.
        resets: Vec<StreamReset>,
        /// The first headers in its answers that HTTP/2 forbids (RFC 9113, 8.2.1 and 8.2.2).
        forbidden: Vec<ForbiddenHeader>,
        /// When the server closed it, since the probe began.
        closed_at_ms: Option<u64>,
    }

    /// The settings of a server (RFC 9113, 6.5.2); none for what it does not say.
    struct Http2Settings {
        /// How many streams it allows at once.
        max_concurrent_streams: Option<u32>,
        /// How many bytes of a stream may come to it unasked.
        initial_window_size: Option<u32>,
        /// The largest frame that it takes.
        max_frame_size: Option<u32>,
        /// The most that the headers of a request may have.
        max_header_list_size: Option<u32>,
        /// Whether it offers extended CONNECT, and so WebSocket (RFC 8441, 3).
        extended_connect: bool,
    }

    /// A GOAWAY frame.
    struct GoAway {
        /// When it came, since the probe began.
        at_ms: u64,
        /// Its code, as RFC 9113 (7) names it.
        code: String,
        /// The last stream that it lets live.
        last_stream: u32,
        /// What the server adds, as text with escapes.
        debug: String,
    }

    /// A RST_STREAM frame.
    struct StreamReset {
        /// When it came, since the probe began.
        at_ms: u64,
        /// Which stream.
        stream: u32,
        /// Its code, as RFC 9113 (7) names it.
        code: String,
    }

    /// A header that HTTP/2 forbids.
    struct ForbiddenHeader {
        /// In which stream.
        stream: u32,
        /// Its name, as it came.
        name: String,
    }
}
