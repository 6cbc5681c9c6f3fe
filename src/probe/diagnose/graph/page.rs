//! What the page and its files explain. Pure.

use super::{Finding, VerdictId, engine::loses_sessions};

/// What the verdicts of `verdicts/page.rs` explain.
pub(super) fn explains(cause: &Finding, effect: &Finding) -> bool {
    use VerdictId::*;
    let id = effect.id;
    match cause.id {
        // A rule for all scripts takes the library, too.
        FilesMissing | HtmlInsteadOfFile => matches!(id, LibraryMissing | WrongLibraryVersion),
        CookieNotReturned => loses_sessions(cause, effect),
        _ => false,
    }
}
