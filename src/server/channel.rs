//! A voice for transports whose connection has a task of its own: plain WebSocket and server-sent events.
//! It speaks into a short channel, which that task empties as fast as its reader takes the stanzas.

use tokio::sync::mpsc::{self, error::TrySendError};

use super::reader::Reader;
use crate::{
    conductor::{Answer, Voice},
    transport::Transport,
};

/// How many stanzas wait for one reader at most; beyond that its voice is busy.
const BUFFERED_STANZAS: usize = 4;

/// One thing to say.
pub(super) enum Speech {
    /// The stanza with this index.
    Stanza(usize),
    /// The poem has ended.
    End,
}

/// The voice; its end of the channel is closed when the reading is over.
pub(super) struct ChannelVoice {
    sender: mpsc::Sender<Speech>,
    reader: Reader,
    transport: Transport,
}

impl ChannelVoice {
    /// A voice, and what its connection's task listens to.
    pub(super) fn new(reader: Reader, transport: Transport) -> (Self, mpsc::Receiver<Speech>) {
        let (sender, receiver) = mpsc::channel(BUFFERED_STANZAS);
        (Self { sender, reader, transport }, receiver)
    }

    fn send(&self, speech: Speech) -> Answer {
        match self.sender.try_send(speech) {
            Ok(()) => Answer::Heard,
            Err(TrySendError::Full(_)) => Answer::Busy,
            Err(TrySendError::Closed(_)) => Answer::Gone,
        }
    }
}

impl Voice for ChannelVoice {
    fn say(&mut self, index: usize) -> Answer {
        let answer = self.send(Speech::Stanza(index));
        if answer == Answer::Heard {
            self.reader.said(self.transport);
        }
        answer
    }

    fn end(&mut self) -> Answer {
        let answer = self.send(Speech::End);
        if answer == Answer::Heard {
            self.reader.ended();
        }
        answer
    }
}
