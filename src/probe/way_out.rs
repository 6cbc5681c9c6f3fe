//! [`WaysOut`]: which proxy a request goes through, by the environment and `--proxy`, as curl has it. Pure.
//!
//! curl's rules: <https://curl.se/docs/manpage.html>, ENVIRONMENT, `--proxy` and `--noproxy`; in its source, `detect_proxy` in
//! lib/url.c and lib/noproxy.c.

use std::{fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri, uri::Authority};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;

use super::target::Target;
use crate::{bad_value::BadValue, hosting::environment::Environment};

/// What a proxy listens on where its URL does not say it; on 443 if TLS is spoken to it (curl: `CURL_DEFAULT_PROXY_PORT`).
const DEFAULT_PORT: u16 = 1080;
const DEFAULT_TLS_PORT: u16 = 443;

/// The option.
const OPTION: &str = "--proxy";

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

/// The way that requests for a target take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WayOut<'a> {
    /// No proxy is set.
    Direct,
    /// One is set, and not for this host; the variable that says so.
    Excepted(&'a Proxy, &'static str),
    /// Through this proxy.
    Through(&'a Proxy),
}

/// The ways that are set.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaysOut {
    /// For `http:`.
    http: Option<Proxy>,
    /// For `https:`.
    https: Option<Proxy>,
    /// Hosts that are reached without a proxy.
    exceptions: Option<Exceptions>,
}

/// Hosts that are reached without a proxy.
#[derive(Debug, Clone)]
struct Exceptions {
    /// The variable that names them.
    source: &'static str,
    hosts: Hosts,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    /// These; a matcher that finds a proxy for none of them.
    Listed(Arc<Matcher>),
}

impl WaysOut {
    /// Reads the option and the environment; the target says which value must be one that can be used.
    ///
    /// # Errors
    /// When the proxy that is set for the target cannot be used.
    pub(crate) fn read(
        option: Option<&str>,
        environment: &Environment,
        target: &Target,
    ) -> Result<Self, BadValue> {
        let exceptions = ["no_proxy", "NO_PROXY"]
            .into_iter()
            .find_map(|name| Some(Exceptions { source: name, hosts: Hosts::read(&environment.get(name)?) }));
        let set = |names: &[&'static str]| match option {
            // curl: an empty one means none, whatever the environment says.
            Some("") => None,
            Some(text) => Some((OPTION, text.to_owned())),
            None => names.iter().find_map(|name| Some((*name, environment.get(name)?))),
        };
        // curl has no HTTP_PROXY in upper case: in CGI, that is a header of the request (<https://httpoxy.org>).
        let http = set(&["http_proxy", "all_proxy", "ALL_PROXY"]);
        let https = set(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
        let [http, https] = [http, https].map(|set| set.map(|(source, text)| Proxy::read(source, &text)));
        let is_excepted = exceptions.as_ref().is_some_and(|exceptions| exceptions.hosts.contain(target));
        let needed = if target.tls { &https } else { &http };
        if let Some(Err(error)) = needed
            && !is_excepted
        {
            return Err(error.clone());
        }
        // What is wrong and not needed does not matter.
        Ok(Self { http: http.and_then(Result::ok), https: https.and_then(Result::ok), exceptions })
    }

    /// The way that requests for a target take.
    pub(crate) fn to(&self, target: &Target) -> WayOut<'_> {
        let Some(proxy) = (if target.tls { &self.https } else { &self.http }) else { return WayOut::Direct };
        match &self.exceptions {
            Some(exceptions) if exceptions.hosts.contain(target) => {
                WayOut::Excepted(proxy, exceptions.source)
            }
            _ => WayOut::Through(proxy),
        }
    }
}

impl Hosts {
    /// Reads a list: names with all below them, addresses, networks (CIDR), or an asterisk alone for all.
    fn read(text: &str) -> Self {
        if text.trim() == "*" {
            return Self::All;
        }
        let entries = text.split([',', ' ', '\t']).map(|entry| {
            let entry = entry.trim_end_matches('.');
            entry.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(entry)
        });
        // Among others, an asterisk is only a name that no host has.
        let list = entries.filter(|entry| !entry.is_empty() && *entry != "*").collect::<Vec<_>>().join(",");
        Self::Listed(Arc::new(Matcher::builder().all("http://proxy.invalid").no(list).build()))
    }

    fn contain(&self, target: &Target) -> bool {
        match self {
            Self::All => true,
            Self::Listed(matcher) => {
                let authority = bracketed(target.host.trim_end_matches('.'));
                let uri = Uri::builder().scheme("http").authority(authority).path_and_query("/").build();
                uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
            }
        }
    }
}

impl Proxy {
    /// Reads the URL of a proxy; without a scheme it is one of HTTP.
    fn read(source: &'static str, text: &str) -> Result<Self, BadValue> {
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
}

/// Its URL; of the credentials, only the user.
impl Proxy {
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
fn bracketed(host: &str) -> String {
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

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    /// The way to a URL, in words.
    fn way(url: &str, option: Option<&str>, variables: &[(&str, &str)]) -> String {
        let target = Target::parse(url).unwrap();
        match WaysOut::read(option, &environment(variables), &target).unwrap().to(&target) {
            WayOut::Direct => "direct".to_owned(),
            WayOut::Excepted(_, by) => format!("direct: {by}"),
            WayOut::Through(proxy) => format!("{proxy} by {}", proxy.source),
        }
    }

    /// What curl does (man page, ENVIRONMENT).
    #[test]
    #[cfg_attr(windows, ignore = "names of variables have no case there, and so HTTP_PROXY is http_proxy")]
    fn variables() {
        let (http, https) = ("http://h/", "https://h/");
        for (url, option, variables, expected) in [
            (http, None, &[][..], "direct"),
            (http, None, &[("http_proxy", "p:1")], "http://p:1 by http_proxy"),
            (https, None, &[("http_proxy", "p:1")], "direct"),
            (http, None, &[("HTTP_PROXY", "p:1")], "direct"),
            (https, None, &[("HTTPS_PROXY", "p:1")], "http://p:1 by HTTPS_PROXY"),
            (https, None, &[("HTTPS_PROXY", "p:1"), ("https_proxy", "q:1")], "http://q:1 by https_proxy"),
            (http, None, &[("ALL_PROXY", "p:1")], "http://p:1 by ALL_PROXY"),
            (https, None, &[("all_proxy", "p:1"), ("HTTPS_PROXY", "q:1")], "http://q:1 by HTTPS_PROXY"),
            (https, None, &[("https_proxy", ""), ("ALL_PROXY", "q:1")], "http://q:1 by ALL_PROXY"),
            (https, Some("p:1"), &[("https_proxy", "q:1")], "http://p:1 by --proxy"),
            (https, Some(""), &[("https_proxy", "q:1")], "direct"),
            (https, Some("p:1"), &[("NO_PROXY", "h")], "direct: NO_PROXY"),
            (https, Some("p:1"), &[("NO_PROXY", "h"), ("no_proxy", "i")], "http://p:1 by --proxy"),
            ("http://127.0.0.1/", None, &[("http_proxy", "p:1")], "http://p:1 by http_proxy"),
            // Of no matter for this scheme, or this host.
            (http, None, &[("https_proxy", "gopher://p")], "direct"),
            (https, None, &[("https_proxy", "gopher://p"), ("NO_PROXY", "*")], "direct"),
        ] {
            assert_eq!(way(url, option, variables), expected, "{url} {option:?} {variables:?}");
        }
    }

    /// The examples of curl's documentation, and those of its own tests (tests/unit/unit1614.c).
    #[test]
    fn hosts_without_a_proxy() {
        for (host, list, excepted) in [
            ("www.example.com", "localhost,.example.com,.example.de", true),
            ("www.example.com.", "localhost,.example.com,.example.de", true),
            ("example.com", "localhost,.example.com,.example.de", true),
            ("www.example.com", "localhost,.example.com.,.example.de", true),
            ("example.com", "localhost,.example.com,.example.de", true),
            ("y.example.com", ".example.com", true),
            ("x.example.com", "x.example.com", true),
            ("a.x.example.com", "x.example.com", true),
            ("anotherexample.com", "example.com", false),
            ("example.org", "example.com", false),
            ("www.example.com", "foo, bar ,EXAMPLE.com", true),
            ("www.example.com", "foo example.com", true),
            ("www.example.com", "*.example.com", false),
            ("www.example.com", "*", true),
            ("www.example.com", "foo,*", false),
            ("www.example.com", "example.com:80", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2", false),
            ("192.160.0.1", "192.160.0.0/16", true),
            ("192.160.0.1", "192.161.0.0/16", false),
            ("10.0.0.1", "foobar,10.0.0.0/8,example.com", true),
            ("[fe80::1]", "fe80::/64", true),
            ("[2001:db8::1]", "[2001:db8::1]", true),
            ("[2001:db8::2]", "2001:db8::1", false),
            ("localhost", "127.0.0.1", false),
        ] {
            let way = way(&format!("https://{host}/"), Some("p"), &[("no_proxy", list)]);
            assert_eq!(way == "direct: no_proxy", excepted, "{host} in {list:?}: {way}");
        }
    }

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
