//! What was seen of the streams: stanzas, ends, the hold, coming back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Exchange, Failure};
use crate::transport::Transport;

/// What is said on a connection that is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HeldKind {
    /// Nothing, by neither side, but the engine's pings.
    #[default]
    Quiet,
    /// The server says a stanza at its pace, we nothing.
    Flowing,
    /// The same, and we say something now and then.
    Speaking,
}

evidence! {
    /// The end of a connection.
    struct Ended {
        /// How long it had been open.
        at_ms: u64,
        /// For how long nothing had come.
        quiet_ms: u64,
        /// How it ended: a close frame, an end without one, a reset, a status.
        how: String,
        /// A close frame's code (RFC 6455, 7.4).
        code: Option<u16>,
        /// The status of the poll that failed.
        status: Option<u16>,
        /// The first bytes of that answer.
        body: Option<String>,
        /// Whether the engine said that it closes.
        by_engine: bool,
    }

    /// A stanza has come.
    struct Arrival {
        /// How long after the request.
        at_ms: u64,
        /// Which.
        index: Option<u64>,
        /// How many bytes had come since the last one.
        bytes: usize,
    }

    /// A stream of stanzas.
    struct Stream {
        /// Where.
        url: String,
        /// For how long nothing was to come at first, as it was asked for.
        silence_ms: u64,
        /// The request that opened it.
        exchange: Exchange,
        /// What the event `reading` said.
        opening: Option<Value>,
        /// The stanzas.
        arrivals: Vec<Arrival>,
        /// How long it was listened to.
        watched_ms: u64,
        /// The end, if it came before we left.
        ended: Option<Ended>,
        /// Whether the poem was over.
        complete: bool,
        /// Text that belongs to no event.
        stray: Option<String>,
        /// What broke the protocol.
        garbage: Option<String>,
        /// The same once more, where it ended too early.
        again: Option<Box<Stream>>,
        /// And once more, with us saying something now and then.
        speaking: Option<Box<Stream>>,
        /// The same, opened again while nothing else was open.
        alone: Option<Box<Stream>>,
    }

    /// One connection that was held.
    struct Held {
        /// Over what.
        transport: Transport,
        /// What was said on it.
        kind: HeldKind,
        /// For how long nothing was to come, as it was asked for; 0 where something may come at any time.
        silence_ms: u64,
        /// When it was opened, since the hold began.
        opened_at_ms: u64,
        /// How long it was to stay.
        wanted_ms: u64,
        /// How long it stayed.
        held_ms: u64,
        /// How often the engine said that it pings; 0 where no engine speaks.
        ping_interval_ms: u64,
        /// How long it waits for the answer.
        ping_timeout_ms: u64,
        /// How many pings of the engine came.
        pings: usize,
        /// How many stanzas came.
        stanzas: usize,
        /// The longest time after which something came at last.
        longest_silence_ms: u64,
        /// For how long nothing had come at the end.
        quiet_ms: u64,
        /// For how long we had said nothing then.
        said_nothing_ms: u64,
        /// Whether the poem was over.
        complete: bool,
        /// How it ended, if it did.
        ended: Option<Ended>,
        /// Why it could not be opened.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// The hold.
    struct Hold {
        /// How long it was to take.
        wanted_ms: u64,
        /// Whether it was to find the limits by itself.
        auto: bool,
        /// The time between stanzas, where the server tells it.
        interval_ms: u64,
        /// Each connection.
        held: Vec<Held>,
    }

    /// Coming back after a drop.
    struct Comeback {
        /// The transport.
        transport: String,
        /// The stanza that was asked for.
        wanted: u64,
        /// Where the reading says that it goes on.
        from: Option<u64>,
        /// The stanza that came.
        index: Option<u64>,
        /// The edition that is read there.
        edition: Option<String>,
        /// The request that came back.
        exchange: Exchange,
        /// How it ended, if it did before a stanza came.
        ended: Option<Ended>,
        /// Why none came.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// The node before and after.
        nodes: Vec<String>,
    }

    /// Resuming.
    struct Resume {
        /// Each transport.
        comebacks: Vec<Comeback>,
    }
}
