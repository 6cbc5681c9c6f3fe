//! Apache httpd.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// mod_proxy, "Protocol Upgrade": from 2.4.47 on.
const UPGRADE: Remedy = Remedy::paste(
    "in <Location \"{prefix}/\">, from Apache 2.4.47 on (before: a2enmod proxy_wstunnel, and a rewrite to ws://):",
    &["ProxyPass \"http://127.0.0.1:8888{prefix}/\" upgrade=websocket"],
);

const PLAIN_HTTP: Remedy = Remedy::paste(
    "in <Location \"{prefix}/\">: like most servers, {app} speaks plain HTTP/1.1, so http:// and not https:// or h2://",
    UPGRADE.lines,
);

const PATIENCE: Remedy = Remedy::paste("in the virtual host:", &["ProxyTimeout 600"]);

const UNCOMPRESSED: Remedy =
    Remedy::paste("in <Location \"{prefix}/\">:", &["SetEnv no-gzip 1", "SetEnv no-brotli 1"]);

const UNCACHED: Remedy = Remedy::paste("in <Location \"{prefix}/\">:", &["CacheDisable on"]);

const HOST_HEADER: Remedy = Remedy::paste("in the virtual host:", &["ProxyPreserveHost On"]);

/// What servers compare `Origin` with: the name, and whether it was https. The expression is of Apache 2.4.
const OWN_ORIGIN: Remedy = Remedy::paste(
    "in the virtual host, with mod_headers: the server compares a page's origin with these",
    &["ProxyPreserveHost On", "RequestHeader set X-Forwarded-Proto \"expr=%{REQUEST_SCHEME}\""],
);

/// mod_alias, from 2.4.58 on.
const RELATIVE: Remedy =
    Remedy::paste("in <Location \"{prefix}\">, from Apache 2.4.58 on:", &["RedirectRelative On"]);

const EVERYTHING: Remedy = Remedy::paste(
    "in the virtual host, for everything below the prefix:",
    &["ProxyPass \"{prefix}/\" \"http://127.0.0.1:8888{prefix}/\" upgrade=websocket"],
);

/// httpd.apache.org, mod_headers: `always` has a table of its own, so that a header can be in both and be sent twice.
const POLICY: Remedy = Remedy::paste(
    "in <Location \"{prefix}/\">:",
    &[
        "Header always unset Content-Security-Policy",
        "Header set Content-Security-Policy \"default-src 'self'\"",
    ],
);

const LET_IN: Remedy =
    Remedy::paste("in <Location \"{prefix}/\">, to let everybody in:", &["Require all granted"]);

const RULES: &str = "look for <Limit>, <LimitExcept>, Require and RewriteRule with [F], and for the rule in ModSecurity's log";

const STICKY: Remedy = Remedy::text(
    "in <Proxy balancer://…>: BalancerMember … route=1, one number for each, and ProxySet stickysession=dante-node; dante hosting apache with each --upstream prints it",
);

const OVER_HTTP_1: Remedy =
    Remedy::text("Protocols http/1.1 turns HTTP/2 off; LogLevel http2:debug says how such a request ended");

const APACHE: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsExpired, Remedy::text("renew it, then apachectl graceful")),
    (
        VerdictId::TlsUntrusted,
        Remedy::text("SSLCertificateFile must name the file with the whole chain (fullchain.pem)"),
    ),
    (
        VerdictId::TlsTooOld,
        Remedy::paste("in the virtual host:", &["SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1"]),
    ),
    (VerdictId::TlsUnknownName, Remedy::text("add a virtual host with this ServerName and its certificate")),
    (VerdictId::TlsClientCertificate, Remedy::paste("in the virtual host:", &["SSLVerifyClient none"])),
    (VerdictId::Http10, Remedy::text("remove force-proxy-request-1.0 and proxy-nokeepalive")),
    (VerdictId::TextAdded, Remedy::text("look for mod_substitute, mod_sed and SetOutputFilter")),
    (VerdictId::RedirectLosesPort, RELATIVE),
    (
        VerdictId::RedirectLosesHttps,
        Remedy::text("write https:// in the place of http:// in Redirect, RewriteRule and ServerName"),
    ),
    (VerdictId::CredentialsRequired, LET_IN),
    (VerdictId::PageRefused, Remedy::text(RULES)),
    (VerdictId::BlockedByFirewall, Remedy::text(RULES)),
    (
        VerdictId::UserAgentRefused,
        Remedy::text("look for SetEnvIf User-Agent and BrowserMatch, and for the rule in ModSecurity's log"),
    ),
    (
        VerdictId::Misdirected,
        Remedy::text(
            "add the name to the virtual host as ServerName or ServerAlias: with SNI, Host must fit it",
        ),
    ),
    (
        VerdictId::AnswersAlternate,
        Remedy::text(
            "look at each BalancerMember: take out what is not {app}, or is dead; retry=10 skips one that does not answer, and mod_proxy_hcheck asks before",
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("look for mod_evasive, mod_qos and ModSecurity's rules, and exempt this path"),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "in mpm_event.conf: each reader occupies a thread",
            &["ServerLimit 80", "MaxRequestWorkers 2000"],
        ),
    ),
    (VerdictId::StaleAnswer, UNCACHED),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the virtual host: this keeps the prefix (dante --prefix {prefix}); both sides must end in a slash",
            EVERYTHING.lines,
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste("in the virtual host: both sides must end in a slash, or neither", EVERYTHING.lines),
    ),
    (
        VerdictId::UrlDecoded,
        Remedy::paste(
            "in the virtual host: nocanon sends the URL on as it came; a RewriteRule with [P] decodes it",
            &["ProxyPass \"{prefix}/\" \"http://127.0.0.1:8888{prefix}/\" upgrade=websocket nocanon"],
        ),
    ),
    (
        VerdictId::QueryLost,
        Remedy::text("look for a RewriteRule with [QSD], or with a ? at the end of its target"),
    ),
    (
        VerdictId::SidLost,
        Remedy::text("look for a RewriteRule with a ? in its target: without [QSA] it replaces the query"),
    ),
    (VerdictId::HostHeaderLost, HOST_HEADER),
    (
        VerdictId::ProxyProtocol,
        Remedy::text("Apache does not send it; look at what stands between Apache and {app}"),
    ),
    (VerdictId::TlsToServer, PLAIN_HTTP),
    // httpd.apache.org, mod_http2 and Protocols: HTTP/1.1 alone by default; mod_http2 wants another MPM than prefork.
    (
        VerdictId::Http2Missing,
        Remedy::text(
            "a2enmod http2, and Protocols h2 http/1.1 in the virtual host; with mpm_prefork (mod_php) it does not work: use mpm_event",
        ),
    ),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (VerdictId::Http2Cut, OVER_HTTP_1),
    (
        VerdictId::Http2ForbiddenHeader,
        Remedy::text(
            "look for Header set and Header add of Connection, Keep-Alive, Upgrade or Transfer-Encoding",
        ),
    ),
    // httpd.apache.org, mod_http2: off by default, since 2.4.58.
    (VerdictId::ExtendedConnectRefused, Remedy::text("H2WebSockets off, which is the default")),
    (VerdictId::Http2ToServer, PLAIN_HTTP),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in <Location \"{prefix}/\">: it must point to where {app} listens, with http:// and not https:// (like most servers, {app} speaks plain HTTP/1.1); with SELinux: setsebool -P httpd_can_network_connect 1",
            UPGRADE.lines,
        ),
    ),
    (VerdictId::GuestTooSlow, PATIENCE),
    (VerdictId::OriginTlsFailed, PLAIN_HTTP),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::LibraryMissing, EVERYTHING),
    (
        VerdictId::FilesMissing,
        Remedy::paste(
            "look for <FilesMatch>, Alias and ProxyPass … ! that take scripts and styles out; in the virtual host, for everything below the prefix:",
            EVERYTHING.lines,
        ),
    ),
    (
        VerdictId::HtmlInsteadOfFile,
        Remedy::paste(
            "FallbackResource or a RewriteRule to index.html takes the request; in the virtual host, before it:",
            EVERYTHING.lines,
        ),
    ),
    (
        VerdictId::FileTypeRefused,
        Remedy::text("look for ForceType, Header set Content-Type, AddType and RemoveType"),
    ),
    (
        VerdictId::IntegrityMismatch,
        Remedy::text("look for mod_substitute, mod_pagespeed and SetOutputFilter"),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (VerdictId::BlockedByCsp, POLICY),
    (
        VerdictId::MixedContent,
        Remedy::text(
            "look for mod_substitute and mod_proxy_html: what they write must start with https:// or be relative",
        ),
    ),
    (VerdictId::StreamRefused, EVERYTHING),
    (VerdictId::EngineCached, UNCACHED),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (
        VerdictId::CookieNotReturned,
        Remedy::paste(
            "in the virtual host, for the balancer's own cookie; one that the server behind sets needs ProxyPassReverseCookiePath and ProxyPassReverseCookieDomain:",
            &[
                "Header add Set-Cookie \"dante-node=.%{BALANCER_WORKER_ROUTE}e; path={prefix}/\" env=BALANCER_ROUTE_CHANGED",
            ],
        ),
    ),
    (VerdictId::PostRefused, Remedy::text(RULES)),
    (VerdictId::BodyLimit, Remedy::paste("in <Location \"{prefix}/\">:", &["LimitRequestBody 2097152"])),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::UpgradeRefused, Remedy::text("a rewrite to ws:// needs proxy_wstunnel; error.log says why")),
    (VerdictId::ClosedAfter101, UPGRADE),
    (VerdictId::WebsocketForbidden, Remedy::text(RULES)),
    (
        VerdictId::DeflateBroken,
        Remedy::paste("in <Location \"{prefix}/\">:", &["RequestHeader unset Sec-WebSocket-Extensions"]),
    ),
    (
        VerdictId::DeflateOfferRefused,
        Remedy::paste("in <Location \"{prefix}/\">:", &["RequestHeader unset Sec-WebSocket-Extensions"]),
    ),
    (
        VerdictId::Buffered,
        Remedy::paste(
            "in <Location \"{prefix}/\">, and without mod_buffer:",
            &[
                "ProxyPass \"http://127.0.0.1:8888{prefix}/\" upgrade=websocket flushpackets=on",
                "SetEnv no-gzip 1",
                "SetEnv no-brotli 1",
            ],
        ),
    ),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (VerdictId::DoubleCompression, UNCOMPRESSED),
    (VerdictId::WrongContentType, Remedy::text("look for ForceType, Header set Content-Type and AddType")),
    (VerdictId::IdleCut, PATIENCE),
    (VerdictId::CorsBlocked, OWN_ORIGIN),
    // httpd.apache.org, mod_headers: what the server sent is in the table onsuccess, and Header always adds to another one.
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "let only one set it: remove Apache's Header lines for it, or keep those with always and drop the server's, in the virtual host:",
            &[
                "Header onsuccess unset Access-Control-Allow-Origin",
                "Header onsuccess unset Access-Control-Allow-Credentials",
            ],
        ),
    ),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: APACHE,
    limits: &[Limit::new(Wait::Silence, 60, "ProxyTimeout", "httpd.apache.org, mod_proxy and core, Timeout")],
    recipe: Some(Recipe::Apache),
    tried: Some("2.4"),
    ..Profile::new(
        Host::Apache,
        "Apache",
        Role::Proxy,
        &[
            // Where the server sends none; another name is passed on (tried: 2.4.71).
            Sign::Server("apache/"),
            Sign::Words("<address>Apache"),
            // modules/http/http_protocol.c, `get_canned_error_string` (400, 404 and 503 tried).
            Sign::Words("<p>Your browser sent a request that this server could not understand.<br />"),
            Sign::Words(
                "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems.",
            ),
            Sign::Words("<p>The proxy server received an invalid"),
            Sign::Words("<p>The requested URL was not found on this server.</p>"),
            Sign::Words("<p>The gateway did not receive a timely response"),
        ],
    )
}];
