//! [`Proxy`]: what is spoken to it, where it listens, and who asks. Pure.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, uri::Authority};
use percent_encoding::percent_decode_str;

use crate::{bad_value::BadValue, probe::target::Target};

/// What a proxy listens on where its URL does not say it; on 443 if TLS is spoken to it (curl: `CURL_DEFAULT_PROXY_PORT`).
const DEFAULT_PORT: u16 = 1080;
const DEFAULT_TLS_PORT: u16 = 443;

/// What is spoken to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    /// HTTP (RFC 9110, 9.3.6 and 7.6).
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS 5 (RFC 1928); the name is looked up here.
    Socks5,
    /// SOCKS 5; the proxy looks the name up.
    Socks5h,
}

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// What is spoken to it.
    pub(crate) kind: ProxyKind,
    /// Its name or address, without the brackets of IPv6.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// User and password, decoded.
    pub(crate) credentials: Option<(String, String)>,
    /// The variable or option that names it.
    pub(crate) source: &'static str,
}

impl Proxy {
    /// Reads the URL of a proxy; without a scheme it is one of HTTP.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn read(source: &'static str, text: &str) -> Result<Self, BadValue> {
        const FORM: &str = "write http://HOST:PORT, or https, socks5 or socks5h in the place of http";
        let shown = without_password(text);
        let refuse = |reason: String| BadValue::new(source, &shown, reason);
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" => ProxyKind::Socks5,
            "socks5h" => ProxyKind::Socks5h,
            "socks" | "socks4" | "socks4a" => {
                return Err(refuse(format!("{scheme} is not supported; use socks5 or socks5h")));
            }
            _ => return Err(refuse(format!("{scheme} is not a kind of proxy; {FORM}"))),
        };
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let authority: Authority =
            place.parse().map_err(|_| refuse(format!("not the URL of a proxy; {FORM}")))?;
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None if kind == ProxyKind::Https => DEFAULT_TLS_PORT,
            None => DEFAULT_PORT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| refuse(format!("the port is not a number from 1 to 65535; {FORM}")))?,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(refuse(format!("the host is missing; {FORM}")));
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = user.map(|user| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            (decoded(user), decoded(password))
        });
        let too_long =
            |(user, password): &(String, String)| user.len().max(password.len()) > usize::from(u8::MAX);
        if credentials.as_ref().is_some_and(too_long) {
            return Err(refuse("user and password have at most 255 bytes each (RFC 1929)".to_owned()));
        }
        Ok(Self { kind, host, port, credentials, source })
    }

    /// Where it listens.
    pub(crate) fn place(&self) -> Target {
        let tls = self.kind == ProxyKind::Https;
        Target { tls, host: self.host.clone(), port: self.port, path: "/".to_owned(), query: None }
    }

    /// Whether it speaks HTTP, and so can be asked for a URL.
    pub(crate) fn speaks_http(&self) -> bool {
        matches!(self.kind, ProxyKind::Http | ProxyKind::Https)
    }

    /// Whether it looks up the name of the host.
    pub(crate) fn looks_names_up(&self) -> bool {
        self.kind != ProxyKind::Socks5
    }

    /// The value of `Proxy-Authorization` (RFC 7617), if there are credentials.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        let text = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// As browsers are told of it, without user and password. They leave names to every proxy, SOCKS or not.
    pub(crate) fn for_browsers(&self) -> String {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 | ProxyKind::Socks5h => "socks5",
        };
        format!("{scheme}://{}:{}", bracketed(&self.host), self.port)
    }
}

/// Its URL; of the credentials, only the user.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        let user = self.credentials.as_ref().map(|(user, _)| format!("{user}@")).unwrap_or_default();
        write!(f, "{scheme}://{user}{}:{}", bracketed(&self.host), self.port)
    }
}

/// Without the password, which is to stand in no log.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.source)
    }
}

/// A host as a URL has it.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The text of a URL without the password in it.
fn without_password(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let Some(end) = text[start..].rfind('@').map(|at| start + at) else { return text.to_owned() };
    match text[start..end].find(':') {
        Some(colon) => format!("{}:…{}", &text[..start + colon], &text[end..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_proxies() {
        let read = |text: &str| Proxy::read("--proxy", text);
        for (text, shown, credentials) in [
            ("proxy", "http://proxy:1080", None),
            ("Proxy:3128/", "http://proxy:3128", None),
            ("http://proxy:80", "http://proxy:80", None),
            ("https://proxy", "https://proxy:443", None),
            ("socks5h://[::1]:9050", "socks5h://[::1]:9050", None),
            ("SOCKS5://p:1", "socks5://p:1", None),
            ("http://dante:al%3Agh%40ieri@p:1", "http://dante@p:1", Some(("dante", "al:gh@ieri"))),
            ("dante@p:1", "http://dante@p:1", Some(("dante", ""))),
        ] {
            let proxy = read(text).unwrap();
            assert_eq!(proxy.to_string(), shown);
            let credentials = credentials.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(proxy.credentials, credentials, "{text}");
        }
        for (text, part) in [
            ("socks4://p:1", "socks5h"),
            ("gopher://p:1", "gopher is not a kind of proxy"),
            ("http://", "URL of a proxy"),
            ("http://p:0", "port"),
            ("http://p:99999", "port"),
            ("http://a b:1", "http://HOST:PORT"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("--proxy"), "{text}: {error}");
        }
        let secret = read("http://dante:inferno@p:0").unwrap_err().to_string();
        assert!(secret.contains("dante:…@p:0") && !secret.contains("inferno"), "{secret}");
        let proxy = read("http://dante:inferno@p:1").unwrap();
        assert_eq!(proxy.authorization().unwrap().to_str().unwrap(), "Basic ZGFudGU6aW5mZXJubw==");
        assert!(!format!("{proxy:?}").contains("inferno"));
    }
}
