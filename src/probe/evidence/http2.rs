//! What was seen: the same over HTTP/2.

use super::Exchange;

evidence! {
    /// The same over HTTP/2.
    struct Http2 {
        /// The page.
        page: Exchange,
    }
}
