//! What was seen of the streams: stanzas, ends, the hold, coming back.

use serde_json::Value;

use super::{Exchange, Failure};

evidence! {
    /// The end of a connection.
    struct Ended {
        /// How long it had been open.
        at_ms: u64,
        /// For how long nothing had come.
        quiet_ms: u64,
        /// How it ended: a close frame, an end without one, a reset, a status.
        how: String,
        /// A close frame's code.
        code: Option<u16>,
        /// The status of the poll that failed.
        status: Option<u16>,
        /// The first bytes of that answer.
        body: Option<String>,
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
    }

    /// One quiet connection.
    struct Quiet {
        /// websocket or polling.
        transport: String,
        /// How long it was to stay.
        wanted_ms: u64,
        /// How long it stayed.
        held_ms: u64,
        /// How many pings came.
        pings: usize,
        /// How it ended, if it did.
        ended: Option<Ended>,
        /// Why it could not be opened.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// The hold.
    struct Hold {
        /// Each connection.
        quiet: Vec<Quiet>,
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
