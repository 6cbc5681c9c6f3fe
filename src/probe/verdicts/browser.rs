//! Verdicts where a browser contradicts the rest.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::BrowserFails,
        "A browser fails where the probe's own requests succeed.",
        "what the browser says names the request and what was wrong with it; all of it is in the hop browser of --json",
    ),
    Entry::new(
        VerdictId::BrowserWorks,
        "A browser gets what the probe did not.",
        "nothing for people with browsers; what is said below holds for programs, or something on the path tells them apart",
    ),
];
