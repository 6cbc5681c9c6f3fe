//! What was seen: the scripts and styles of the page, as a browser takes them.

use super::Exchange;

evidence! {
    /// The scripts and styles of the page, as a browser takes them.
    struct Files {
        /// Each file.
        exchanges: Vec<Exchange>,
    }
}
