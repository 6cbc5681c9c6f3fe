//! Headers that the user gives (`--header`), and which of them may go where. Pure.

use http::{HeaderName, HeaderValue, header};

use crate::bad_value::BadValue;

/// Headers that the probe sets itself: they are what it tests.
const OURS: [HeaderName; 6] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
];

/// Headers that are meant for the hosts that the user names: a redirect may lead anywhere, and credentials with it (as curl's once did:
/// CVE-2018-1000007).
const OF_ONE_HOST: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::HOST];

/// Whether a header may go to a host that the user did not name.
pub(super) fn may_go_anywhere(name: &HeaderName) -> bool {
    !OF_ONE_HOST.contains(name)
}

/// A name, a colon and a value.
///
/// # Errors
/// When it cannot be used.
pub(super) fn read(text: &str) -> Result<(HeaderName, HeaderValue), BadValue> {
    let refuse = |reason: &str| BadValue::new("--header", text, reason);
    let (name, value) =
        text.split_once(':').ok_or_else(|| refuse("the colon is missing; write 'Name: value'"))?;
    let name = HeaderName::try_from(name.trim())
        .map_err(|_| refuse("a header name has only letters, digits and hyphens; write 'Name: value'"))?;
    if OURS.contains(&name) {
        return Err(refuse("the probe sets this header itself, because it tests it; leave it out"));
    }
    let value = HeaderValue::try_from(value.trim())
        .map_err(|_| refuse("a header value cannot contain control characters; write 'Name: value'"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        let (name, value) = read("Authorization: Basic a:b").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Basic a:b"));
        assert!(!may_go_anywhere(&name) && may_go_anywhere(&HeaderName::from_static("x-trace")));
        for (text, part) in [
            ("nonsense", "colon"),
            ("Connection: close", "leave it out"),
            ("a b: c", "letters"),
            ("a: b\nc", "control"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("--header") && error.contains(part), "{error}");
        }
    }
}
