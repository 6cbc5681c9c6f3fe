//! [`Target`]: the URL that is probed, its parts, and where relative references lead from it. Pure.

use std::fmt;

use url::{Host, Url};

/// An absolute URL of http or https, with a path that starts with a slash. All parts are as they go over the network: a name in
/// ASCII (IDNA), path and query percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
    /// The name or address, without the brackets of IPv6.
    pub(crate) host: String,
    /// The port, never 0.
    pub(crate) port: u16,
    /// The path, as it stands in a request.
    pub(crate) path: String,
    /// What follows the question mark, if anything.
    pub(crate) query: Option<String>,
}

/// What a URL looks like.
const FORM: &str =
    "write the URL of a page or a stream, such as https://example.org/ or wss://example.org/chat";

impl Target {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// When it is not one, has another scheme, or holds a user's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if lacks_host(text) {
            return Err(format!("the host is missing; {FORM}"));
        }
        if text.trim().is_empty() {
            return Err(format!("the URL is empty; {FORM}"));
        }
        let url = Url::parse(text);
        let is_whole = url.as_ref().is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_whole && !text.contains("://") && Url::parse(&format!("http://{text}")).is_ok() {
            return Err(format!("the scheme is missing; write http://{text} or https://{text}"));
        }
        Self::from_url(&url.map_err(|error| format!("not a URL ({error}); {FORM}"))?)
    }

    fn from_url(url: &Url) -> Result<Self, String> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(format!("{other} is none of http, https, ws and wss; {FORM}")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user name; use --header 'Authorization: …' instead".to_owned());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(format!("the host is missing; {FORM}")),
        };
        let port = url.port().unwrap_or(default_port(tls));
        if port == 0 {
            return Err(format!("nothing can listen on port 0; {FORM}"));
        }
        Ok(Self { tls, host, port, path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// Where a reference in an answer leads (WHATWG URL): a URL, `//host/…`, `/path`, `path` or `?query`.
    ///
    /// # Errors
    /// When it does not lead to a URL of http or https.
    pub(crate) fn join(&self, reference: &str) -> Result<Self, String> {
        if lacks_host(reference) {
            return Err(format!("the host is missing; {FORM}"));
        }
        let here = Url::parse(&self.to_string()).expect("a target is always a URL");
        Self::from_url(&here.join(reference).map_err(|error| error.to_string())?)
    }

    /// The same resource with this query.
    pub(crate) fn with_query<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Self { query: (!query.is_empty()).then_some(query), ..self }
    }

    /// The same, with more at the end of its query.
    pub(crate) fn and_query<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let before = self.query.clone().unwrap_or_default();
        let mut query = form_urlencoded::Serializer::new(before);
        query.extend_pairs(pairs);
        let query = query.finish();
        Self { query: (!query.is_empty()).then_some(query), ..self }
    }

    /// The first value of a name in the query, decoded.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_deref()?.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The same host, another path, as it stands in a request.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), query: None, ..self.clone() }
    }

    /// The path to the last slash, that one included.
    pub(crate) fn folder(&self) -> &str {
        &self.path[..self.path.rfind('/').map_or(0, |at| at + 1)]
    }

    /// http or https.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The value of the header `Host`.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }

    /// Host and port, as CONNECT names them (RFC 9110, 9.3.6).
    pub(crate) fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The value of the header `Origin` of this host's own pages.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// What a request line holds.
    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether another URL is reached over the same kind of connection.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.tls, self.port, &self.host) == (other.tls, other.port, &other.host)
    }
}

/// The URL of http or https that the upgrade to the WebSocket of this URL is sent to (RFC 6455, 3 and 4.1); none if it has another
/// scheme.
pub(crate) fn page_of_websocket(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "ws" => Some(format!("http:{rest}")),
        "wss" => Some(format!("https:{rest}")),
        _ => None,
    }
}

/// Whether a path follows where a host should stand, as in `https:///dante/`. Browsers take `dante` for the host there; whoever
/// wrote that did not mean it.
fn lacks_host(reference: &str) -> bool {
    let authority =
        reference.split_once("//").filter(|(scheme, _)| matches!(*scheme, "" | "http:" | "https:"));
    authority.is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path_and_query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, expected) in [
            ("http://localhost:8888", "http://localhost:8888/"),
            ("https://example.org:443/dante/?lang=it#x", "https://example.org/dante/?lang=it"),
            ("http://[::1]:81/a", "http://[::1]:81/a"),
            ("http://x:/", "http://x/"),
            ("https://müller.example/", "https://xn--mller-kva.example/"),
            ("http://h/caffè/?città=Forlì", "http://h/caff%C3%A8/?citt%C3%A0=Forl%C3%AC"),
            ("http://h/caff%C3%A8/", "http://h/caff%C3%A8/"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn refusals_name_the_remedy() {
        for (text, part) in [
            ("", "the URL is empty"),
            ("localhost", "write http://localhost or"),
            ("localhost:8888", "write http://localhost:8888 or"),
            ("127.0.0.1:8888", "write http://127.0.0.1:8888 or"),
            ("example.org/dante", "write http://example.org/dante or"),
            ("ftp://x/", "ftp is none of http"),
            ("mailto:x", "mailto is none of http"),
            ("http://", FORM),
            ("http://a b/", FORM),
            ("http://x:0/", "port 0"),
            ("http://u:p@x/", "--header 'Authorization"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn websockets() {
        assert_eq!(page_of_websocket("wss://h/x?y").as_deref(), Some("https://h/x?y"));
        assert_eq!(page_of_websocket("WS://h/").as_deref(), Some("http://h/"));
        assert_eq!(page_of_websocket("https://h/ws:"), None);
    }

    #[test]
    fn references() {
        let page = Target::parse("https://example.org/a/dante?x=1").unwrap();
        for (reference, expected) in [
            ("./dante/?x=1", "https://example.org/a/dante/?x=1"),
            ("socket.io/socket.io.js?v=1", "https://example.org/a/socket.io/socket.io.js?v=1"),
            ("/b/../c/.", "https://example.org/c/"),
            ("../../../d", "https://example.org/d"),
            ("//other.example/", "https://other.example/"),
            ("http://other.example:81", "http://other.example:81/"),
            ("?y=2", "https://example.org/a/dante?y=2"),
            ("", "https://example.org/a/dante?x=1"),
            ("/a b", "https://example.org/a%20b"),
        ] {
            assert_eq!(page.join(reference).unwrap().to_string(), expected, "{reference}");
        }
        for reference in ["javascript:alert(1)", "http://", "https:///dante/", "///dante/", "http://u@x/"] {
            assert!(page.join(reference).is_err(), "{reference}");
        }
    }

    #[test]
    fn queries() {
        let page = Target::parse("http://h/?v=1&w=a%20b").unwrap();
        assert_eq!(page.query_value("w").as_deref(), Some("a b"));
        assert_eq!(page.query_value("x"), None);
        let engine = page.at("/socket.io/").with_query([("EIO", "4"), ("sid", "AZ09-_ &\n")]);
        assert_eq!(engine.to_string(), "http://h/socket.io/?EIO=4&sid=AZ09-_+%26%0A");
        assert_eq!(engine.and_query([("quiet", "2")]).query_value("quiet").as_deref(), Some("2"));
        assert_eq!(page.at("/").and_query([("a", "b"), ("c", "d")]).to_string(), "http://h/?a=b&c=d");
        assert_eq!(page.with_query([]).query, None);
    }
}
