//! [`Prefix`]: the part of the URL path that belongs to the host. Pure.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The longest prefix that is accepted, in bytes.
const MAX_BYTES: usize = 128;

/// Characters that a URL path holds only in escaped form, apart from those that [`Prefix::parse`] refuses.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'^').add(b'|');

/// A URL path without a final slash: empty at the root, else `/dante`, `/a/b`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Prefix(String);

/// Why a text is not a prefix.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason}; a prefix is the path under which Dante is reached, such as /dante, or / for the root")]
pub(crate) struct PrefixError {
    reason: &'static str,
}

impl Prefix {
    /// The root: no prefix.
    pub(crate) const ROOT: Self = Self(String::new());

    /// Parses a prefix. Drops a final slash, and escapes spaces and other characters that a URL holds only in
    /// escaped form (IIS allows them in application names).
    ///
    /// # Errors
    /// When it does not start with a slash, has an empty segment, `.` or `..` as a segment, a
    /// backslash, a control character, `?` or `#`, or more than 128 bytes when escaped.
    pub(crate) fn parse(text: &str) -> Result<Self, PrefixError> {
        let fail = |reason| Err(PrefixError { reason });
        let path = text.strip_suffix('/').unwrap_or(text);
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        if !text.starts_with('/') {
            return fail("does not start with a slash");
        }
        if decoded.chars().any(|letter| letter.is_control() || letter == '\\') {
            return fail("has a backslash or a control character");
        }
        if path.contains(['?', '#']) {
            return fail("has a ? or a #, which ends a URL's path");
        }
        if decoded.split('/').any(|segment| segment == "." || segment == "..") {
            return fail("has . or .. as a segment");
        }
        if text.contains("//") {
            return fail("has an empty segment (//)");
        }
        let escaped = utf8_percent_encode(path, ESCAPED).to_string();
        if escaped.len() > MAX_BYTES {
            return fail("longer than 128 bytes, escaped as in URLs");
        }
        Ok(Self(escaped))
    }

    /// The prefix as in URLs; empty at the root.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the prefix is empty.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What follows the prefix in `path`: empty, or starting with a slash. None if `path` is not below the
    /// prefix. `fold_case` ignores case, as IIS does.
    pub(crate) fn strip<'path>(&self, path: &'path str, fold_case: bool) -> Option<&'path str> {
        let mut rest = path;
        for segment in self.0.split('/').skip(1) {
            let after = rest.strip_prefix('/')?;
            let end = after.find('/').unwrap_or(after.len());
            if !same_segment(&after[..end], segment, fold_case) {
                return None;
            }
            rest = &after[end..];
        }
        Some(rest)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "/" } else { &self.0 })
    }
}

/// Whether two path segments are the same, regardless of escaping.
pub(crate) fn same_segment(a: &str, b: &str, fold_case: bool) -> bool {
    let (a, b) = (percent_decode_str(a).decode_utf8_lossy(), percent_decode_str(b).decode_utf8_lossy());
    if fold_case { a.to_lowercase() == b.to_lowercase() } else { a == b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_prefixes() {
        for (text, prefix) in [
            ("/", ""),
            ("/dante", "/dante"),
            ("/dante/", "/dante"),
            ("/a/b.c/~d", "/a/b.c/~d"),
            ("/my app", "/my%20app"),
            ("/my%20app", "/my%20app"),
            ("/cammin\u{e8}", "/cammin%C3%A8"),
        ] {
            assert_eq!(Prefix::parse(text).as_ref().map(Prefix::as_str), Ok(prefix), "{text}");
        }
        assert_eq!(Prefix::ROOT.to_string(), "/");
    }

    #[test]
    fn bad_prefixes() {
        let long = format!("/{}", "a".repeat(128));
        for text in [
            "",
            "dante",
            "//",
            "/a//",
            "/a//b",
            "/..",
            "/a/../b",
            "/./a",
            "/%2e%2e",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a%5cb",
            "/a\r\nb",
            "/a%0d",
            "http://x/dante",
            &long,
        ] {
            assert!(Prefix::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn stripping() {
        let prefix = Prefix::parse("/my app/b").unwrap();
        for (path, fold, rest) in [
            ("/my%20app/b", false, Some("")),
            ("/my%20app/b/", false, Some("/")),
            ("/my%20app/b/x?", false, Some("/x?")),
            ("/My%20App/B/x", true, Some("/x")),
            ("/My%20App/B/x", false, None),
            ("/my%20app/bc", false, None),
            ("/my%20app", false, None),
            ("", false, None),
        ] {
            assert_eq!(prefix.strip(path, fold), rest, "{path}");
        }
        assert_eq!(Prefix::ROOT.strip("/x", false), Some("/x"));
    }
}
