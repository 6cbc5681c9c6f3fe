//! [`HttpVersions`]: which versions of HTTP are spoken (`--http`). Pure.

use strum::EnumString;

use crate::bad_value::BadValue;

/// Which versions of HTTP are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
pub(crate) enum HttpVersions {
    /// HTTP/1.1 alone.
    #[strum(serialize = "1.1")]
    One,
    /// HTTP/2 alone; without TLS, the server has to know it (RFC 9113, 3.3).
    #[strum(serialize = "2")]
    Two,
    /// HTTP/1.1, and HTTP/2 beside it where TLS agrees to that.
    #[strum(serialize = "both")]
    Both,
}

impl HttpVersions {
    /// The versions that an option names; both if there is none.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn read(text: Option<&str>) -> Result<Self, BadValue> {
        let Some(text) = text else { return Ok(Self::Both) };
        text.parse().map_err(|_| BadValue::new("--http", text, "not a version of HTTP; write 1.1, 2 or both"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, versions) in [
            (None, HttpVersions::Both),
            (Some("1.1"), HttpVersions::One),
            (Some("2"), HttpVersions::Two),
            (Some("both"), HttpVersions::Both),
        ] {
            assert_eq!(HttpVersions::read(text).unwrap(), versions);
        }
        let error = HttpVersions::read(Some("h2")).unwrap_err().to_string();
        assert!(error.contains("--http \"h2\"") && error.contains("both"), "{error}");
    }
}
