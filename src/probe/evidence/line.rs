//! What was seen of the line to the host, and of this machine.

evidence! {
    /// The line, and the machine at this end of it.
    struct LineSeen {
        /// One round trip: the quickest connection or answer, whichever took longer.
        round_trip_ms: Option<u64>,
        /// The longest time for which this machine did not let the probe run.
        own_stall: Option<Stall>,
    }

    /// A time without progress.
    struct Stall {
        /// When it began, since the probe began.
        at_ms: u64,
        /// How long it was.
        ms: u64,
    }
}
