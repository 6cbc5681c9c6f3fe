//! nginx, and what is made of it.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// nginx.org, "WebSocket proxying".
const UPGRADE: Remedy = Remedy::paste(
    "in location {prefix}/:",
    &[
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection \"upgrade\";",
    ],
);

/// More than Socket.IO's 45 s (ping interval and timeout) and than the longest `--polling-duration`, as in the recipe.
const PATIENCE: Remedy =
    Remedy::paste("in location {prefix}/:", &["proxy_read_timeout 10m;", "proxy_send_timeout 10m;"]);

const PLAIN_HTTP: Remedy = Remedy::paste(
    "in location {prefix}/: like most servers, {app} speaks plain HTTP/1.1, so http:// and not https://",
    &["proxy_pass http://127.0.0.1:8888;"],
);

const UNCACHED: Remedy = Remedy::paste("in location {prefix}/:", &["proxy_cache off;"]);

const HOST_HEADER: Remedy = Remedy::paste("in location {prefix}/:", &["proxy_set_header Host $http_host;"]);

/// What python-engineio and its kind compare `Origin` with (engineio, base_server.py, `_cors_allowed_origins`); it must learn of https, too.
const OWN_ORIGIN: Remedy = Remedy::paste(
    "in location {prefix}/: the server compares a page's origin with these",
    &["proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-Proto $scheme;"],
);

const EVERYTHING: Remedy = Remedy::paste(
    "in the server block: one location for everything below the prefix, which takes precedence over those with a pattern",
    &["location ^~ {prefix}/ {", "    proxy_pass http://127.0.0.1:8888;", "}"],
);

const RELATIVE: Remedy = Remedy::paste("in the server block:", &["absolute_redirect off;"]);

const STICKY: Remedy = Remedy::paste("in the upstream block:", &["hash $remote_addr consistent;"]);

/// nginx.org, ngx_http_headers_module: "directives are inherited from the previous configuration level if and only if there are no
/// add_header directives defined on the current level".
const POLICY: Remedy = Remedy::paste(
    "in location {prefix}/: with an add_header of its own, it inherits none (repeat the others that you need), and a policy of {app}'s own is replaced",
    &[
        "proxy_hide_header Content-Security-Policy;",
        "add_header Content-Security-Policy \"default-src 'self'\" always;",
    ],
);

const QUERY: Remedy = Remedy::text(
    "look for a rewrite that ends in ?, and for variables in proxy_pass: with them it needs $is_args$args at its end",
);

/// nginx.org, ngx_http_v2_module: the directive `http2` came with 1.25.1, the parameter of `listen` before it.
const OVER_HTTP_1: Remedy = Remedy::text(
    "http2 off; (before 1.25.1, listen without http2) turns HTTP/2 off; error.log says why it fails",
);

const NGINX: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsExpired, Remedy::text("renew it, then nginx -s reload")),
    (
        VerdictId::TlsWrongName,
        Remedy::text(
            "check server_name: requests for an unknown name get the certificate of the first server block",
        ),
    ),
    (
        VerdictId::TlsUntrusted,
        Remedy::text("ssl_certificate must name the file with the whole chain (fullchain.pem)"),
    ),
    (VerdictId::TlsTooOld, Remedy::paste("in the server block:", &["ssl_protocols TLSv1.2 TLSv1.3;"])),
    (
        VerdictId::TlsUnknownName,
        Remedy::text(
            "add a server block with this server_name and its certificate, or remove ssl_reject_handshake",
        ),
    ),
    (VerdictId::TlsClientCertificate, Remedy::paste("in the server block:", &["ssl_verify_client off;"])),
    (VerdictId::TlsToPlain, Remedy::text("listen … ssl; in the server block")),
    (
        VerdictId::Http2Only,
        Remedy::text("without TLS, listen … http2 speaks HTTP/2 only: remove http2 from the listen line"),
    ),
    // nginx.org, ngx_http_v2_module: off by default.
    (
        VerdictId::Http2Missing,
        Remedy::text(
            "http2 on; in the server block turns HTTP/2 on (before 1.25.1: listen … ssl http2); browsers use it only over TLS",
        ),
    ),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (
        VerdictId::Http2RequestFails,
        Remedy::text(
            "look for $server_protocol and $http2 in if, map and return; error.log says more; http2 off; (before 1.25.1, listen without http2) turns HTTP/2 off",
        ),
    ),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (
        VerdictId::Http2Cut,
        Remedy::text("raise keepalive_time and keepalive_requests: both end whole connections of HTTP/2"),
    ),
    (
        VerdictId::Http2ForbiddenHeader,
        Remedy::paste(
            "look for add_header Connection, Keep-Alive, Upgrade or Transfer-Encoding; what the server behind it sends of Upgrade is left out in location {prefix}/:",
            &["proxy_hide_header Upgrade;"],
        ),
    ),
    // Whoever has the default version has the default headers, too.
    (VerdictId::Http10, UPGRADE),
    (VerdictId::TextAdded, Remedy::text("look for sub_filter, add_before_body and add_after_body")),
    (
        VerdictId::RedirectLoop,
        Remedy::text(
            "check return and rewrite in this server block; where TLS ends at a proxy before nginx, that proxy must send X-Forwarded-Proto: https; set proxy_redirect off; if the server's redirects are already right",
        ),
    ),
    (VerdictId::RedirectLosesPort, RELATIVE),
    (
        VerdictId::RedirectLosesHttps,
        Remedy::paste(
            "in the server block, and https:// in the place of http:// in return and rewrite:",
            &["absolute_redirect off;"],
        ),
    ),
    (
        VerdictId::RedirectElsewhere,
        Remedy::text("check return, rewrite and proxy_redirect in this server block"),
    ),
    (
        VerdictId::LoginRequired,
        Remedy::paste("in location {prefix}/, to let everybody in:", &["auth_request off;"]),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::paste("in location {prefix}/, to let everybody in:", &["auth_basic off;"]),
    ),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("find the rule in ModSecurity's audit log, or look for deny and if in the location"),
    ),
    (
        VerdictId::PageRefused,
        Remedy::text(
            "look for deny and return 403 in the location, and for the rule in ModSecurity's audit log; error.log says why",
        ),
    ),
    (VerdictId::UserAgentRefused, Remedy::text("look for if ($http_user_agent …) and for a map of it")),
    (
        VerdictId::AnswersAlternate,
        Remedy::text(
            "look at each server line in the upstream block: take out what is not {app}, or is dead; max_fails=1 fail_timeout=10s skips one that does not answer",
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::paste(
            "error.log says whether limit_req or limit_conn refuses; give this path a limit of its own, which replaces the one that it inherits:",
            &[
                "# in the http block:",
                "limit_req_zone $binary_remote_addr zone=dante:1m rate=50r/s;",
                "# in location {prefix}/:",
                "limit_req zone=dante burst=200 nodelay;",
            ],
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "error.log says whether limit_conn or limit_req refuses; give this path a limit of its own, which replaces the one that it inherits (each reader needs two connections):",
            &[
                "# in the http block:",
                "limit_conn_zone $binary_remote_addr zone=readers:1m;",
                "# in location {prefix}/:",
                "limit_conn readers 200;",
            ],
        ),
    ),
    (VerdictId::StaleAnswer, UNCACHED),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the server block: without a slash at the end of proxy_pass, the prefix stays (dante --prefix {prefix}); with it, the prefix is stripped",
            &["location {prefix}/ {", "    proxy_pass http://127.0.0.1:8888;", "}"],
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste(
            "in the server block: a slash at the end of both, or of neither",
            &["location {prefix}/ {", "    proxy_pass http://127.0.0.1:8888/;", "}"],
        ),
    ),
    (
        VerdictId::UrlDecoded,
        Remedy::paste(
            "in location {prefix}/: proxy_pass without a path sends the URL on as it came; with one, or after rewrite, it is decoded",
            &["proxy_pass http://127.0.0.1:8888;"],
        ),
    ),
    (VerdictId::UrlChanged, Remedy::text("look for rewrite and for variables in proxy_pass")),
    (VerdictId::HostHeaderLost, HOST_HEADER),
    (
        VerdictId::ProxyProtocol,
        Remedy::text("proxy_protocol on; in the stream block sends it: remove it, or use an http block"),
    ),
    (VerdictId::TlsToServer, PLAIN_HTTP),
    (VerdictId::Http2ToServer, Remedy::paste("in location {prefix}/:", &["proxy_http_version 1.1;"])),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in location {prefix}/: it must point to where {app} listens, with http:// and not https:// (like most servers, {app} speaks plain HTTP/1.1); nginx's error.log says what it tried",
            &["proxy_pass http://127.0.0.1:8888;"],
        ),
    ),
    (VerdictId::GuestTooSlow, PATIENCE),
    (VerdictId::OriginTlsFailed, PLAIN_HTTP),
    (VerdictId::Maintenance, Remedy::text("look for return 503 and for error_page 503 in this server block")),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::LibraryMissing, EVERYTHING),
    (VerdictId::FilesMissing, EVERYTHING),
    (VerdictId::HtmlInsteadOfFile, EVERYTHING),
    (
        VerdictId::FileTypeRefused,
        Remedy::text(
            "look for default_type, types, add_header Content-Type and proxy_hide_header Content-Type in the location; where nginx has copies of the files, include mime.types",
        ),
    ),
    (
        VerdictId::IntegrityMismatch,
        Remedy::text("look for sub_filter, add_after_body and proxy_cache in the location"),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (VerdictId::BlockedByCsp, POLICY),
    (
        VerdictId::MixedContent,
        Remedy::text(
            "look for sub_filter in the location: what it writes must start with https:// or be relative",
        ),
    ),
    (
        VerdictId::HtmlInsteadOfHandshake,
        Remedy::paste(
            "try_files or another location takes the request; in the server block, one for everything below the prefix:",
            EVERYTHING.lines,
        ),
    ),
    (VerdictId::QueryLost, QUERY),
    (VerdictId::SidLost, QUERY),
    (VerdictId::EngineCached, UNCACHED),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (
        VerdictId::CookieNotReturned,
        Remedy::paste(
            "in location {prefix}/, where the server behind sets the cookie (proxy_cookie_flags ~ nosecure; where nginx has no TLS, from 1.19.3 on):",
            &["proxy_cookie_path ~.* /;", "proxy_cookie_domain ~.* $host;"],
        ),
    ),
    (
        VerdictId::PostRefused,
        Remedy::text(
            "look for limit_except and if ($request_method …) in the location: without them, nginx passes all methods on",
        ),
    ),
    (VerdictId::BodyLimit, Remedy::paste("in location {prefix}/:", &["client_max_body_size 2m;"])),
    // nginx.org, ngx_http_proxy_module: on by default.
    (
        VerdictId::RequestBuffered,
        Remedy::paste(
            "nothing, unless the server has to read a body while it is sent; then, in location {prefix}/:",
            &["proxy_http_version 1.1;", "proxy_request_buffering off;"],
        ),
    ),
    (VerdictId::UpgradeStripped, UPGRADE),
    (
        VerdictId::UpgradeRefused,
        Remedy::text("error.log says why; proxy_pass must point to where {app} listens"),
    ),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::ClosedAfter101, UPGRADE),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text(
            "look for deny and if ($http_upgrade …) in the location, and for the rule in ModSecurity's audit log",
        ),
    ),
    (
        VerdictId::DeflateBroken,
        Remedy::paste("in location {prefix}/:", &["proxy_set_header Sec-WebSocket-Extensions \"\";"]),
    ),
    (
        VerdictId::DeflateOfferRefused,
        Remedy::paste("in location {prefix}/:", &["proxy_set_header Sec-WebSocket-Extensions \"\";"]),
    ),
    (
        VerdictId::Buffered,
        Remedy::paste(
            "in location {prefix}/, and without proxy_ignore_headers X-Accel-Buffering:",
            &["proxy_buffering off;"],
        ),
    ),
    (VerdictId::StreamRefused, EVERYTHING),
    (
        VerdictId::WrongContentType,
        Remedy::text("look for default_type, add_header Content-Type and proxy_hide_header Content-Type"),
    ),
    (VerdictId::CompressedStream, Remedy::paste("in location {prefix}/:", &["gzip off;"])),
    (VerdictId::DoubleCompression, Remedy::paste("in location {prefix}/:", &["gzip off;"])),
    (
        VerdictId::AgeCut,
        Remedy::text(
            "nginx itself has no such limit, except worker_shutdown_timeout after a reload; look at what stands before and behind it",
        ),
    ),
    (VerdictId::IdleCut, PATIENCE),
    (VerdictId::CorsBlocked, OWN_ORIGIN),
    // nginx.org, ngx_http_proxy_module: hides what the server sends; add_header adds to it.
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "let only one set it: remove nginx's add_header lines for it, or keep them and hide the server's, in location {prefix}/:",
            &[
                "proxy_hide_header Access-Control-Allow-Origin;",
                "proxy_hide_header Access-Control-Allow-Credentials;",
            ],
        ),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        remedies: NGINX,
        limits: &[Limit::new(Wait::Silence, 60, "proxy_read_timeout", "nginx.org, ngx_http_proxy_module")],
        recipe: Some(Recipe::Nginx),
        tried: Some("1.22, 1.31"),
        ..Profile::new(
            Host::Nginx,
            "nginx",
            Role::Proxy,
            &[
                // In every answer, whatever the server sent (tried: 1.22, 1.31).
                Sign::Server("nginx"),
                // ngx_http_special_response.c writes its name below each of its own pages (tried).
                Sign::Words("<hr><center>nginx"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        like: Some(Host::Nginx),
        limits: &[Limit::new(Wait::Silence, 60, "proxy_read_timeout", "nginx.org, ngx_http_proxy_module")],
        recipe: Some(Recipe::Nginx),
        ..Profile::new(
            Host::OpenResty,
            "OpenResty",
            Role::Proxy,
            &[
                // As nginx, under its own name (openresty.org; not run here).
                Sign::Server("openresty"),
                Sign::Words("<hr><center>openresty"),
            ],
        )
    },
];
