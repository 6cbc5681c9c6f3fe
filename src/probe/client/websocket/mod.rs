//! A thin client of WebSocket: the handshake is ours, so that it can look like a browser's and a refusal
//! stays visible; the frames are tungstenite's ([`socket`]).

mod socket;

use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

pub(crate) use self::socket::{Received, Socket};
use super::{
    connector::Connector,
    deflate::{Agreement, OFFER},
    http::{self, Method, Request, Upgraded},
};
use crate::probe::{
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// For how long a refusal is read: what has no end is the stream of a server that takes no notice of an upgrade.
const A_REFUSAL: Duration = Duration::from_secs(2);

/// The most that a message may have, in bytes: more than any application sends as one. What is larger is not read to its end, and
/// that is no fault.
const LARGEST: usize = 16 * 1024 * 1024;

/// How a handshake looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `Connection: Upgrade`, offering compression.
    Chrome,
    /// `Connection: keep-alive, Upgrade`, offering compression.
    Firefox,
    /// `Connection: Upgrade`, offering nothing.
    Plain,
    /// The same as a program that is no browser asks, without `Origin`.
    WithoutOrigin,
}

impl Style {
    /// Its name in the evidence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Firefox => "firefox",
            Self::Plain => "plain",
            Self::WithoutOrigin => "without-origin",
        }
    }
}

/// Opens a WebSocket; `cookie` and `origin` are what a browser would send, too.
///
/// # Errors
/// With the answer, if it opens none, and its body.
pub(crate) async fn open(
    connector: &Connector,
    target: &Target,
    style: Style,
    cookie: Option<&str>,
    limit: Duration,
) -> Result<(Exchange, Socket), Box<Exchange>> {
    open_for(connector, target, style, cookie, limit, LARGEST).await
}

/// The same, for messages of up to this size, in bytes.
///
/// # Errors
/// With the answer, if it opens none, and its body.
pub(crate) async fn open_for(
    connector: &Connector,
    target: &Target,
    style: Style,
    cookie: Option<&str>,
    limit: Duration,
    largest: usize,
) -> Result<(Exchange, Socket), Box<Exchange>> {
    let request = Request { glance: Some(A_REFUSAL), ..Request::get(target.clone(), limit) };
    let mut request = request.with("sec-websocket-version", "13");
    if style != Style::WithoutOrigin {
        request = request.with("origin", target.origin());
    }
    if matches!(style, Style::Chrome | Style::Firefox) {
        request = request.with("sec-websocket-extensions", OFFER);
    }
    if let Some(cookie) = cookie {
        request = request.with("cookie", cookie);
    }
    match connector.http2() {
        None => upgrade(connector, request, style, largest).await,
        Some(shared) => {
            let offered = shared.offers_websocket(connector, target, limit).await;
            connect(connector, Request { method: Method::CONNECT, ..request }, offered, largest).await
        }
    }
}

/// What a server answers to an upgrade that names no origin, where it refused one that did in words or a status that may be about it: many
/// servers accept their own pages only, and know their own origin only if the host tells them.
pub(crate) async fn without_origin(
    connector: &Connector,
    target: &Target,
    refused: &Exchange,
    limit: Duration,
) -> Option<Exchange> {
    if !matches!(refused.status, Some(400 | 401 | 403 | 404)) {
        return None;
    }
    match open(connector, target, Style::WithoutOrigin, None, limit).await {
        Ok((exchange, _)) => Some(exchange),
        Err(exchange) => Some(*exchange),
    }
}

/// By an upgrade of HTTP/1.1 (RFC 6455, 4.1).
async fn upgrade(
    connector: &Connector,
    request: Request,
    style: Style,
    largest: usize,
) -> Result<(Exchange, Socket), Box<Exchange>> {
    let key = generate_key();
    let request = request
        .with("connection", if style == Style::Firefox { "keep-alive, Upgrade" } else { "Upgrade" })
        .with("upgrade", "websocket")
        .with("sec-websocket-key", key.clone());
    let answer = http::send(connector, request).await?;
    if !answer.exchange.switched() {
        return Err(Box::new(answer.finish().await.0));
    }
    let accepted = answer.headers().get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
    let (mut exchange, upgraded) = answer.upgraded().await?;
    if accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        let text = "Sec-WebSocket-Accept does not match the key: the answer is not from a WebSocket server";
        exchange.failure = Some(Failure::new(FailureKind::Garbage, text));
        return Err(Box::new(exchange));
    }
    match agreement(&exchange) {
        Ok(agreement) => Ok((exchange, Socket::new(upgraded, agreement, largest).await)),
        Err(failure) => Err(Box::new(Exchange { failure: Some(failure), ..exchange })),
    }
}

/// By an extended CONNECT of HTTP/2 (RFC 8441, 5), which has neither a key nor the headers of an upgrade; only where the server's
/// settings have offered it, as browsers do.
async fn connect(
    connector: &Connector,
    request: Request,
    offered: Result<bool, Failure>,
    largest: usize,
) -> Result<(Exchange, Socket), Box<Exchange>> {
    let not_offered = || {
        let text = "the server's settings do not offer WebSocket over HTTP/2 (RFC 8441)";
        Failure::new(FailureKind::NotOffered, text)
    };
    if let Some(failure) = offered.map(|offered| (!offered).then(not_offered)).unwrap_or_else(Some) {
        let (method, url) = (request.method.to_string(), request.target.to_string());
        let (sent_at_ms, version) = (connector.now_ms(), "HTTP/2.0".to_owned());
        let failure = Some(failure);
        return Err(Box::new(Exchange { method, url, sent_at_ms, version, failure, ..Exchange::default() }));
    }
    let answer = http::send(connector, request).await?;
    if !answer.exchange.switched() {
        return Err(Box::new(answer.finish().await.0));
    }
    let (exchange, upgraded) = answer.upgraded().await?;
    match agreement(&exchange) {
        Ok(agreement) => {
            Ok((exchange, Socket::new(Upgraded { first: None, ..upgraded }, agreement, largest).await))
        }
        Err(failure) => Err(Box::new(Exchange { failure: Some(failure), ..exchange })),
    }
}

/// What was agreed on of compression; nothing where it was not offered.
fn agreement(exchange: &Exchange) -> Result<Option<Agreement>, Failure> {
    let is_offered = exchange.sent.iter().any(|(name, _)| name == "sec-websocket-extensions");
    let answered = exchange.header("sec-websocket-extensions").filter(|_| is_offered);
    Agreement::read(answered).map_err(|why| Failure::new(FailureKind::Garbage, why))
}
