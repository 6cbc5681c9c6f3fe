//! Verdicts on HTTP/2.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::Http2Only,
        "This port speaks only HTTP/2: browsers can load the page and use polling and event streams, but clients that speak only HTTP/1.1, which most outside of browsers do, get nothing, and there is no WebSocket without extended CONNECT.",
        "let the server speak HTTP/1.1, too (ALPN http/1.1)",
    ),
    Entry::new(
        VerdictId::Http2Missing,
        "This port does not speak HTTP/2, and the probe was told to speak nothing else (--http 2). Browsers use HTTP/1.1 here.",
        "probe with --http 1.1, or without --http; if HTTP/2 is wanted, turn it on in the server that browsers connect to (with TLS: ALPN h2)",
    ),
    Entry::new(
        VerdictId::Http2Broken,
        "The server agrees to HTTP/2, but does not answer over it: browsers use it, and cannot load the page; HTTP/1.1 works.",
        "turn HTTP/2 off (ALPN http/1.1 only), or find in the server's log why it does not answer",
    ),
    Entry::new(
        VerdictId::Http2RequestFails,
        "A request fails over HTTP/2, which browsers use, and works over HTTP/1.1.",
        "look for rules of the proxy that apply to HTTP/2 only, and for its error in its log; until it is found, turn HTTP/2 off (ALPN http/1.1 only)",
    ),
    Entry::new(
        VerdictId::Http2Buffered,
        "The stream is buffered over HTTP/2, which browsers use, and not over HTTP/1.1.",
        "turn off buffering of HTTP/2 answers in the proxy; if it has no such setting, turn HTTP/2 off (ALPN http/1.1 only)",
    ),
    Entry::new(
        VerdictId::Http2Cut,
        "Streams are cut off over HTTP/2, which browsers use, and not over HTTP/1.1.",
        "raise the limits on connections and streams of HTTP/2 in the proxy: on their time, on silence, on requests",
    ),
    Entry::new(
        VerdictId::Http2ForbiddenHeader,
        "An answer over HTTP/2 has a header that HTTP/2 forbids (RFC 9113, 8.2.2): Safari and curl refuse such answers, and Chromium one with Transfer-Encoding; Firefox leaves the header out.",
        "remove the header where it is set: Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding and Upgrade belong to HTTP/1.1 only",
    ),
    Entry::new(
        VerdictId::ExtendedConnectRefused,
        "The server offers WebSocket over HTTP/2 (extended CONNECT, RFC 8441) and then refuses it. Browsers take the offer, and do not fall back to HTTP/1.1: they have no WebSocket.",
        "make the server pass extended CONNECT on, or stop offering it (SETTINGS_ENABLE_CONNECT_PROTOCOL): browsers then use HTTP/1.1 for WebSocket",
    ),
    Entry::new(
        VerdictId::ExtendedConnectMissing,
        "The server offers no WebSocket over HTTP/2 (extended CONNECT, RFC 8441). Browsers open it over HTTP/1.1, if that is spoken, too.",
        "nothing, if HTTP/1.1 is spoken, too; otherwise let the server offer extended CONNECT",
    ),
];
