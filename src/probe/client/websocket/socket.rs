//! [`Socket`]: an open WebSocket, and what comes over it.

use std::{
    future::poll_fn,
    task::Poll,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use tokio::{task::coop::consume_budget, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        error::{Error, ProtocolError},
        protocol::frame::{
            Frame, FrameHeader,
            coding::{Data, OpCode},
        },
        protocol::{Role, WebSocketConfig},
    },
};

use crate::probe::{
    client::{
        connection::HttpConnection,
        deflate::{Agreement, InflateError},
        failures::of_io,
        http::Upgraded,
        inflating::Inflating,
        recorded::FirstBytes,
    },
    evidence::{COMPRESSED_UNAGREED, Failure, FailureKind},
};

/// How often it is looked whether what has come can be a frame at all.
const GLANCE: Duration = Duration::from_millis(200);

/// How many pings may come in a second. Servers send one in several seconds; a flood, answered ping by ping, would take all of the
/// probe's time.
const PINGS_IN_A_SECOND: u32 = 1000;

const NO_CLOSE_FRAME: &str = "the connection was closed without a close frame";
const MASKED: &str = "the server's frames are masked, which only a client's may be (RFC 6455, 5.1)";

/// An open WebSocket.
pub(crate) struct Socket {
    socket: WebSocketStream<Inflating<TokioIo<hyper::upgrade::Upgraded>>>,
    /// What was agreed on of compression.
    agreement: Option<Agreement>,
    _connection: HttpConnection,
    /// What came first, until a frame has been understood.
    first: Option<FirstBytes>,
    /// The code and the reason of the close frame.
    closed: Option<(u16, String)>,
    pings: Pings,
}

/// The pings and pongs that came in the last second.
#[derive(Debug)]
struct Pings {
    since: Instant,
    number: u32,
}

/// What came over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// What needs no attention: pings, pongs.
    Other,
    /// A close frame, and its code.
    Closed(Option<u16>),
}

impl Socket {
    /// One on a connection that has switched to it.
    pub(super) async fn new(upgraded: Upgraded, agreement: Option<Agreement>, largest: usize) -> Self {
        let config = WebSocketConfig::default().max_message_size(Some(largest)).max_frame_size(Some(largest));
        let io = Inflating::new(upgraded.io, agreement, largest);
        let socket = WebSocketStream::from_raw_socket(io, Role::Client, Some(config)).await;
        Self {
            socket,
            agreement,
            _connection: upgraded.connection,
            first: upgraded.first,
            closed: None,
            pings: Pings::new(Instant::now()),
        }
    }

    /// Sends a text; compressed, where that was agreed on, as browsers do.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) async fn send(&mut self, text: impl Into<String>) -> Result<(), Failure> {
        let text = text.into();
        let message = match self.agreement.and_then(|agreement| agreement.compress(text.as_bytes())) {
            None => Message::text(text),
            Some(compressed) => {
                let opcode = OpCode::Data(Data::Text);
                let header = FrameHeader { opcode, rsv1: true, ..FrameHeader::default() };
                Message::Frame(Frame::from_payload(header, compressed.into()))
            }
        };
        self.socket.send(message).await.map_err(of_tungstenite)
    }

    /// How many messages came compressed, and were inflated.
    pub(crate) fn inflated(&self) -> usize {
        self.socket.get_ref().inflated()
    }

    /// Sends a text, and stops when anything comes before it is sent: a peer that does not want a large message says so in the
    /// middle of it, and then closes the connection.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) async fn send_listening(
        &mut self,
        text: impl Into<String>,
    ) -> Result<Option<Received>, Failure> {
        self.socket.feed(Message::text(text.into())).await.map_err(of_tungstenite)?;
        let next = poll_fn(|cx| match self.socket.poll_next_unpin(cx) {
            Poll::Ready(next) => Poll::Ready(Err(next)),
            Poll::Pending => self.socket.poll_flush_unpin(cx).map(Ok),
        });
        match next.await {
            Ok(flushed) => flushed.map(|()| None).map_err(of_tungstenite),
            Err(next) => self.understand(next).map(Some),
        }
    }

    /// What comes next.
    ///
    /// # Errors
    /// When the connection ends without a close frame, or what came is not a frame.
    pub(crate) async fn recv(&mut self) -> Result<Received, Failure> {
        // A read gives thousands of frames, if they are small: without this, a flood of them keeps time-outs from being
        // noticed, since nothing ever has to be waited for.
        consume_budget().await;
        let next = loop {
            if self.first.is_none() {
                break self.socket.next().await;
            }
            match timeout(GLANCE, self.socket.next()).await {
                Ok(next) => break next,
                // What is no frame may look like a long one, whose rest never comes.
                Err(_) => self.first_is_a_frame()?,
            }
        };
        self.understand(next)
    }

    fn understand(&mut self, next: Option<Result<Message, Error>>) -> Result<Received, Failure> {
        match next {
            Some(Ok(message)) => {
                self.first = None;
                Ok(match message {
                    Message::Text(text) => Received::Text(text.to_string()),
                    Message::Binary(bytes) => Received::Binary(bytes),
                    Message::Close(frame) => {
                        self.closed = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                        Received::Closed(self.close_code())
                    }
                    _ => {
                        self.pings.count(Instant::now())?;
                        Received::Other
                    }
                })
            }
            Some(Err(error)) => self.first_is_a_frame().and(Err(of_tungstenite(error))),
            None => self.first_is_a_frame().and(Err(Failure::new(FailureKind::Closed, NO_CLOSE_FRAME))),
        }
    }

    /// Whether what came first can be a frame, as long as none was understood.
    fn first_is_a_frame(&self) -> Result<(), Failure> {
        let bytes = self.first.as_ref().map(FirstBytes::after_head).unwrap_or_default();
        match not_a_frame(&bytes, self.agreement.is_some()) {
            None => Ok(()),
            Some(why) => {
                let text = format!("{why}; after the 101 came \"{}\"", bytes.escape_ascii());
                Err(Failure::new(FailureKind::Garbage, text))
            }
        }
    }

    /// The code of the close frame, once it has come.
    pub(crate) fn close_code(&self) -> Option<u16> {
        self.closed.as_ref().map(|(code, _)| *code)
    }

    /// The close frame in words, once it has come.
    pub(crate) fn close_text(&self) -> String {
        match &self.closed {
            None => "a close frame without a code".to_owned(),
            Some((code, reason)) if reason.is_empty() => format!("a close frame, code {code}"),
            Some((code, reason)) => {
                format!("a close frame, code {code} (\"{}\")", reason.chars().take(60).collect::<String>())
            }
        }
    }
}

impl Pings {
    fn new(now: Instant) -> Self {
        Self { since: now, number: 0 }
    }

    /// One more.
    ///
    /// # Errors
    /// When there are too many.
    fn count(&mut self, now: Instant) -> Result<(), Failure> {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self::new(now);
        }
        self.number += 1;
        if self.number > PINGS_IN_A_SECOND {
            let text = format!("more than {PINGS_IN_A_SECOND} pings or pongs came in a second");
            return Err(Failure::new(FailureKind::Garbage, text));
        }
        Ok(())
    }
}

/// What is wrong about the first bytes that a server sends, if they begin no frame of one that has agreed on compression or not
/// (RFC 6455, 5.1 and 5.2; RFC 7692, 6).
fn not_a_frame(first: &[u8], is_compressed: bool) -> Option<&'static str> {
    let (head, length) = (first.first()?, first.get(1)?);
    let opcode = head & 0x0f;
    let reserved = if is_compressed && matches!(opcode, 1 | 2) { 0x30 } else { 0x70 };
    // A whole text or binary message with RSV1 and nothing else: no text begins so.
    if matches!(head, 0xc1 | 0xc2) && !is_compressed && length & 0x80 == 0 {
        Some(COMPRESSED_UNAGREED)
    } else if head & reserved != 0 || (0x3..=0x7).contains(&opcode) || opcode > 0xa {
        Some("what came is not a WebSocket frame")
    } else if length & 0x80 != 0 {
        Some(MASKED)
    } else {
        None
    }
}

fn of_tungstenite(error: Error) -> Failure {
    match error {
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(InflateError::TooLarge(_)) => Failure::new(FailureKind::TooLarge, error.to_string()),
            Some(InflateError::Broken(_)) => Failure::new(FailureKind::Garbage, error.to_string()),
            None => of_io(&error),
        },
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Failure::new(FailureKind::Closed, "the connection is closed")
        }
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Failure::new(FailureKind::Closed, NO_CLOSE_FRAME)
        }
        Error::Protocol(ProtocolError::MaskedFrameFromServer) => Failure::new(FailureKind::Garbage, MASKED),
        Error::Capacity(error) => Failure::new(FailureKind::TooLarge, error.to_string()),
        error => Failure::new(FailureKind::Garbage, format!("what came is not a WebSocket frame ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_pings_is_told_from_many() {
        let start = Instant::now();
        let mut pings = Pings::new(start);
        for second in 0..5 {
            for number in 0..PINGS_IN_A_SECOND {
                let at = start + Duration::from_secs(second) + Duration::from_micros(number.into());
                assert!(pings.count(at).is_ok(), "{second} s, {number}");
            }
        }
        assert!(pings.count(start + Duration::from_millis(4999)).is_err());
    }

    #[test]
    fn first_bytes() {
        for frame in
            [&b"\x81\x05hello"[..], b"\x89\x00", b"\x88\x02\x03\xe8", b"\x02\x7e\x01\x00", b"\x81", b""]
        {
            assert_eq!(not_a_frame(frame, false), None, "{frame:?}");
            assert_eq!(not_a_frame(frame, true), None, "{frame:?}");
        }
        assert_eq!(not_a_frame(b"\xc1\x07", true), None);
        assert_eq!(not_a_frame(b"\xc1\x07", false), Some(COMPRESSED_UNAGREED));
        assert_eq!(not_a_frame(b"\x81\x82\x01\x02\x03\x04", false), Some(MASKED));
        for other in [&b"HTTP/1.1 502"[..], b"<html>", b"\x16\x03\x01", b"5\r\nhello"] {
            assert!(not_a_frame(other, false).is_some(), "{other:?}");
            assert!(not_a_frame(other, true).is_some(), "{other:?}");
        }
    }
}
