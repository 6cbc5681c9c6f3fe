//! Caddy.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// caddyserver.com/docs/caddyfile/directives/reverse_proxy: event streams are flushed at once, upgrades pass, and nothing is timed
/// by default.
const TIMES: Remedy = Remedy::text(
    "Caddy has no such limit by default: look for read_timeout and stream_timeout in reverse_proxy, and for timeouts in the global option servers",
);

const PLAIN_HTTP: Remedy = Remedy::paste(
    "in the site block: like most servers, {app} speaks plain HTTP/1.1, so without https:// and h2c://, and without transport http { tls }",
    &["reverse_proxy 127.0.0.1:8888"],
);

const EVERYTHING: Remedy = Remedy::paste(
    "in the site block, for everything below the prefix:",
    &["handle {prefix}/* {", "    reverse_proxy 127.0.0.1:8888", "}"],
);

const UNTOUCHED: Remedy = Remedy::paste(
    "in the site block, encode for pages and scripts only:",
    &["@pages path *.html *.css *.js", "encode @pages gzip"],
);

const STICKY: Remedy = Remedy::paste("in reverse_proxy:", &["lb_policy ip_hash"]);

/// caddyserver.com, global options.
const OVER_HTTP_1: Remedy =
    Remedy::text("servers { protocols h1 } among the global options turns HTTP/2 off; the log says more");

/// golang/go#71128: Go's servers offer extended CONNECT by this variable.
const GO_OFFERS_NONE: &str = "start Caddy with GODEBUG=http2xconnect=0 in its environment: it then offers no WebSocket over HTTP/2, and browsers use HTTP/1.1 for it";

const CADDY: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::TlsSelfSigned,
        Remedy::text("use a public host name in the Caddyfile, and remove tls internal"),
    ),
    (
        VerdictId::TlsUntrusted,
        Remedy::text(
            "use a public host name in the Caddyfile, and remove tls internal; or install Caddy's root certificate (caddy trust)",
        ),
    ),
    (
        VerdictId::TlsUnknownName,
        Remedy::text("add the name to the site's addresses: Caddy gets a certificate for it"),
    ),
    (
        VerdictId::TlsWrongName,
        Remedy::text("add the name to the site's addresses: Caddy gets a certificate for it"),
    ),
    (VerdictId::TlsClientCertificate, Remedy::text("remove client_auth from tls")),
    (VerdictId::LoginRequired, Remedy::text("give forward_auth a matcher that leaves out {prefix}/*")),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("give basic_auth (basicauth before 2.8) a matcher that leaves out {prefix}/*"),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("raise the limits of rate_limit, or give it a matcher that leaves out {prefix}/*"),
    ),
    (
        VerdictId::AnswersAlternate,
        Remedy::paste(
            "in reverse_proxy: take out what is not {app}; these lines skip one that does not answer",
            &["lb_try_duration 5s", "fail_duration 10s"],
        ),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the site block: handle keeps the prefix (dante --prefix {prefix}), handle_path strips it",
            EVERYTHING.lines,
        ),
    ),
    (VerdictId::HostHeaderLost, Remedy::text("Caddy passes Host on by itself: remove header_up Host")),
    (VerdictId::CorsBlocked, Remedy::text("Caddy passes Host on by itself: remove header_up Host")),
    // caddyserver.com, reverse_proxy: header_down changes what came from the server, before the directive header adds to it.
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "let only one set it: remove Caddy's header lines for it, or keep them and drop the server's, in reverse_proxy:",
            &["header_down -Access-Control-Allow-Origin", "header_down -Access-Control-Allow-Credentials"],
        ),
    ),
    (VerdictId::ProxyProtocol, Remedy::text("remove proxy_protocol from transport http")),
    (VerdictId::TlsToServer, PLAIN_HTTP),
    // caddyserver.com, global options, protocols: h1 h2 h3 by default, HTTP/2 only over TLS.
    (
        VerdictId::Http2Missing,
        Remedy::text(
            "Caddy speaks HTTP/2 over TLS by default: look for servers { protocols … } among the global options; without TLS it wants h2c there",
        ),
    ),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (VerdictId::Http2Cut, OVER_HTTP_1),
    (VerdictId::ExtendedConnectRefused, Remedy::text(GO_OFFERS_NONE)),
    (
        VerdictId::Http2ToServer,
        Remedy::paste("in reverse_proxy:", &["transport http {", "    versions 1.1", "}"]),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in the site block: it must point to where {app} listens, without https:// (like most servers, {app} speaks plain HTTP/1.1)",
            PLAIN_HTTP.lines,
        ),
    ),
    (VerdictId::GuestTooSlow, TIMES),
    (VerdictId::OriginTlsFailed, PLAIN_HTTP),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::LibraryMissing, EVERYTHING),
    (
        VerdictId::FilesMissing,
        Remedy::paste(
            "look for file_server with a matcher for scripts and styles; in the site block, for everything below the prefix:",
            EVERYTHING.lines,
        ),
    ),
    (
        VerdictId::HtmlInsteadOfFile,
        Remedy::paste(
            "try_files or rewrite takes the request; in the site block, everything below the prefix in a handle of its own:",
            EVERYTHING.lines,
        ),
    ),
    (VerdictId::FileTypeRefused, Remedy::text("look for header and header_down with Content-Type")),
    (VerdictId::NoSocketio, EVERYTHING),
    (
        VerdictId::BlockedByCsp,
        Remedy::paste(
            "in the site block, and no other header for Content-Security-Policy that matches these paths:",
            &["header {prefix}/* {", "    Content-Security-Policy \"default-src 'self'\"", "    defer", "}"],
        ),
    ),
    (VerdictId::HtmlInsteadOfHandshake, EVERYTHING),
    (VerdictId::StreamRefused, EVERYTHING),
    (VerdictId::QueryLost, Remedy::text("look for rewrite and uri: a target with ? replaces the query")),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (VerdictId::PostRefused, Remedy::text("look for a matcher with method, and for respond 405")),
    (VerdictId::BodyLimit, Remedy::paste("in the site block:", &["request_body {", "    max_size 2MB", "}"])),
    (
        VerdictId::RequestBuffered,
        Remedy::text(
            "remove request_buffers from reverse_proxy: without it, Caddy passes bodies on as they come",
        ),
    ),
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "reverse_proxy passes upgrades on by default: look for a header_up that removes Upgrade or Connection",
        ),
    ),
    (
        VerdictId::Buffered,
        Remedy::text(
            "Caddy sends event streams on at once by default: remove flush_interval, response_buffers and encode from these paths",
        ),
    ),
    (VerdictId::CompressedStream, UNTOUCHED),
    (VerdictId::DoubleCompression, UNTOUCHED),
    (VerdictId::AgeCut, TIMES),
    (VerdictId::IdleCut, TIMES),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: CADDY,
    recipe: Some(Recipe::Caddy),
    tried: Some("2.6, 2.11"),
    ..Profile::new(
        Host::Caddy,
        "Caddy",
        Role::Proxy,
        &[
            // From 2.10 on in `Via` of what it passes on, before that in a `Server` of its own beside the server's (tried: 2.6,
            // 2.11). Its `Via` stands before those of servers behind it, so it tells no order: here it is a header like others.
            Sign::Server("caddy"),
            Sign::Header("via", "caddy"),
            // tls internal (caddyserver.com/docs/automatic-https).
            Sign::Certificate("caddy local authority"),
            // It is written in Go (tried).
            Sign::Malformed(Refusal::StatusLine),
        ],
    )
}];
