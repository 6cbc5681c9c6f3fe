//! What was seen: what a browser makes of the page.

evidence! {
    /// What a browser makes of the page.
    struct Browser {
        /// Its name and version.
        version: String,
    }
}
