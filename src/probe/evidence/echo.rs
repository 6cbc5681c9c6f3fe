//! What was seen: messages of many sizes, both ways.

use super::Exchange;

evidence! {
    /// Messages of many sizes, both ways.
    struct Echo {
        /// The first answer.
        exchange: Exchange,
    }
}
