//! What was seen: the stream of an application that is not Dante.

use super::Exchange;

evidence! {
    /// The stream of an application that is not Dante.
    struct App {
        /// The request that opened it.
        exchange: Exchange,
    }
}
