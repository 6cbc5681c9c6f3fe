//! What was seen: the way out: the proxy that requests go through.

evidence! {
    /// The way out: the proxy that requests go through.
    struct ProxySeen {
        /// Its URL, without a password.
        url: String,
    }
}
