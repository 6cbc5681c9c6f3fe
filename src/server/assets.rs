//! The files that the binary carries: our own from `static/`, and the official Socket.IO client.
//! `build.rs` makes the table, with hashes and precompressed forms.

use axum::{
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::preference::weighted;

/// One file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Below the prefix, without a slash before it.
    path: &'static str,
    /// The start of its SHA-256, in hexadecimal.
    hash: &'static str,
    identity: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The URL of an asset, relative to the root: with a hash, so that it may be cached for ever. Our own files share
/// one, so that what they name relatively, such as a bundle its map, has it, too.
pub(super) fn url(path: &str) -> Option<String> {
    let asset = find(path)?;
    Some(match path.strip_prefix("static/") {
        Some(own) => format!("static/{STATIC_HASH}/{own}"),
        None => format!("{path}?v={}", asset.hash),
    })
}

fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().map(|at| &ASSETS[at])
}

/// `GET static/HASH/…`, and `static/…`. By another build's hash, a page that was loaded before an update gets what
/// is there now.
pub(super) async fn own(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let (hash, own) = match path.split_once('/') {
        Some((hash, own)) if is_hash(hash) => (hash, own),
        _ => ("", path.as_str()),
    };
    serve(&format!("static/{own}"), hash == STATIC_HASH, &headers)
}

fn is_hash(segment: &str) -> bool {
    segment.len() == STATIC_HASH.len() && segment.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `GET favicon.ico`, which browsers request for anything that names no icon.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    serve("static/icon.svg", false, &headers)
}

/// `GET socket.io/socket.io.js` and `socket.io.min.js`: both are the minified file, which has a third of the bytes.
pub(super) async fn client_library(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    client("socket.io/socket.io.js", query.as_deref(), &headers)
}

/// `GET socket.io/socket.io.esm.min.js`: the same for `import`.
pub(super) async fn client_module(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    client("socket.io/socket.io.esm.min.js", query.as_deref(), &headers)
}

fn client(path: &str, query: Option<&str>, headers: &HeaderMap) -> Response {
    let version = query.and_then(|query| query.strip_prefix("v="));
    let current = version.is_some_and(|version| find(path).is_some_and(|asset| asset.hash == version));
    serve(path, current, headers)
}

/// Answers with a file; `current` says whether its URL is one that no other content will ever have.
fn serve(path: &str, current: bool, headers: &HeaderMap) -> Response {
    let Some(asset) = find(path) else { return StatusCode::NOT_FOUND.into_response() };
    let (coding, content) = choose(asset, headers);
    // Each encoding has its own tag, since the bytes differ (RFC 9110, 8.8.3).
    let tag = format!("\"{}-{}\"", asset.hash, coding.unwrap_or("identity"));
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    if matches_tag(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut response = (common, [(header::CONTENT_TYPE, content_type(path))], content).into_response();
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(coding));
    }
    response
}

/// Whether the client has this version already (RFC 9110, 13.1.2).
fn matches_tag(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    known.is_some_and(|known| {
        known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    })
}

/// The smallest encoding that the client accepts: brotli, gzip, or the file itself.
fn choose(asset: &Asset, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    // A file of a few bytes does not get smaller.
    let helps = |form: &[u8]| form.len() < asset.identity.len();
    if accepts(headers, "br") && helps(asset.brotli) {
        (Some("br"), asset.brotli)
    } else if accepts(headers, "gzip") && helps(asset.gzip) {
        (Some("gzip"), asset.gzip)
    } else {
        (None, asset.identity)
    }
}

/// Whether a client accepts a coding: named, with a weight above zero (RFC 9110, 12.5.3).
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = weighted(headers, header::ACCEPT_ENCODING);
    accepted.iter().any(|(name, weight)| name.eq_ignore_ascii_case(coding) && *weight > 0.0)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("map") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        let accepts = |accepted: &'static str, coding| {
            let value = header::HeaderValue::from_static(accepted);
            accepts(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]), coding)
        };
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brr", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn bundles_need_nothing_else_and_name_their_sources() {
        let text = |path: &str| std::str::from_utf8(find(path).unwrap().identity).unwrap();
        for asset in ASSETS.iter().filter(|asset| asset.path.starts_with("static/css/")) {
            assert!(!text(asset.path).contains("@import"), "{}", asset.path);
        }
        for page in ["read", "compare", "hello"] {
            let path = format!("static/js/{page}.js");
            let script = text(&path);
            assert!(!script.contains("from\"./") && !script.contains("import(\"./"), "{path}");
            assert!(script.trim_end().ends_with(&format!("//# sourceMappingURL={page}.js.map")), "{path}");
            let map: serde_json::Value = serde_json::from_str(text(&format!("{path}.map"))).unwrap();
            let sources: Vec<_> =
                map["sources"].as_array().unwrap().iter().map(|source| source.as_str().unwrap()).collect();
            // The same on every machine that builds it.
            assert!(sources.iter().all(|source| source.starts_with("source/js/")), "{sources:?}");
            assert!(sources.contains(&format!("source/js/{page}.js").as_str()), "{sources:?}");
        }
    }

    #[test]
    fn every_asset_has_a_type_and_is_sent_in_its_smallest_form() {
        for asset in ASSETS {
            assert_ne!(content_type(asset.path), "application/octet-stream", "{}", asset.path);
            let all = header::HeaderValue::from_static("br, gzip");
            let (_, content) = choose(asset, &HeaderMap::from_iter([(header::ACCEPT_ENCODING, all)]));
            let forms = [asset.brotli, asset.gzip, asset.identity].map(<[u8]>::len);
            assert_eq!(Some(content.len()), forms.into_iter().min(), "{}", asset.path);
            assert!(url(asset.path).is_some(), "{}", asset.path);
        }
    }
}
