//! [`WaysOut`]: which proxy a request goes through, by the environment and `--proxy`, as curl has it. Pure.
//!
//! curl's rules: <https://curl.se/docs/manpage.html>, ENVIRONMENT, `--proxy` and `--noproxy`; in its source, `detect_proxy` in
//! lib/url.c and lib/noproxy.c.

mod proxy;

use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use self::proxy::bracketed;
pub(crate) use self::proxy::{Proxy, ProxyKind};
use super::target::Target;
use crate::{bad_value::BadValue, hosting::environment::Environment};

/// The option.
const OPTION: &str = "--proxy";

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
}
