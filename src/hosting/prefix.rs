//! [`Prefix`]: the part of the URL path that belongs to the host. Parsing, joining, and dividing a
//! request's path into the prefix and what Dante serves. Pure.

use std::{fmt, ops::Range};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// First segments of the paths that Dante serves. What stands before one of them is a prefix.
const KNOWN: [&str; 11] = [
    "socket.io",
    "server-socketio.js",
    "server-faye.js",
    "websocket",
    "sse",
    "compare",
    "hello",
    "hosting.json",
    "divine-comedy.txt",
    "static",
    "iisintegration",
];

/// The longest prefix that is accepted, in bytes.
const MAX_BYTES: usize = 128;

/// What cannot stand in a URL path as it is, apart from what [`Prefix::parse`] refuses.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'^').add(b'|');

/// A URL path without its last slash: empty at the root, else `/dante`, `/a/b`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Prefix(String);

/// Why a text is no prefix.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason}; a prefix is the path under which Dante is reached, such as /dante, or / for the root")]
pub struct PrefixError {
    reason: &'static str,
}

impl Prefix {
    /// The root: no prefix.
    pub const ROOT: Self = Self(String::new());

    /// Reads a prefix. A slash at the end is dropped; spaces and other characters that a URL holds
    /// only in escaped form (IIS allows them in names of applications) are escaped.
    ///
    /// # Errors
    /// When it does not start with a slash, has an empty segment, `.` or `..` as a segment, a
    /// backslash, a control character, `?` or `#`, or more than 128 bytes.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let fail = |reason| Err(PrefixError { reason });
        let path = text.strip_suffix('/').unwrap_or(text);
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        if !text.starts_with('/') {
            return fail("it does not start with a slash");
        }
        if decoded.chars().any(|letter| letter.is_control() || letter == '\\') {
            return fail("it has a backslash or a control character");
        }
        if path.contains(['?', '#']) {
            return fail("it has a ? or a #, which end a URL's path");
        }
        if decoded.split('/').any(|segment| segment == "." || segment == "..") {
            return fail("it has . or .. as a segment");
        }
        if path.contains("//") || path == "/" {
            return fail("it has an empty segment (//)");
        }
        if path.len() > MAX_BYTES {
            return fail("it is longer than 128 bytes");
        }
        Ok(Self(utf8_percent_encode(path, ESCAPED).to_string()))
    }

    /// The prefix as it stands in URLs; empty at the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no prefix.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What follows the prefix in `path`: empty, or starting with a slash. None when `path` is not
    /// below the prefix. `fold_case` compares as IIS does, without regard to case.
    pub fn strip<'path>(&self, path: &'path str, fold_case: bool) -> Option<&'path str> {
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

fn same_segment(a: &str, b: &str, fold_case: bool) -> bool {
    let (a, b) = (percent_decode_str(a).decode_utf8_lossy(), percent_decode_str(b).decode_utf8_lossy());
    if fold_case { a.to_lowercase() == b.to_lowercase() } else { a == b }
}

/// Where a request's path leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// Into the application: this part of the path (starting with a slash) is ours.
    In(Range<usize>),
    /// To the prefix itself without its slash, where relative URLs would miss: redirect to it with one.
    AddSlash,
}

/// The rules by which paths are divided, from the most to the least certain.
#[derive(Debug, Clone, Default)]
pub struct PrefixRules<'a> {
    /// The prefix of this very request, as a trusted proxy or iisnode tells it.
    pub told: Option<&'a Prefix>,
    /// The configured or detected prefix.
    pub configured: &'a str,
    /// Whether an unknown prefix may be learned from the path itself (iisnode, which knows no
    /// variable for it, when none was configured).
    pub learn: bool,
    /// Whether letters are compared without regard to case (IIS).
    pub fold_case: bool,
}

/// Divides a request's path into its prefix and what Dante serves. A path below no known prefix is
/// taken as it is: proxies that strip the prefix and proxies that keep it both work.
pub fn route(path: &str, rules: &PrefixRules<'_>) -> Route {
    let configured = Prefix(rules.configured.to_owned());
    for prefix in rules.told.into_iter().chain([&configured]).filter(|prefix| !prefix.is_root()) {
        match prefix.strip(path, rules.fold_case) {
            Some("") => return Route::AddSlash,
            Some(rest) => return Route::In(path.len() - rest.len()..path.len()),
            None => {}
        }
    }
    if rules.learn {
        return learn(path, rules);
    }
    Route::In(0..path.len())
}

/// Where in a path the first place that Dante knows starts, with its slash.
pub fn known_place(path: &str, fold_case: bool) -> Option<usize> {
    let known = |segment: &str| KNOWN.iter().any(|known| same_segment(segment, known, fold_case));
    path.match_indices('/')
        .map(|(at, _)| at)
        .find(|at| known(path[at + 1..].split('/').next().unwrap_or_default()))
}

/// What Dante serves starts before the first segment that it knows. Where there is none, and the host
/// said nothing of its own, a path that ends in a slash is the application's root, and a single segment
/// that is no file's name is the root without its slash.
fn learn(path: &str, rules: &PrefixRules<'_>) -> Route {
    if let Some(at) = known_place(path, rules.fold_case) {
        return Route::In(at..path.len());
    }
    let unknown = rules.told.is_none() && Prefix::parse(path).is_ok();
    if unknown && path.ends_with('/') {
        return Route::In(path.len() - 1..path.len());
    }
    if unknown && !path[1..].contains(['/', '.']) {
        return Route::AddSlash;
    }
    Route::In(0..path.len())
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

    /// The part that Dante serves, or a redirect.
    fn way<'path>(path: &'path str, rules: &PrefixRules<'_>) -> &'path str {
        match route(path, rules) {
            Route::In(range) => &path[range],
            Route::AddSlash => "redirect",
        }
    }

    #[test]
    fn a_configured_prefix_may_be_kept_or_stripped() {
        let rules = PrefixRules { configured: "/dante", ..PrefixRules::default() };
        for (path, ours) in [
            ("/dante", "redirect"),
            ("/dante/", "/"),
            ("/dante/socket.io/", "/socket.io/"),
            ("/dante/server-faye.js/ws", "/server-faye.js/ws"),
            ("/socket.io/", "/socket.io/"),
            ("/", "/"),
            ("/dantesque", "/dantesque"),
            ("/demo/socket.io/", "/demo/socket.io/"),
            ("/Dante/socket.io/", "/Dante/socket.io/"),
        ] {
            assert_eq!(way(path, &rules), ours, "{path}");
        }
        let iis = PrefixRules { fold_case: true, ..rules };
        assert_eq!(way("/Dante/socket.io/", &iis), "/socket.io/");
    }

    #[test]
    fn an_unknown_prefix_is_learned_from_the_path() {
        let iisnode =
            PrefixRules { configured: "/dante", learn: true, fold_case: true, ..PrefixRules::default() };
        for (path, ours) in [
            ("/demo/server-socketio.js", "/server-socketio.js"),
            ("/demo/server-socketio.js/socket.io/", "/server-socketio.js/socket.io/"),
            ("/a/b/socket.io/socket.io.js", "/socket.io/socket.io.js"),
            ("/demo/Server-Faye.js/ws", "/Server-Faye.js/ws"),
            ("/demo/", "/"),
            ("/demo", "redirect"),
            ("/favicon.ico", "/favicon.ico"),
            ("/demo/favicon.ico", "/demo/favicon.ico"),
            ("/demo/nothing", "/demo/nothing"),
            ("/dante/", "/"),
            ("/", "/"),
        ] {
            assert_eq!(way(path, &iisnode), ours, "{path}");
        }
    }

    #[test]
    fn what_a_host_tells_goes_first() {
        let told = Prefix::parse("/demo").unwrap();
        let rules = PrefixRules { told: Some(&told), configured: "/dante", learn: true, fold_case: true };
        for (path, ours) in [
            ("/demo", "redirect"),
            ("/demo/", "/"),
            ("/demo/x/", "/x/"),
            ("/dante/", "/"),
            ("/else/socket.io/", "/socket.io/"),
            ("/else/", "/else/"),
            ("/else", "/else"),
        ] {
            assert_eq!(way(path, &rules), ours, "{path}");
        }
    }
}
