//! From a request to a WebSocket: the handshake (RFC 6455, 4.2), and the connection that hyper lets go of.

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::upgrade::{self, OnUpgrade};
use tokio_tungstenite::tungstenite::{
    self, error::ProtocolError, handshake::server::create_response_with_body,
};
use tracing::debug;

use crate::hosting::listener::{Socket, socket_of_upgraded};

/// What every refusal says, so that a client with another version can find one that both speak (RFC 6455, 4.4), and RFC 9110, 15.5.22,
/// asks for with a 426.
pub(super) const OFFER: [(HeaderName, &str); 2] =
    [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];

/// A WebSocket's connection, as soon as the answer to its handshake is written.
pub(super) struct Upgrading(OnUpgrade);

/// The status of a refusal; [`OFFER`] goes with it. A key that is none is the client's mistake (RFC 6455, 4.2.1); otherwise it asked for
/// no WebSocket, or for another version.
pub(super) fn status(error: &tungstenite::Error) -> StatusCode {
    match error {
        tungstenite::Error::Protocol(ProtocolError::InvalidSecWebSocketKey) => StatusCode::BAD_REQUEST,
        _ => StatusCode::UPGRADE_REQUIRED,
    }
}

/// The answer to a handshake, and the connection that follows.
///
/// # Errors
/// When the request is not a WebSocket's handshake; says what it lacks.
pub(super) fn accept(request: &mut Request) -> Result<(Response, Upgrading), tungstenite::Error> {
    for list in [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_PROTOCOL] {
        join_lines(request.headers_mut(), &list);
    }
    let mut response = create_response_with_body(request, Body::empty)?;
    if let Some(chosen) = subprotocol(request.headers()) {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    Ok((response, Upgrading(upgrade::on(request))))
}

/// Makes one line of several, which mean the same (RFC 9110, 5.3); tungstenite looks at the first one only.
fn join_lines(headers: &mut HeaderMap, name: &HeaderName) {
    let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
    {
        headers.insert(name, joined);
    }
}

/// The subprotocol that is agreed on: the first that the client offers. Our messages are plain text, which no name makes different, but
/// browsers and `ws` fail a connection on which none of those that they offered is chosen (WHATWG WebSockets, "establish a WebSocket
/// connection"); Node's `ws`, and so Socket.IO's own server, chooses the first, too.
fn subprotocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.as_bytes();
    let first = offered.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).find(|name| !name.is_empty())?;
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    first.iter().all(is_token).then(|| HeaderValue::from_bytes(first).ok())?
}

impl Upgrading {
    /// The connection, and what the client has sent on it already; none if the client has left.
    pub(super) async fn socket(self) -> Option<(Arc<Socket>, Bytes)> {
        let upgraded = self.0.await.inspect_err(|error| debug!(%error, "a WebSocket was not opened"));
        socket_of_upgraded(upgraded.ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    const VERSION: (&str, &str) = ("sec-websocket-version", "13");
    const UPGRADE: (&str, &str) = ("upgrade", "websocket");
    const CONNECTION: (&str, &str) = ("connection", "Upgrade");

    fn answer(headers: &[(&str, &str)]) -> Result<Response, tungstenite::Error> {
        let mut request = http::Request::get("/websocket/ws");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        accept(&mut request.body(Body::empty()).unwrap()).map(|(response, _)| response)
    }

    #[test]
    fn connection_may_have_several_tokens_and_lines() {
        let answer = |lines: &[&str]| {
            let lines = lines.iter().map(|line| ("connection", *line));
            answer(&[UPGRADE, VERSION, KEY].into_iter().chain(lines).collect::<Vec<_>>())
        };
        for lines in [
            &["Upgrade"][..],
            &["keep-alive, Upgrade"],
            &["keep-alive", "upgrade"],
            &["close", "Upgrade"],
            &["x,upgrade", ""],
        ] {
            assert_eq!(answer(lines).unwrap().status(), StatusCode::SWITCHING_PROTOCOLS, "{lines:?}");
        }
        for lines in [&[][..], &["keep-alive"], &["keep-alive", "close"]] {
            let error = answer(lines).err().unwrap();
            assert!(error.to_string().contains("Connection"), "{lines:?}: {error}");
            assert_eq!(status(&error), StatusCode::UPGRADE_REQUIRED);
        }
    }

    #[test]
    fn a_key_is_16_bytes_in_base64() {
        for (key, good) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", true),
            ("++//++//++//++//++//+w==", true),
            ("dGhlIHNhbXBsZSBub25jZQ=", false),
            ("dGhlIHNhbXBsZSBub25jZVE=", false),
            ("dGhlIHNhbXBsZSBub25j", false),
            ("dGhlIHNhbXBsZSBub25j*Q==", false),
            ("==", false),
            ("", false),
        ] {
            let answer = answer(&[CONNECTION, UPGRADE, VERSION, ("sec-websocket-key", key)]);
            match answer {
                Ok(_) => assert!(good, "{key:?}"),
                Err(error) => assert!(!good && status(&error) == StatusCode::BAD_REQUEST, "{key:?}: {error}"),
            }
        }
    }

    #[test]
    fn the_first_subprotocol_is_chosen() {
        let offers = |lines: &[&str]| {
            let lines = lines.iter().map(|line| ("sec-websocket-protocol", *line));
            let headers: Vec<_> = [CONNECTION, UPGRADE, VERSION, KEY].into_iter().chain(lines).collect();
            let answer = answer(&headers).unwrap();
            answer.headers().get(header::SEC_WEBSOCKET_PROTOCOL).map(|name| name.to_str().unwrap().to_owned())
        };
        assert_eq!(offers(&[]), None);
        assert_eq!(offers(&["chat"]).as_deref(), Some("chat"));
        assert_eq!(offers(&["v2.chat, chat"]).as_deref(), Some("v2.chat"));
        assert_eq!(offers(&["one", "two"]).as_deref(), Some("one"), "lines are one list");
        assert_eq!(offers(&[" , two"]).as_deref(), Some("two"));
        assert_eq!(offers(&["no token"]), None);
        assert_eq!(offers(&[""]), None);
    }
}
