//! [`Target`]: the URL that is probed, its parts, and where relative references lead from it. Pure.

use std::fmt;

use http::Uri;

/// An absolute URL of http or https, with a path that starts with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// The name or address, without the brackets of IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, as it stands in a request.
    pub path: String,
    /// What follows the question mark, if anything.
    pub query: Option<String>,
}

/// What stands between the host and its path.
const FORM: &str = "give the URL of a page, such as https://example.org/dante/";

impl Target {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// When it is none, of another scheme, or holds a user's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|error| format!("it is no URL ({error}); {FORM}"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(other) => return Err(format!("{other} is neither http nor https; {FORM}")),
            None => return Err(format!("it has no scheme; {FORM}")),
        };
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.contains('@') {
            return Err("it holds a user's name; give --header 'Authorization: …' instead".to_owned());
        }
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = match uri.port() {
            None if authority.ends_with(':') => return Err(format!("its port is empty; {FORM}")),
            None => default_port(tls),
            Some(port) if port.as_u16() > 0 => port.as_u16(),
            Some(_) => return Err(format!("port 0 cannot be connected to; {FORM}")),
        };
        if host.is_empty() {
            return Err(format!("it names no host; {FORM}"));
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
            path: if uri.path().is_empty() { "/".to_owned() } else { uri.path().to_owned() },
            query: uri.query().map(str::to_owned),
        })
    }

    /// Where a reference in an answer leads (RFC 3986, 5.2): a URL, `//host/…`, `/path`, `path` or `?query`.
    ///
    /// # Errors
    /// When it leads to what is no URL of http or https.
    pub fn join(&self, reference: &str) -> Result<Self, String> {
        let reference = reference.split('#').next().unwrap_or_default();
        let scheme = reference.split(['/', '?']).next().is_some_and(|first| first.contains(':'));
        if scheme {
            return Self::parse(reference);
        }
        if reference.starts_with("//") {
            return Self::parse(&format!("{}:{reference}", self.scheme()));
        }
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let path = match path {
            "" => self.path.clone(),
            absolute if absolute.starts_with('/') => without_dots(absolute),
            relative => without_dots(&format!("{}{relative}", self.folder())),
        };
        let query = query.map(str::to_owned).or_else(|| self.query.clone().filter(|_| reference.is_empty()));
        // Once more through the parser: what a request cannot hold is refused here.
        let joined = Self { path, query, ..self.clone() };
        Self::parse(&joined.to_string())
    }

    /// The same host, another path.
    pub fn at(&self, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        Self { path: path.to_owned(), query, ..self.clone() }
    }

    /// The path to the last slash, that one included.
    pub fn folder(&self) -> &str {
        &self.path[..self.path.rfind('/').map_or(0, |at| at + 1)]
    }

    /// http or https.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The value of the header `Host`.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }

    /// The value of the header `Origin` of this host's own pages.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// What a request line holds.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether another URL is reached over the same kind of connection.
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.tls, self.port) == (other.tls, other.port) && self.host.eq_ignore_ascii_case(&other.host)
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// A path without `.` and `..` (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.iter().enumerate() {
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if at == last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
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
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "localhost",
            "localhost:8888",
            "ftp://x/",
            "http://",
            "http://a b/",
            "http://x:0/",
            "http://x:/",
            "http://u:p@x/",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
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
        ] {
            assert_eq!(page.join(reference).unwrap().to_string(), expected, "{reference}");
        }
        for reference in ["javascript:alert(1)", "/a b", "http://"] {
            assert!(page.join(reference).is_err(), "{reference}");
        }
    }
}
