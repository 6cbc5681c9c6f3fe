//! [`Cdp`]: the Chrome DevTools Protocol, as much of it as the probe needs: commands and events, as JSON over a WebSocket on
//! loopback.
//!
//! A crate that knows the whole protocol would cost more than these messages are worth (docs/design.md, decision 16).

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

/// How long an answer of the browser may take: it is on this machine, which may be busy.
const ANSWER: Duration = Duration::from_secs(20);
/// The longest message that is read. A frame that a page receives comes whole, and as JSON.
const LARGEST: usize = 64 << 20;

/// A connection to a browser.
#[derive(Debug)]
pub(crate) struct Cdp {
    socket: WebSocketStream<TcpStream>,
    last: u64,
    /// What came while an answer was waited for.
    waiting: VecDeque<Event>,
}

/// Something has happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// In which session; none for the browser's own.
    pub(crate) session: Option<String>,
    /// What, such as `Network.webSocketCreated`.
    pub(crate) method: String,
    /// What is told of it.
    pub(crate) params: Value,
}

/// Why a command has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CdpError {
    /// The connection could not be made, or broke off: the browser is gone.
    #[error("{0}")]
    Gone(String),
    /// No answer in time.
    #[error("no answer to {0} within {1} s")]
    Silent(String, u64),
    /// The browser refuses the command.
    #[error("{0}: {1}")]
    Refused(String, String),
}

impl From<tungstenite::Error> for CdpError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Gone(error.to_string())
    }
}

/// A message of the browser: an answer has an id, an event a method.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming {
    id: Option<u64>,
    method: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    message: String,
}

impl Cdp {
    /// Connects to an address as the browser tells it: `ws://127.0.0.1:PORT/devtools/browser/ID`.
    pub(super) async fn connect(address: &str) -> Result<Self, CdpError> {
        let place = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
        let place =
            place.ok_or_else(|| CdpError::Gone(format!("{address:?} is not the address of a WebSocket")))?;
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let connect = async {
            let stream =
                TcpStream::connect(place).await.map_err(|error| CdpError::Gone(error.to_string()))?;
            Ok::<_, CdpError>(client_async_with_config(address, stream, Some(config)).await?.0)
        };
        let silent = |_| CdpError::Silent("the connection".to_owned(), ANSWER.as_secs());
        let socket = timeout(ANSWER, connect).await.map_err(silent)??;
        Ok(Self { socket, last: 0, waiting: VecDeque::new() })
    }

    /// Sends a command, and waits for its result. Events that come meanwhile are kept.
    ///
    /// # Errors
    /// When the browser refuses it, does not answer, or is gone.
    pub(crate) async fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, CdpError> {
        let id = self.send(session, method, params).await?;
        let answer = async {
            loop {
                let message = self.next().await?;
                if message.id == Some(id) {
                    return Ok::<_, CdpError>(message);
                }
                self.waiting.extend(event(message));
            }
        };
        let silent = |_| CdpError::Silent(method.to_owned(), ANSWER.as_secs());
        let message = timeout(ANSWER, answer).await.map_err(silent)??;
        match message.error {
            Some(refusal) => Err(CdpError::Refused(method.to_owned(), refusal.message)),
            None => Ok(message.result),
        }
    }

    /// Sends a command whose result does not matter.
    ///
    /// # Errors
    /// When the browser is gone.
    pub(crate) async fn send(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<u64, CdpError> {
        self.last += 1;
        let mut command = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).await?;
        Ok(self.last)
    }

    /// The next event; none if there is none until then.
    ///
    /// # Errors
    /// When the browser is gone.
    pub(crate) async fn event_until(&mut self, end: Instant) -> Result<Option<Event>, CdpError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            match timeout_at(end, self.next()).await {
                Err(_) => return Ok(None),
                Ok(message) => self.waiting.extend(event(message?)),
            }
        }
    }

    async fn next(&mut self) -> Result<Incoming, CdpError> {
        loop {
            match self.socket.next().await {
                None => return Err(CdpError::Gone("the browser is gone".to_owned())),
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text)
                        .map_err(|error| CdpError::Gone(format!("not a message of the protocol: {error}")));
                }
                // Pings are answered by the library.
                Some(message) => drop(message?),
            }
        }
    }
}

/// A message as an event; none if it is an answer that nobody waits for.
fn event(message: Incoming) -> Option<Event> {
    Some(Event { session: message.session_id, method: message.method?, params: message.params })
}
