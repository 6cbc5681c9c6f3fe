//! What was seen of the same stream at several places: at the host, at what stands behind it, and at its origin.

use super::{AppStream, AppWay};

evidence! {
    /// One stream, read at all places at the same time.
    struct Compared {
        /// By which way.
        way: AppWay,
        /// The stream at each place, in the order of their URLs.
        streams: Vec<AppStream>,
        /// The same once more, where they differed.
        again: Option<Box<Compared>>,
    }

    /// The same streams, from the host to their origin.
    struct Against {
        /// The places: the host first, the origin last.
        urls: Vec<String>,
        /// Each stream.
        compared: Vec<Compared>,
    }
}
