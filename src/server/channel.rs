//! The sink of transports whose connections run in a task of their own: plain WebSocket and server-sent events. It
//! sends into a short channel, and the task empties the channel as fast as its reader accepts data.

use tokio::sync::mpsc::{self, error::TrySendError};

use super::reader::Reader;
use crate::{
    conductor::{ReaderSink, SendOutcome},
    transport::Transport,
};

/// How many stanzas may wait for one reader; beyond that its sink is full.
const BUFFERED_STANZAS: usize = 4;

/// An item to send.
pub(super) enum StreamItem {
    /// The stanza with this index.
    Stanza(usize),
    /// The poem has ended.
    End,
}

/// The sink; when the reading is over, it is dropped and the channel closes.
pub(super) struct ChannelSink {
    sender: mpsc::Sender<StreamItem>,
    reader: Reader,
    transport: Transport,
}

impl ChannelSink {
    /// A sink, and the receiver for the connection's task.
    pub(super) fn new(reader: Reader, transport: Transport) -> (Self, mpsc::Receiver<StreamItem>) {
        let (sender, receiver) = mpsc::channel(BUFFERED_STANZAS);
        (Self { sender, reader, transport }, receiver)
    }

    fn try_send(&self, item: StreamItem) -> SendOutcome {
        match self.sender.try_send(item) {
            Ok(()) => SendOutcome::Sent,
            Err(TrySendError::Full(_)) => SendOutcome::Full,
            Err(TrySendError::Closed(_)) => SendOutcome::Closed,
        }
    }
}

impl ReaderSink for ChannelSink {
    fn send(&mut self, index: usize) -> SendOutcome {
        let outcome = self.try_send(StreamItem::Stanza(index));
        if outcome == SendOutcome::Sent {
            self.reader.sent(self.transport);
        }
        outcome
    }

    fn finish(&mut self) -> SendOutcome {
        let outcome = self.try_send(StreamItem::End);
        if outcome == SendOutcome::Sent {
            self.reader.finished();
        }
        outcome
    }
}
