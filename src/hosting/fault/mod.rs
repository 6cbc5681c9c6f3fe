//! [`Fault`]: what a host can do wrong to a request, each with a message for a tired person: what arrived, why that
//! is wrong, and what to change. Pure.

pub(crate) mod log;

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::contract::FaultId;

/// How many bytes of a client's text to show at most.
const SHOWN: usize = 200;

/// Something wrong with a request as it arrived. The texts in it are already escaped and bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A TLS handshake (RFC 8446, 5.1: record type 22, then the version 3).
    Tls,
    /// HAProxy's PROXY protocol, version 1 or 2 (haproxy doc/proxy-protocol.txt, 2.1 and 2.2).
    ProxyProtocol,
    /// The preface of HTTP/2 with prior knowledge (RFC 9113, 3.4).
    Http2,
    /// A version that is neither HTTP/1.0 nor HTTP/1.1.
    Version(String),
    /// A target with a space, which would end it (RFC 9112, 3.2): something decoded the URL.
    Space,
    /// A target with bytes that a URL holds only in escaped form (RFC 3986, 2).
    Unescaped,
    /// A target that alone is longer than a head may be.
    LongTarget,
    /// A head longer than 32 KiB, or with more than a hundred headers.
    LargeHead,
    /// A head that did not come to its end in this time.
    LateHead(Duration),
    /// A body that did not come to its end in this time.
    LateBody(Duration),
    /// A valid request line, and a malformed header.
    Header,
    /// Not HTTP at all.
    Garbage,
    /// HTTP/1.1 without Host (RFC 9112, 3.2).
    NoHost,
    /// More than one header Host (RFC 9112, 3.2), or one with several names.
    SeveralHosts(String),
    /// A Host that is not a name with an optional port (RFC 9110, 7.2).
    BadHost(String),
    /// A path that Dante knows, under a prefix that it does not.
    OtherPrefix {
        /// The prefix of the path.
        seen: String,
        /// What was configured or detected.
        configured: String,
    },
    /// The prefix twice.
    DoubledPrefix(String),
    /// `//` in the path.
    EmptySegment(String),
    /// The target file of IIS's URL Rewrite, before another path.
    RewriteTarget(String),
    /// A header of a proxy that cannot be used.
    Forwarded {
        /// The header.
        name: &'static str,
        /// The value that would be used.
        value: String,
        /// Why it cannot be.
        reason: String,
    },
}

impl Fault {
    /// Tells what is wrong with a request that hyper refused with `status`, from its first bytes: mostly the
    /// request line, which is `open` if its end has not come.
    pub(crate) fn of_head(line: &[u8], status: StatusCode, open: bool) -> Self {
        match status {
            StatusCode::URI_TOO_LONG => return Self::LongTarget,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE if open => return Self::LongTarget,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => return Self::LargeHead,
            _ => {}
        }
        if line.starts_with(&[0x16, 3]) {
            return Self::Tls;
        }
        if line.starts_with(b"PROXY ") || line.starts_with(b"\r\n\r\n\0\r\n") {
            return Self::ProxyProtocol;
        }
        let line = line.trim_ascii_start();
        if line.starts_with(b"PRI * HTTP/2") {
            return Self::Http2;
        }
        let Some((method, target, version)) = split(line) else { return Self::Garbage };
        if method.is_empty() || !method.iter().all(u8::is_ascii_uppercase) || target.is_empty() {
            Self::Garbage
        } else if target.contains(&b' ') {
            Self::Space
        } else if target.iter().any(|byte| !byte.is_ascii_graphic() || b"<>\"\\^`{|}#".contains(byte)) {
            Self::Unescaped
        } else if !matches!(version, b"HTTP/1.0" | b"HTTP/1.1") {
            Self::Version(describe_text(version))
        } else {
            Self::Header
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Http2 | Self::Version(_) => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::LongTarget => StatusCode::URI_TOO_LONG,
            Self::LargeHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::LateHead(_) | Self::LateBody(_) => StatusCode::REQUEST_TIMEOUT,
            Self::OtherPrefix { .. }
            | Self::DoubledPrefix(_)
            | Self::EmptySegment(_)
            | Self::RewriteTarget(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The fault's name, by which repetitions are counted.
    pub(crate) fn id(&self) -> FaultId {
        match self {
            Self::Tls => FaultId::Tls,
            Self::ProxyProtocol => FaultId::ProxyProtocol,
            Self::Http2 => FaultId::Http2,
            Self::Version(_) => FaultId::Version,
            Self::Space => FaultId::Space,
            Self::Unescaped => FaultId::Unescaped,
            Self::LongTarget => FaultId::LongTarget,
            Self::LargeHead => FaultId::LargeHead,
            Self::LateHead(_) => FaultId::LateHead,
            Self::LateBody(_) => FaultId::LateBody,
            Self::Header => FaultId::Header,
            Self::Garbage => FaultId::Garbage,
            Self::NoHost => FaultId::NoHost,
            Self::SeveralHosts(_) => FaultId::SeveralHosts,
            Self::BadHost(_) => FaultId::BadHost,
            Self::OtherPrefix { .. } => FaultId::OtherPrefix,
            Self::DoubledPrefix(_) => FaultId::DoubledPrefix,
            Self::EmptySegment(_) => FaultId::EmptySegment,
            Self::RewriteTarget(_) => FaultId::RewriteTarget,
            Self::Forwarded { .. } => FaultId::Forwarded,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls => f.write_str(
                "This is a plain HTTP port, and a TLS handshake arrived: something used https. Have the proxy use \
                 http:// for Dante, or open the address with http://; TLS ends at the proxy.",
            ),
            Self::ProxyProtocol => f.write_str(
                "The connection began with the PROXY protocol, which Dante does not read. Turn it off at the \
                 proxy (HAProxy: send-proxy, nginx: proxy_protocol) and send X-Forwarded-For instead.",
            ),
            Self::Http2 => f.write_str(
                "HTTP/2 arrived without TLS (its preface, PRI * HTTP/2.0); Dante speaks only HTTP/1.1. Have the \
                 proxy use HTTP/1.1 for Dante (HAProxy: no `proto h2`, Caddy: no `h2c://`, nginx: \
                 `proxy_http_version 1.1`); browsers can still reach the proxy over HTTP/2.",
            ),
            Self::Version(version) => write!(
                f,
                "The request line has the version \"{version}\"; Dante speaks HTTP/1.1 and HTTP/1.0. Have the \
                 proxy use HTTP/1.1 for Dante (nginx: `proxy_http_version 1.1`)."
            ),
            Self::Space => f.write_str(
                "The URL in the request line contains a space, which ends it: something on the way decoded it. \
                 Have the proxy pass the URL on unchanged, with %20 (nginx: `proxy_pass` without variables; IIS: \
                 URL Rewrite's {UNENCODED_URL}), or choose a name without spaces.",
            ),
            Self::Unescaped => f.write_str(
                "The URL in the request line contains characters that must be escaped (%C3%A8): something on the \
                 way decoded it. Have the proxy pass the URL on unchanged (IIS: URL Rewrite's {UNENCODED_URL}), or \
                 choose a plain name.",
            ),
            Self::LongTarget => f.write_str(
                "The URL is longer than 32 KiB. Dante's own have a few hundred at most: look for a rule at \
                 the proxy that adds to the URL again and again.",
            ),
            Self::LargeHead => f.write_str(
                "The request has more than 100 headers, or more than 32 KiB of them. Look for a proxy that \
                 adds headers again and again (a loop through itself), and clear the site's cookies.",
            ),
            Self::LateHead(time) => write!(
                f,
                "The request's head did not come to its end within {time:?}, so Dante stopped waiting. Ask again; if it \
                 happens often, look at what sends requests in pieces: a proxy that passes them on before it has them \
                 whole, or a client that holds connections open on purpose."
            ),
            Self::LateBody(time) => write!(
                f,
                "The request's body did not come to its end within {time:?}, so Dante stopped waiting. Send it again; \
                 if it happens often, look for a proxy that passes bodies on piece by piece (nginx: \
                 `proxy_request_buffering on`), or a Content-Length that promises more than is sent."
            ),
            Self::Header => f.write_str(
                "The request line is fine, but a header after it is malformed: a name with a space or without \
                 a colon, a control character, or a Content-Length or Transfer-Encoding that makes no sense. \
                 Look at what the proxy adds or changes.",
            ),
            Self::Garbage => f.write_str(
                "This is not an HTTP request. Check that an HTTP proxy or a browser connects to this port, and \
                 that it is the right port.",
            ),
            Self::NoHost => f.write_str(
                "The request is HTTP/1.1 without a Host header, which HTTP requires (RFC 9112, 3.2). Have the \
                 proxy pass it on (nginx: `proxy_set_header Host $host`, Apache: `ProxyPreserveHost On`).",
            ),
            Self::SeveralHosts(value) => write!(
                f,
                "The request names several hosts: \"{value}\". HTTP allows one (RFC 9112, 3.2); have the proxy \
                 replace the Host header instead of adding to it."
            ),
            Self::BadHost(value) => write!(
                f,
                "The Host header is \"{value}\", which is not a name with an optional port. Have the proxy pass on \
                 what the browser sent (nginx: `proxy_set_header Host $host`)."
            ),
            Self::OtherPrefix { seen, configured } if configured.is_empty() => write!(
                f,
                "The request came in under \"{seen}\", but Dante has no prefix configured. Start Dante with \
                 --prefix {seen} (or DANTE_PREFIX={seen}), or have the host strip it."
            ),
            Self::OtherPrefix { seen, configured } => write!(
                f,
                "The request came in under \"{seen}\", but Dante's prefix is \"{configured}\". Start Dante with \
                 --prefix {seen} (or DANTE_PREFIX={seen}), or have the host send {configured} or strip what it \
                 sends: Dante answers below its prefix and at the root."
            ),
            Self::DoubledPrefix(prefix) => write!(
                f,
                "The path has the prefix \"{prefix}\" twice: the host adds it to a path that already has it. Have \
                 it add nothing (nginx: `proxy_pass http://dante;` without a path)."
            ),
            Self::EmptySegment(path) => write!(
                f,
                "The path \"{path}\" has a double slash. One of the two comes from the host's rule (nginx: \
                 `location /dante/` goes with `proxy_pass http://dante/;`, both with a slash at the end)."
            ),
            Self::RewriteTarget(script) => write!(
                f,
                "The path still contains the target of a rewrite, \"{script}\", before the path that was asked \
                 for. Have the rule rewrite to {script} alone, without the path that follows: iisnode passes the \
                 original URL on by itself."
            ),
            Self::Forwarded { name, value, reason } => write!(
                f,
                "The header {name} is \"{value}\" and is ignored: {reason}. The last of several values counts, \
                 since the nearest proxy wrote it; have that proxy send one valid value, or none."
            ),
        }
    }
}

/// The method, target and version of a request line, valid or not: the first space ends the method, the last one
/// starts the version.
pub(crate) fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let first = line.iter().position(|byte| *byte == b' ')?;
    let last = line.iter().rposition(|byte| *byte == b' ').filter(|last| *last > first)?;
    let version = &line[last + 1..];
    version.starts_with(b"HTTP/").then_some((&line[..first], &line[first + 1..last], version))
}

/// A request line to show: without its query, which may be private, escaped and bounded.
pub(crate) fn describe_request_line(line: &[u8]) -> String {
    let without_query = |text: &[u8]| match text.iter().position(|byte| *byte == b'?') {
        Some(at) => describe_text(&text[..at]) + "?\u{2026}",
        None => describe_text(text),
    };
    match split(line) {
        Some((method, target, version)) => {
            format!("{} {} {}", describe_text(method), without_query(target), describe_text(version))
        }
        None => without_query(line),
    }
}

/// A client's text to show: escaped and bounded.
pub(crate) fn describe_text(text: &[u8]) -> String {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let (part, more) = text.split_at_checked(SHOWN).unwrap_or((text, b""));
    format!("{}{}", part.escape_ascii(), if more.is_empty() { "" } else { "\u{2026}" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_is_known_by_its_words() {
        let text = || "x".to_owned();
        for fault in [
            Fault::Tls,
            Fault::ProxyProtocol,
            Fault::Http2,
            Fault::Version(text()),
            Fault::Space,
            Fault::Unescaped,
            Fault::LongTarget,
            Fault::LargeHead,
            Fault::LateHead(Duration::from_secs(10)),
            Fault::LateBody(Duration::from_secs(30)),
            Fault::Header,
            Fault::Garbage,
            Fault::NoHost,
            Fault::SeveralHosts(text()),
            Fault::BadHost(text()),
            Fault::OtherPrefix { seen: text(), configured: String::new() },
            Fault::OtherPrefix { seen: text(), configured: text() },
            Fault::DoubledPrefix(text()),
            Fault::EmptySegment(text()),
            Fault::RewriteTarget(text()),
            Fault::Forwarded { name: "X-Forwarded-Prefix", value: text(), reason: text() },
        ] {
            assert_eq!(FaultId::of_sentence(&fault.to_string()), Some(fault.id()), "{fault}");
        }
        assert_eq!(FaultId::of_sentence("404 page not found"), None);
    }

    #[test]
    fn heads_that_hyper_refuses() {
        let lines: &[(&[u8], &str)] = &[
            (b"\x16\x03\x01\x02\x00\x01\x00", "tls"),
            (b"\x16", "garbage"),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n", "proxy-protocol"),
            (b"\r\n\r\n\0\r\nQUIT\n", "proxy-protocol"),
            (b"PRI * HTTP/2\r\n", "http2"),
            (b"GET / HTTP/2.0\r\n", "version"),
            (b"GET / HTTP/\xff\r\n", "version"),
            (b"GET /my app/ HTTP/1.1\r\n", "space"),
            (b"GET / ?x= HTTP/2.0\r\n", "space"),
            (b"GET /\xe8 HTTP/1.1\r\n", "unescaped"),
            (b"GET /a\tb HTTP/1.0\r\n", "unescaped"),
            (b"GET / HTTP/1.1\r\n", "header"),
            (b"GET /\r\n", "garbage"),
            (b"GET  HTTP/1.1\r\n", "garbage"),
            (b"hello\r\n", "garbage"),
            (b"", "garbage"),
        ];
        for (line, name) in lines {
            assert_eq!(
                Fault::of_head(line, StatusCode::BAD_REQUEST, false).id().to_string(),
                *name,
                "{}",
                line.escape_ascii()
            );
        }
        for (refused, open, status, name) in [
            (414, false, 414, "long-target"),
            (431, true, 414, "long-target"),
            (431, false, 431, "large-head"),
        ] {
            let fault = Fault::of_head(b"GET / HTTP/1.1", StatusCode::from_u16(refused).unwrap(), open);
            assert_eq!((fault.id().to_string().as_str(), fault.status().as_u16()), (name, status));
        }
    }

    #[test]
    fn what_is_shown_is_escaped_bounded_and_without_its_query() {
        for (line, text) in [
            (&b"GET /a b?sid=secret x HTTP/1.1\r\n"[..], "GET /a b?\u{2026} HTTP/1.1"),
            (b"GET /x?secret\r\n", "GET /x?\u{2026}"),
            (b"G\x1b[2J\n", "G\\x1b[2J"),
        ] {
            assert_eq!(describe_request_line(line), text);
        }
        assert_eq!(describe_text(&[b'x'; 5000]).chars().count(), SHOWN + 1);
    }
}
