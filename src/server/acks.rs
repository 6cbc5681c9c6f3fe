//! [`Acks`]: stanzas that a client of Socket.IO acknowledges, because it asked for that (`auth: {acks: true}`). It says of each that it has
//! come, and only then gets the next one. So it gets every stanza, whatever transport, proxies and libraries lose on the way; it may get
//! one twice, which its index shows.

use std::pin::Pin;

use futures_util::FutureExt as _;
use serde_json::Value;
use socketioxide::{AckError, SendError, SocketError, ack::AckStream, extract::SocketRef};

use super::encoded_poem::EncodedStanza;
use crate::{conductor::SendOutcome, contract::events};

/// The acknowledgement that is awaited, if any.
#[derive(Default)]
pub(super) struct Acks(Option<Pending>);

struct Pending {
    /// Of the stanza with this index.
    index: usize,
    /// Ends with an error when the engine has waited long enough (`ack_timeout`).
    ack: Pin<Box<AckStream<Value>>>,
}

impl Acks {
    /// Sends a stanza, or looks whether it has come: `Full` until then, so that the conductor asks again with the same one.
    pub(super) fn send(&mut self, socket: &SocketRef, index: usize, stanza: &EncodedStanza) -> SendOutcome {
        if let Some(pending) = self.0.as_mut().filter(|pending| pending.index == index) {
            match pending.ack.as_mut().now_or_never() {
                None => return SendOutcome::Full,
                // Whatever it says: that it says something is what counts.
                Some(Ok(_) | Err(AckError::Decode(_))) => {
                    self.0 = None;
                    return SendOutcome::Sent;
                }
                Some(Err(AckError::Timeout)) => {}
                Some(Err(AckError::Socket(_))) => return SendOutcome::Closed,
            }
        }
        match socket.emit_with_ack(events::DIVINE_COMEDY, &stanza.arguments) {
            Ok(ack) => {
                self.0 = Some(Pending { index, ack: Box::pin(ack) });
                SendOutcome::Full
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => SendOutcome::Full,
            Err(_) => SendOutcome::Closed,
        }
    }
}
