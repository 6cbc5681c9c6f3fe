//! The sink of transports whose connection has a task of its own: plain WebSocket and server-sent events. It sends
//! into a short channel, which that task empties as fast as its reader takes the stanzas.

use tokio::sync::mpsc::{self, error::TrySendError};

use super::reader::Reader;
use crate::{
    conductor::{ReaderSink, SendOutcome},
    transport::Transport,
};

/// How many stanzas wait for one reader at most; beyond that its sink is full.
const BUFFERED_STANZAS: usize = 4;

/// One thing to send.
pub(super) enum StreamItem {
    /// The stanza with this index.
    Stanza(usize),
    /// The poem has ended.
    End,
}

/// The sink; its end of the channel is closed when the reading is over.
pub(super) struct ChannelSink {
    sender: mpsc::Sender<StreamItem>,
    reader: Reader,
    transport: Transport,
}

impl ChannelSink {
    /// A sink, and the end of its channel for the connection's task.
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
