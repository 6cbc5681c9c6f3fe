//! A thin client of WebSocket: the handshake is ours, so that it can look like a browser's and a refusal
//! stays visible; the frames are tungstenite's.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use tokio::task::coop::consume_budget;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        error::{Error, ProtocolError},
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    connector::{Connector, of_io},
    http::{self, MAX_BODY, Request},
};
use crate::probe::{
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// What browsers offer, and what must not come back.
pub(crate) const DEFLATE: &str = "permessage-deflate; client_max_window_bits";

/// How a handshake looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `Connection: Upgrade`, offering compression.
    Chrome,
    /// `Connection: keep-alive, Upgrade`, offering compression.
    Firefox,
    /// `Connection: Upgrade`, offering nothing.
    Plain,
}

impl Style {
    /// Its name in the evidence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Firefox => "firefox",
            Self::Plain => "plain",
        }
    }
}

/// An open WebSocket.
pub(crate) struct Socket {
    socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    _connection: AbortOnDropHandle<()>,
}

/// What came over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// A text.
    Text(String),
    /// What needs no attention: pings, pongs, binary frames.
    Other,
    /// A close frame, and its code.
    Closed(Option<u16>),
}

/// Opens a WebSocket; `cookie` and `origin` are what a browser would send, too.
///
/// # Errors
/// With the answer, if it was not 101, and its body.
pub(crate) async fn open(
    connector: &Connector,
    target: &Target,
    style: Style,
    cookie: Option<&str>,
    limit: Duration,
) -> Result<(Exchange, Socket), Box<Exchange>> {
    let key = generate_key();
    let mut request = Request::get(target.clone(), limit)
        .with("connection", if style == Style::Firefox { "keep-alive, Upgrade" } else { "Upgrade" })
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", key.clone())
        .with("origin", target.origin());
    if style != Style::Plain {
        request = request.with("sec-websocket-extensions", DEFLATE);
    }
    if let Some(cookie) = cookie {
        request = request.with("cookie", cookie);
    }
    let answer = http::send(connector, request).await?;
    if answer.exchange.status != Some(101) {
        return Err(Box::new(answer.finish().await.0));
    }
    let accepted = answer.headers().get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
    let (mut exchange, upgraded) = answer.upgraded().await?;
    if accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        let text = "Sec-WebSocket-Accept does not match the key: the answer is not from a WebSocket server";
        exchange.failure = Some(Failure::new(FailureKind::Garbage, text));
        return Err(Box::new(exchange));
    }
    let config = WebSocketConfig::default().max_message_size(Some(MAX_BODY)).max_frame_size(Some(MAX_BODY));
    let socket = WebSocketStream::from_raw_socket(upgraded.io, Role::Client, Some(config)).await;
    Ok((exchange, Socket { socket, _connection: upgraded.connection }))
}

impl Socket {
    /// Sends a text.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) async fn send(&mut self, text: impl Into<String>) -> Result<(), Failure> {
        self.socket.send(Message::text(text.into())).await.map_err(of_tungstenite)
    }

    /// What comes next.
    ///
    /// # Errors
    /// When the connection ends without a close frame, or what came is not a frame.
    pub(crate) async fn recv(&mut self) -> Result<Received, Failure> {
        // A read gives thousands of frames, if they are small: without this, a flood of them keeps time-outs from being
        // noticed, since nothing ever has to be waited for.
        consume_budget().await;
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => Ok(Received::Text(text.to_string())),
            Some(Ok(Message::Close(frame))) => Ok(Received::Closed(frame.map(|frame| frame.code.into()))),
            Some(Ok(_)) => Ok(Received::Other),
            Some(Err(error)) => Err(of_tungstenite(error)),
            None => Err(Failure::new(FailureKind::Closed, "the connection was closed without a close frame")),
        }
    }
}

fn of_tungstenite(error: Error) -> Failure {
    match error {
        Error::Io(error) => of_io(&error),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Failure::new(FailureKind::Closed, "the connection is closed")
        }
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Failure::new(FailureKind::Closed, "the connection was closed without a close frame")
        }
        Error::Capacity(error) => Failure::new(FailureKind::TooLarge, error.to_string()),
        error => Failure::new(FailureKind::Garbage, error.to_string()),
    }
}
