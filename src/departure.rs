//! [`Departure`]: why a reader has left, as far as the server can know.

use std::io;

use strum::{EnumCount, IntoStaticStr, VariantArray};

/// Why a reading is over. The names are those of `/metrics`, the texts those of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Departure {
    /// The reader was told the end of the poem.
    Finished,
    /// The client said goodbye: a close frame, or a packet of Engine.IO or Socket.IO that means it.
    ClientLeft,
    /// The connection closed without a word. Clients of server-sent events leave like this, and so do those whose line breaks.
    ConnectionClosed,
    /// The client did not answer in time: a ping, or the system's question whether it is still there.
    TimedOut,
    /// The client took nothing of what was sent for too long.
    TooSlow,
    /// The client sent what its protocol does not allow.
    ProtocolError,
    /// The server let the reader go, because it stops.
    ServerStopped,
}

impl Departure {
    /// The name, for programs.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// That of a client whose connection broke with this error.
    pub(crate) fn of_broken(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::ConnectionClosed,
        }
    }

    /// The reason in words, for the log.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Finished => "the poem has ended",
            Self::ClientLeft => "the client left",
            Self::ConnectionClosed => "the connection closed",
            Self::TimedOut => "the client did not answer in time",
            Self::TooSlow => "the client took nothing for too long",
            Self::ProtocolError => "the client broke the protocol",
            Self::ServerStopped => "the server is stopping",
        }
    }
}
