//! What was seen: the same stream, nearer to its origin.

evidence! {
    /// The same stream, nearer to its origin.
    struct Against {
        /// Where.
        urls: Vec<String>,
    }
}
