//! What was seen: the scripts and styles of the page, as a browser takes them.

use serde::{Deserialize, Serialize};

use super::Exchange;

/// What a browser takes a file for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FileKind {
    /// A classic script.
    #[default]
    Script,
    /// A module script, or what one imports.
    Module,
    /// A style sheet.
    Style,
}

evidence! {
    /// What the page's HTML says of what belongs to it.
    struct Markup {
        /// What its relative URLs start from, if not from its own.
        base: Option<String>,
        /// The scripts and styles that a browser loads, in their order.
        files: Vec<NamedFile>,
        /// The policies in its head: `<meta http-equiv="Content-Security-Policy">`.
        policies: Vec<String>,
        /// Whether a browser may show it in quirks mode, which is less strict with styles.
        quirks: bool,
    }

    /// A script or style, as an element names it.
    struct NamedFile {
        /// As it is written.
        url: String,
        /// What it is taken for.
        kind: FileKind,
        /// The hashes of which it must have one (Subresource Integrity).
        integrity: Option<String>,
        /// What a policy may allow it by.
        nonce: Option<String>,
    }

    /// A script or style that was fetched.
    struct FetchedFile {
        /// What it is taken for.
        kind: FileKind,
        /// The script that imports it; none where the page names it.
        imported_by: Option<String>,
        /// The last request: redirects are followed.
        exchange: Exchange,
        /// Whether it has one of the hashes that the page asks for; none where it asks for none.
        intact: Option<bool>,
    }

    /// The scripts and styles of the page that come from this host.
    struct Files {
        /// Each that was fetched: those that the page names, and of what these import one for each further folder.
        fetched: Vec<FetchedFile>,
    }
}
