//! [`Transport`] names the four ways in which a stanza reaches a reader; [`Transports`] says which of
//! Socket.IO's two are allowed.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumString, IntoStaticStr, VariantArray};

/// How stanzas reach a reader. Options, JSON and the probe's hops write it as `socketio-websocket`,
/// `socketio-polling`, `websocket` and `sse` (`FromStr` and `<&str>::from`).
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumCount,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Transport {
    /// Socket.IO over WebSocket.
    #[default]
    #[serde(rename = "socketio-websocket")]
    #[strum(serialize = "socketio-websocket")]
    SocketIoWebSocket,
    /// Socket.IO over long polling.
    #[serde(rename = "socketio-polling")]
    #[strum(serialize = "socketio-polling")]
    SocketIoPolling,
    /// Plain WebSocket.
    WebSocket,
    /// Server-sent events.
    Sse,
}

impl Transport {
    /// Whether it goes over WebSocket.
    pub(crate) fn is_websocket(self) -> bool {
        matches!(self, Self::SocketIoWebSocket | Self::WebSocket)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SocketIoWebSocket => "socket.io over websocket",
            Self::SocketIoPolling => "socket.io over polling",
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
        })
    }
}

/// One of the transports of Engine.IO, on which Socket.IO stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineTransport {
    /// WebSocket.
    WebSocket,
    /// Long polling.
    Polling,
}

impl EngineTransport {
    /// The name that the protocol uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Polling => "polling",
        }
    }
}

/// The transports that Socket.IO may use, in the order in which the page tries them; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transports(Vec<EngineTransport>);

/// Why a text names no transports.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a transport, or is there twice; give websocket, polling, or both separated by a comma, in the order to try them"
)]
pub(crate) struct TransportsError(String);

impl Transports {
    /// Reads `websocket`, `polling`, or both with a comma between.
    ///
    /// # Errors
    /// When a name is unknown, missing or repeated.
    pub(crate) fn parse(text: &str) -> Result<Self, TransportsError> {
        let mut transports = Vec::new();
        for name in text.split(',').map(str::trim) {
            let transport = match name {
                "websocket" => EngineTransport::WebSocket,
                "polling" => EngineTransport::Polling,
                other => return Err(TransportsError(other.to_owned())),
            };
            if transports.contains(&transport) {
                return Err(TransportsError(name.to_owned()));
            }
            transports.push(transport);
        }
        Ok(Self(transports))
    }

    /// One alone.
    pub(crate) fn only(transport: EngineTransport) -> Self {
        Self(vec![transport])
    }

    /// In the order in which they are tried.
    pub(crate) fn as_slice(&self) -> &[EngineTransport] {
        &self.0
    }
}

impl Default for Transports {
    fn default() -> Self {
        Self(vec![EngineTransport::WebSocket, EngineTransport::Polling])
    }
}

impl fmt::Display for Transports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|transport| transport.name()).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in ["websocket", "polling", "websocket,polling", "polling,websocket"] {
            assert_eq!(Transports::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Transports::parse(" polling , websocket").unwrap().to_string(), "polling,websocket");
        for text in ["", "websocket,", "smoke", "WebSocket", "polling,polling"] {
            assert!(Transports::parse(text).is_err(), "{text:?}");
        }
    }
}
