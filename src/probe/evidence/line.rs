//! What was seen of the line to the host, and of this machine.

use super::Exchange;

evidence! {
    /// The line, and the machine at this end of it.
    struct LineSeen {
        /// One round trip: the quickest connection or answer, whichever took longer.
        round_trip_ms: Option<u64>,
        /// The longest time for which this machine did not let the probe run.
        own_stall: Option<Stall>,
        /// How many connections the host lets us have, if a limit has shown.
        crowd: Option<Crowd>,
    }

    /// Connections that were opened one by one, and stayed open.
    struct Crowd {
        /// How many there were.
        opened: usize,
        /// What came instead of the next one; none if there were as many as a browser opens.
        refused: Option<Exchange>,
    }

    /// A time without progress.
    struct Stall {
        /// When it began, since the probe began.
        at_ms: u64,
        /// How long it was.
        ms: u64,
    }
}
