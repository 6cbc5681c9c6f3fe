//! What servers of Engine.IO say when they refuse, each in its own words.

use serde_json::Value;

use crate::probe::evidence::Exchange;

/// Why an engine refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineError {
    /// The transport is not known, not allowed, or not named at all.
    UnknownTransport,
    /// The session is not known.
    UnknownSession,
    /// A session can only be opened by GET: no sid came with another method.
    BadHandshakeMethod,
    /// The request makes no sense to it.
    BadRequest,
    /// Forbidden, by the application or for its origin.
    Forbidden,
    /// The version of the protocol is not spoken.
    UnsupportedVersion,
}

/// The numbers of engine.io (packages/engine.io/lib/server.ts, `Server.errors`), which socketioxide and Java's
/// engine.io-server use, too.
const CODES: [EngineError; 6] = [
    EngineError::UnknownTransport,
    EngineError::UnknownSession,
    EngineError::BadHandshakeMethod,
    EngineError::BadRequest,
    EngineError::Forbidden,
    EngineError::UnsupportedVersion,
];

/// Words of other servers: python-engineio (src/engineio/base_server.py and server.py, `_bad_request`), netty-socketio
/// (AuthorizeHandler), go-socket.io (engineio/server.go), and engine.io itself where a proxy drops the code.
const WORDS: [(&str, EngineError); 14] = [
    ("transport unknown", EngineError::UnknownTransport),
    ("invalid transport", EngineError::UnknownTransport),
    ("session id unknown", EngineError::UnknownSession),
    ("invalid session", EngineError::UnknownSession),
    ("unknown session", EngineError::UnknownSession),
    ("invalid sid", EngineError::UnknownSession),
    ("invalid \"sid\"", EngineError::UnknownSession),
    ("bad handshake method", EngineError::BadHandshakeMethod),
    ("not an accepted origin", EngineError::Forbidden),
    ("unsupported protocol version", EngineError::UnsupportedVersion),
    ("unsupported version of the socket.io", EngineError::UnsupportedVersion),
    ("invalid protocol version", EngineError::UnsupportedVersion),
    ("invalid eio", EngineError::UnsupportedVersion),
    ("invalid jsonp index", EngineError::BadRequest),
];

impl EngineError {
    /// Reads it from an answer of the engine's, if it is one.
    pub(super) fn read(exchange: &Exchange) -> Option<Self> {
        if !matches!(exchange.status, Some(400..=499)) || exchange.body.len() > 600 {
            return None;
        }
        if let Ok(Value::Object(fields)) = serde_json::from_str(&exchange.body)
            && fields.contains_key("message")
        {
            // As a text in socketioxide.
            let code = fields.get("code").and_then(|code| {
                let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
                usize::try_from(number).ok()
            });
            if let Some(code) = code {
                return CODES.get(code).copied();
            }
        }
        let body = exchange.body.to_ascii_lowercase();
        WORDS.iter().find(|(words, _)| body.contains(words)).map(|(_, error)| *error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_servers() {
        for (status, body, expected) in [
            (400, r#"{"code":0,"message":"Transport unknown"}"#, Some(EngineError::UnknownTransport)),
            (400, r#"{"code":"1","message":"Session ID unknown"}"#, Some(EngineError::UnknownSession)),
            (403, r#"{"code":4,"message":"Forbidden"}"#, Some(EngineError::Forbidden)),
            (400, r#""Invalid session""#, Some(EngineError::UnknownSession)),
            (
                400,
                r#""The client is using an unsupported version of the Socket.IO or Engine.IO protocols""#,
                Some(EngineError::UnsupportedVersion),
            ),
            (400, "Bad Request", None),
            (400, r#"{"code":77,"message":"x"}"#, None),
            (200, r#"{"code":1,"message":"Session ID unknown"}"#, None),
        ] {
            let exchange = Exchange { status: Some(status), body: body.into(), ..Exchange::default() };
            assert_eq!(EngineError::read(&exchange), expected, "{body}");
        }
    }
}
