//! How much of an answer is read, and how much of it is kept to be shown. Pure.

use http::{HeaderMap, HeaderValue, Version, header};

/// The most that is read of a body.
pub(crate) const MAX_BODY: usize = 256 * 1024;
/// How much of a body is shown.
const SHOWN: usize = 512;
/// How much of the end of a longer body is shown.
const SHOWN_END: usize = 64;
/// How much of one header's value is shown, and of a policy or a cookie, which count as a whole.
const SHOWN_HEADER: usize = 2048;
const SHOWN_WHOLE: usize = 16 * 1024;

/// The first bytes of a body as text.
pub(crate) fn truncate_body(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned()
}

/// The last bytes of a body, as text, if it is not shown whole.
pub(super) fn end_of(body: &[u8]) -> Option<String> {
    let rest = body.get(SHOWN..)?;
    let end = &rest[rest.len().saturating_sub(SHOWN_END)..];
    (!end.is_empty()).then(|| String::from_utf8_lossy(end).into_owned())
}

/// The headers of an answer, in their order, none of them longer than is shown.
pub(super) fn truncate_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |name, value: &HeaderValue| {
        let is_whole = name == header::CONTENT_SECURITY_POLICY || name == header::SET_COOKIE;
        let most = if is_whole { SHOWN_WHOLE } else { SHOWN_HEADER };
        let bytes = value.as_bytes();
        String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
    };
    headers.iter().map(|(name, text)| (name.as_str().to_owned(), value(name, text))).collect()
}

/// A version as it is written: HTTP/1.1.
pub(super) fn version(version: Version) -> String {
    format!("{version:?}")
}
