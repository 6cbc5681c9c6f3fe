//! h2o and nghttpx, proxies known for HTTP/2.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// h2o.examp1e.net, proxy directives: off by default (tried: 2.2.5).
const UPGRADE: Remedy = Remedy::paste("in the path {prefix}/:", &["proxy.websocket: ON"]);

const H2O_PATIENCE: Remedy = Remedy::paste(
    "in the path {prefix}/ (in ms):",
    &["proxy.timeout.io: 600000", "proxy.websocket.timeout: 600000"],
);

const H2O_BACKEND: &[&str] = &["proxy.reverse.url: http://127.0.0.1:8888{prefix}/"];

const H2O_PLAIN_HTTP: Remedy = Remedy::paste(
    "in the path {prefix}/: Dante speaks plain HTTP/1.1, so http:// and not https://",
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
            "in the path {prefix}/: it must point to where dante listens, with http://",
            H2O_BACKEND,
        ),
    ),
    (VerdictId::GuestTooSlow, H2O_PATIENCE),
    (VerdictId::BodyLimit, Remedy::paste("at the top of h2o.conf:", &["limit-request-body: 2097152"])),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::CompressedStream, Remedy::paste("in the path {prefix}/:", &["compress: OFF"])),
    (VerdictId::IdleCut, H2O_PATIENCE),
];

/// nghttpx --help: both 1 minute by default (1.52).
const NGHTTPX_PATIENCE: Remedy =
    Remedy::paste("in nghttpx.conf:", &["frontend-read-timeout=10m", "backend-read-timeout=10m"]);

const NGHTTPX_BACKEND: &[&str] = &["backend=127.0.0.1,8888;/"];

const NGHTTPX_PLAIN_HTTP: Remedy =
    Remedy::paste("in nghttpx.conf, without tls and proto=h2: Dante speaks plain HTTP/1.1", NGHTTPX_BACKEND);

const NGHTTPX_STICKY: Remedy =
    Remedy::paste("in nghttpx.conf, for each Dante:", &["backend=127.0.0.1,8888;/;affinity=ip"]);

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
            "in nghttpx.conf: it must point to where dante listens, without tls and proto=h2",
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
