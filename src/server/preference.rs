//! Headers with a client's preferences: Accept-Encoding, Accept-Language (RFC 9110, 12.4.2 "Quality Values").

use axum::http::{HeaderMap, HeaderName};

/// The items of a header, each with its weight from 0 to 1. Items with an invalid weight are left out.
pub(super) fn weighted(headers: &HeaderMap, name: HeaderName) -> Vec<(&str, f32)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(item).collect()
}

fn item(item: &str) -> Option<(&str, f32)> {
    let (name, weight) = match item.split_once(';') {
        None => (item, 1.0),
        Some((name, parameter)) => (name, parameter.trim().strip_prefix("q=")?.trim().parse().ok()?),
    };
    let name = name.trim();
    (!name.is_empty() && (0.0..=1.0).contains(&weight)).then_some((name, weight))
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT_ENCODING;

    use super::*;

    #[test]
    fn weights() {
        let mut headers = HeaderMap::new();
        for value in ["gzip, br ; q=0.5,, x;q=2", "deflate;q=0,y;v=1", "z;q=one"] {
            headers.append(ACCEPT_ENCODING, value.parse().unwrap());
        }
        let expected = [("gzip", 1.0), ("br", 0.5), ("deflate", 0.0)];
        assert_eq!(weighted(&headers, ACCEPT_ENCODING), expected);
    }
}
