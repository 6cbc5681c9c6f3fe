//! h2o and nghttpx, proxies known for HTTP/2.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// h2o.examp1e.net, proxy directives: off by default (tried: 2.2.5). The name changed in December 2020, after 2.3.0-beta2
/// (lib/handler/configurator/proxy.c).
const UPGRADE: Remedy = Remedy::paste(
    "in the path {prefix}/ (in builds since 2021, proxy.tunnel in the place of proxy.websocket):",
    &["proxy.websocket: ON"],
);

/// src/main.c registers h2 for every port of TLS, whatever the configuration says (read: 2.2.5 and June 2026).
const HTTP2_STAYS: Remedy = Remedy::paste(
    "at the top of h2o.conf: a log of what comes over HTTP/2, and how it ends (h2o has no switch that turns HTTP/2 off):",
    &["access-log: { path: /dev/stdout, format: \"%{http2.stream-id}x %s %U\" }"],
);

const H2O_PATIENCE: Remedy = Remedy::paste(
    "in the path {prefix}/ (in ms):",
    &["proxy.timeout.io: 600000", "proxy.websocket.timeout: 600000"],
);

const H2O_BACKEND: &[&str] = &["proxy.reverse.url: http://127.0.0.1:8888{prefix}/"];

const H2O_PLAIN_HTTP: Remedy = Remedy::paste(
    "in the path {prefix}/: like most servers, {app} speaks plain HTTP/1.1, so http:// and not https://",
    H2O_BACKEND,
);

const HOST_HEADER: Remedy = Remedy::paste("in the path {prefix}/:", &["proxy.preserve-host: ON"]);

const H2O: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsTooOld, Remedy::text("minimum-version: TLSv1.2 in the listener's ssl")),
    (VerdictId::TlsUntrusted, Remedy::text("certificate-file must have the whole chain (fullchain.pem)")),
    (VerdictId::ConnectionLimited, Remedy::paste("at the top of h2o.conf:", &["max-connections: 10000"])),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the path {prefix}/: this keeps the prefix (dante --prefix {prefix}); http://127.0.0.1:8888/ strips it",
            H2O_BACKEND,
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste("in the path {prefix}/: a slash at the end of both, or of neither", H2O_BACKEND),
    ),
    (VerdictId::HostHeaderLost, HOST_HEADER),
    (VerdictId::CorsBlocked, HOST_HEADER),
    (VerdictId::TlsToServer, H2O_PLAIN_HTTP),
    (VerdictId::ProxyProtocol, Remedy::paste("in the path {prefix}/:", &["proxy.proxy-protocol: OFF"])),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in the path {prefix}/: it must point to where {app} listens, with http://",
            H2O_BACKEND,
        ),
    ),
    (VerdictId::GuestTooSlow, H2O_PATIENCE),
    (VerdictId::BodyLimit, Remedy::paste("at the top of h2o.conf:", &["limit-request-body: 2097152"])),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::CompressedStream, Remedy::paste("in the path {prefix}/:", &["compress: OFF"])),
    (VerdictId::Http2Broken, HTTP2_STAYS),
    (VerdictId::Http2RequestFails, HTTP2_STAYS),
    // h2o.examp1e.net, throttle response and compress directives; both are filters that hold on to bodies.
    (
        VerdictId::Http2Buffered,
        Remedy::paste(
            "in the path {prefix}/: h2o passes on what comes, over HTTP/2, too, unless a filter holds it",
            &["compress: OFF", "throttle-response: OFF"],
        ),
    ),
    // h2o.examp1e.net, HTTP/2 directives: 0 is the default, and lets streams end by themselves; the limit on silence
    // (http2-idle-timeout) holds only while no request is open (lib/http2/connection.c, update_idle_timeout).
    (
        VerdictId::Http2Cut,
        Remedy::paste(
            "at the top of h2o.conf: streams then live on when h2o is reloaded or restarted; other ends of a connection are in the error-log",
            &["http2-graceful-shutdown-timeout: 0"],
        ),
    ),
    // Builds since September 2023 always offer it (lib/http2/connection.c, enqueue_server_preface), answer 403 without proxy.tunnel
    // (lib/core/proxy.c), and give a server of HTTP/1.1 no Sec-WebSocket-Key (lib/common/http1client.c). Read, not run; Debian's 2.2
    // offers none. setifempty: h2o.examp1e.net, headers directives.
    (
        VerdictId::ExtendedConnectRefused,
        Remedy::paste(
            "in the path {prefix}/, with proxy.tunnel: ON. A server of HTTP/1.1 wants a key, which HTTP/2 does not have and h2o does not add:",
            &["proxy.header.setifempty: \"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\""],
        ),
    ),
    (
        VerdictId::ExtendedConnectMissing,
        Remedy::text("nothing: h2o speaks HTTP/1.1, too, and browsers use that for WebSocket"),
    ),
    (VerdictId::IdleCut, H2O_PATIENCE),
];

/// nghttpx --help: both 1 minute by default (1.52).
const NGHTTPX_PATIENCE: Remedy =
    Remedy::paste("in nghttpx.conf:", &["frontend-read-timeout=10m", "backend-read-timeout=10m"]);

const NGHTTPX_BACKEND: &[&str] = &["backend=127.0.0.1,8888;/"];

const NGHTTPX_PLAIN_HTTP: Remedy = Remedy::paste(
    "in nghttpx.conf, without tls and proto=h2: like most servers, {app} speaks plain HTTP/1.1",
    NGHTTPX_BACKEND,
);

const NGHTTPX_STICKY: Remedy =
    Remedy::paste("in nghttpx.conf, for each server:", &["backend=127.0.0.1,8888;/;affinity=ip"]);

/// nghttpx(1) 1.52; newer versions call it `alpn-list`.
const NGHTTPX_OVER_HTTP_1: Remedy = Remedy::text(
    "npn-list=http/1.1 in nghttpx.conf (alpn-list in newer versions) turns HTTP/2 off; the error log says more",
);

const NGHTTPX: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsTooOld, Remedy::paste("in nghttpx.conf:", &["tls-min-proto-version=TLSv1.2"])),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "raise worker-frontend-connections, backend-connections-per-host and backend-connections-per-frontend, or remove them",
        ),
    ),
    (VerdictId::TlsToServer, NGHTTPX_PLAIN_HTTP),
    (VerdictId::Http2Broken, NGHTTPX_OVER_HTTP_1),
    (VerdictId::Http2RequestFails, NGHTTPX_OVER_HTTP_1),
    (VerdictId::Http2Buffered, NGHTTPX_OVER_HTTP_1),
    (VerdictId::Http2Cut, NGHTTPX_OVER_HTTP_1),
    // It always offers extended CONNECT, so there is no WebSocket but by it as long as HTTP/2 is on.
    (VerdictId::ExtendedConnectRefused, NGHTTPX_OVER_HTTP_1),
    (VerdictId::Http2ToServer, NGHTTPX_PLAIN_HTTP),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in nghttpx.conf: it must point to where {app} listens, without tls and proto=h2",
            NGHTTPX_BACKEND,
        ),
    ),
    (VerdictId::GuestTooSlow, NGHTTPX_PATIENCE),
    (VerdictId::NoStickiness, NGHTTPX_STICKY),
    (VerdictId::StickinessByCookie, NGHTTPX_STICKY),
    (VerdictId::IdleCut, NGHTTPX_PATIENCE),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        remedies: H2O,
        limits: &[
            Limit::new(Wait::Silence, 30, "proxy.timeout.io", "h2o.examp1e.net, proxy directives"),
            Limit::new(Wait::Silence, 300, "proxy.websocket.timeout", "h2o.examp1e.net, proxy directives"),
        ],
        tried: Some("2.2.5"),
        ..Profile::new(
            Host::H2o,
            "h2o",
            Role::Proxy,
            &[
                // In every answer (tried: 2.2.5).
                Sign::Server("h2o"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        remedies: NGHTTPX,
        limits: &[
            Limit::new(Wait::Silence, 60, "backend-read-timeout", "nghttpx --help (1.52)"),
            Limit::new(Wait::Silence, 60, "frontend-read-timeout", "nghttpx --help (1.52)"),
        ],
        tried: Some("1.52"),
        ..Profile::new(
            Host::Nghttpx,
            "nghttpx",
            Role::Proxy,
            &[
                // In every answer (tried: 1.52).
                Sign::Server("nghttpx"),
                Sign::Via("nghttpx"),
                Sign::Words("<footer>nghttpx</footer>"),
            ],
        )
    },
];
