//! [`Origins`]: whose pages may read besides Dante's own (`--allow-origin`).

use http::HeaderValue;
use url::Url;

/// The origins of other pages that may read (RFC 6454; WHATWG HTML, "origin").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// No page but Dante's own. WebSocket, which browsers open to any host, stays open.
    #[default]
    Own,
    /// These, as browsers write them: scheme, host, and the port if it is not the scheme's.
    Listed(Vec<HeaderValue>),
    /// Every page.
    Any,
}

/// Why a list is none of origins: which of them is not one, if there are several.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0}not an origin; give scheme, host and, where it has one, port, such as https://shop.example or http://localhost:3000, or * for all"
)]
pub(crate) struct BadOrigin(String);

impl Origins {
    /// Reads a list, separated by commas.
    ///
    /// # Errors
    /// When one of them is not an origin. A page from a file, or in a sandbox, has none (`null`): only `*` lets it in.
    pub(crate) fn parse(text: &str) -> Result<Self, BadOrigin> {
        let names: Vec<_> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Err(BadOrigin(String::new()));
        }
        let bad = |name| BadOrigin(if names.len() > 1 { format!("{name:?} is ") } else { String::new() });
        let listed = names.iter().map(|name| parse(name).ok_or_else(|| bad(name)));
        let listed: Vec<_> = listed.collect::<Result<_, _>>()?;
        Ok(listed.into_iter().collect::<Option<_>>().map_or(Self::Any, Self::Listed))
    }
}

/// What one name lets in: every page, or those of an origin, which is written as a browser writes it.
fn parse(text: &str) -> Option<Option<HeaderValue>> {
    if text == "*" {
        return Some(None);
    }
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let named = url.username().is_empty() && url.password().is_none();
    if !["http", "https"].contains(&url.scheme()) || !bare || !named || text.contains('*') {
        return None;
    }
    HeaderValue::from_str(&url.origin().ascii_serialization()).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        match Origins::parse(text).unwrap() {
            Origins::Own => vec![],
            Origins::Any => vec!["*".to_owned()],
            Origins::Listed(origins) => {
                origins.iter().map(|origin| origin.to_str().unwrap().to_owned()).collect()
            }
        }
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (text, expected) in [
            ("https://shop.example", "https://shop.example"),
            ("https://Shop.Example/", "https://shop.example"),
            ("https://shop.example:443,http://localhost:3000", "https://shop.example,http://localhost:3000"),
            (" http://[::1]:80 , https://dänte.example ", "http://[::1],https://xn--dnte-loa.example"),
            ("*", "*"),
            ("https://shop.example,*", "*"),
        ] {
            assert_eq!(shown(text).join(","), expected);
        }
        for text in [
            "",
            ",",
            "null",
            "shop.example",
            "https://shop.example/page",
            "https://a@b",
            "ftp://a",
            "https://a?b",
            "https://*.example",
        ] {
            assert!(Origins::parse(text).is_err(), "{text}");
        }
    }
}
