//! An address of this site as a QR code (ISO/IEC 18004), for phones in a room to read off the wall.
//!
//! Only the browser knows how this site is called where it is, so the page gives its own address. What is no address of ours is refused:
//! nobody gets a code for a place or a text of his choice from a host that people trust.

use std::fmt::Write as _;

use axum::{
    extract::RawQuery,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use qrcode::{Color, EcLevel, QrCode};
use url::Url;

use super::cross_origin::is_own;
use crate::{contract::paths, query::parameter, room::RoomName};

/// The longest address that is drawn, in bytes. A longer one makes a code that no camera reads across a room.
const LONGEST: usize = 300;

/// The margin that readers need (ISO/IEC 18004, 6.3.8), in modules.
const QUIET_ZONE: usize = 4;

/// What an address may say beside its path: where and how its page opens. Everything else might be anything.
const PARAMETERS: [&str; 4] = ["lang", "canto", "stanza", "present"];

/// The pages whose path has no final slash.
const NAMED: [&str; 2] = [paths::SERVER_SOCKETIO, paths::SERVER_FAYE];

/// `GET qr.svg?of=ADDRESS`: the code for the address of one of our pages, as the browser has it.
pub(super) async fn code(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let drawn = parameter(&query.unwrap_or_default(), "of")
        .ok_or("bad-of: give the address of a page of this site: qr.svg?of=ADDRESS")
        .and_then(|address| check(&address, &headers).and_then(|()| draw(&address)));
    match drawn {
        Ok(svg) => {
            // Not for shared caches: who may have it depends on headers.
            let headers =
                [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, max-age=86400")];
            (headers, svg).into_response()
        }
        Err(message) => {
            (StatusCode::BAD_REQUEST, [(header::CACHE_CONTROL, "no-store")], message).into_response()
        }
    }
}

/// Whether this is the address of one of our pages, on this host.
fn check(address: &str, headers: &HeaderMap) -> Result<(), &'static str> {
    if address.len() > LONGEST || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("bad-of: give an address of at most 300 characters, all of them visible ASCII");
    }
    let url = Url::parse(address).map_err(|_| "bad-of: this is no address")?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err("bad-of: give an address with http or https, and without a user or a fragment");
    }
    if !is_page(url.path()) || !url.query_pairs().all(|(name, _)| PARAMETERS.contains(&&*name)) {
        return Err("bad-of: this is not the address of a page that can be read");
    }
    let origin = HeaderValue::try_from(url.origin().ascii_serialization());
    if !origin.is_ok_and(|origin| is_own(&origin, headers)) {
        return Err("bad-of: this address is not on the host that was asked");
    }
    Ok(())
}

/// Whether a path is one of our reading pages', under whatever prefix.
fn is_page(path: &str) -> bool {
    let in_room = || {
        let (folder, name) = path.rsplit_once('/')?;
        Some(folder.ends_with("/room") && RoomName::parse(name).is_some())
    };
    path.ends_with('/') || NAMED.iter().any(|page| path.ends_with(page)) || in_room().unwrap_or_default()
}

/// Draws a code, a unit for each module: one path, whose colours are the same in the dark, as readers want dark on light.
fn draw(text: &str) -> Result<String, &'static str> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|_| "bad-of: this address is too long for a code")?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            let length = run.len();
            if run[0] == Color::Dark {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += length;
        }
    }
    let size = width + 2 * QUIET_ZONE;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{path}\"/></svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(named: &[(&'static str, &str)]) -> HeaderMap {
        named.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// What a decoder of other people's reads, of the path as it is drawn at so many pixels a module.
    fn read(svg: &str, scale: usize) -> String {
        let size: usize =
            svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let path = svg.rsplit("d=\"").next().unwrap().split('"').next().unwrap();
        let mut dark = vec![false; size * size];
        for run in path.split('M').skip(1) {
            let (at, rest) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let start = y.parse::<usize>().unwrap() * size + x.parse::<usize>().unwrap();
            let (length, way_back) = rest.split_once("v1h-").unwrap();
            assert_eq!(way_back, format!("{length}z"));
            let length: usize = length.parse().unwrap();
            dark[start..start + length].fill(true);
        }
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(size * scale, size * scale, |x, y| {
            if dark[y / scale * size + x / scale] { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_code_is_read_as_the_address_that_it_was_drawn_for() {
        let longest = format!("https://example.org/{}/room/{}", "p".repeat(150), "n".repeat(64));
        for address in
            ["http://192.168.1.7:8888/", "https://example.org/dante/room/class-3?lang=it", &longest]
        {
            for scale in [2, 5] {
                assert_eq!(read(&draw(address).unwrap(), scale), address);
            }
        }
    }

    #[test]
    fn only_addresses_of_pages_on_this_host_are_drawn() {
        let here = headers(&[("host", "example.org")]);
        for address in [
            "http://example.org/",
            "https://EXAMPLE.org:443/any/prefix/",
            "https://example.org/dante/room/Class-3_b",
            "https://example.org/room/a?lang=it&present",
            "https://example.org/server-faye.js?canto=inferno%2F1&stanza=2",
        ] {
            assert_eq!(check(address, &here), Ok(()), "{address}");
        }
        for address in [
            "",
            "Any text at all",
            "javascript:alert(1)",
            "ftp://example.org/",
            "https://evil.example/",
            "https://example.org:8443/",
            "https://example.org.evil.example/",
            "https://user@example.org/",
            "https://example.org/room/a#conduct=a-token-that-nobody-guesses",
            "https://example.org/room/a?conduct=a-token-that-nobody-guesses",
            "https://example.org/?text=anything",
            "https://example.org/room/a.b",
            "https://example.org/hosting.json",
            "https://example.org/\u{e8}/",
            &format!("https://example.org/{}/", "p".repeat(LONGEST)),
        ] {
            assert!(check(address, &here).is_err(), "{address}");
        }
    }

    #[test]
    fn behind_a_proxy_the_host_is_what_the_browser_asked_for() {
        let address = "https://example.org/dante/";
        for (named, good) in [
            (&[("host", "127.0.0.1:8888")][..], false),
            (&[("host", "127.0.0.1:8888"), ("x-forwarded-host", "inner, example.org")], true),
            (&[("host", "127.0.0.1:8888"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "127.0.0.1:8888"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "127.0.0.1:8888"), ("sec-fetch-site", "none")], false),
            (&[], false),
        ] {
            assert_eq!(check(address, &headers(named)).is_ok(), good, "{named:?}");
        }
    }
}
