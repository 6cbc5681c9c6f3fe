//! Traefik, and other programs with the HTTP server of Go.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};
use crate::probe::verdicts::{Remedy, VerdictId};

/// doc.traefik.io, entry points: `readTimeout` is 60 s from 2.11.2 on, `writeTimeout` none; both hold for whole requests.
const TIMES: Remedy = Remedy::paste(
    "in Traefik's static configuration (its name for your entry point instead of web):",
    &[
        "entryPoints:",
        "  web:",
        "    transport:",
        "      respondingTimeouts:",
        "        readTimeout: 0s",
        "        writeTimeout: 0s",
    ],
);

const SERVICE: &[&str] = &[
    "http:",
    "  services:",
    "    dante:",
    "      loadBalancer:",
    "        servers:",
    "        - url: http://127.0.0.1:8888",
];

const PLAIN_HTTP: Remedy = Remedy::paste(
    "in Traefik's dynamic configuration: like most servers, {app} speaks plain HTTP/1.1, so http:// and not https:// or h2c://",
    SERVICE,
);

const EVERYTHING: Remedy = Remedy::paste(
    "in Traefik's dynamic configuration: PathPrefix takes everything below the prefix, Path only the page",
    &["http:", "  routers:", "    dante:", "      rule: PathPrefix(`{prefix}/`)", "      service: dante"],
);

const STICKY: Remedy = Remedy::paste(
    "in Traefik's dynamic configuration (clients without cookies: WebSocket only, or one server):",
    &["http:", "  services:", "    dante:", "      loadBalancer:", "        sticky:", "          cookie: {}"],
);

const HOST_HEADER: Remedy = Remedy::paste(
    "in Traefik's dynamic configuration:",
    &["http:", "  services:", "    dante:", "      loadBalancer:", "        passHostHeader: true"],
);

/// Traefik says `X-Forwarded-Proto: ws` (or wss) of an upgrade (pkg/middlewares/forwardedheaders/forwarded_header.go), and uvicorn believes
/// it: python-engineio then takes ws://… for its own origin, and refuses http://….
const OWN_ORIGIN: Remedy = Remedy::paste(
    "in the server: allow the page's origin by name (cors_allowed_origins), since Traefik says X-Forwarded-Proto: ws of upgrades; and in its dynamic configuration:",
    HOST_HEADER.lines,
);

const NO_MIDDLEWARE: &str = "look at the middlewares of {app}'s router";

/// doc.traefik.io, TLS options.
const OVER_HTTP_1: Remedy =
    Remedy::text("alpnProtocols: [http/1.1] in the router's TLS options turns HTTP/2 off; the log says more");

const TRAEFIK: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::TlsSelfSigned,
        Remedy::text(
            "no certificate fits this name, so Traefik sends one of its own: add a certResolver to the router, or the certificate to tls.certificates",
        ),
    ),
    (
        VerdictId::TlsWrongName,
        Remedy::text(
            "no certificate fits this name: add a certResolver to the router, or the certificate to tls.certificates",
        ),
    ),
    (
        VerdictId::TlsTooOld,
        Remedy::paste(
            "in Traefik's dynamic configuration:",
            &["tls:", "  options:", "    default:", "      minVersion: VersionTLS12"],
        ),
    ),
    (
        VerdictId::TlsUnknownName,
        Remedy::paste(
            "add a certificate for this name, or, in Traefik's dynamic configuration:",
            &["tls:", "  options:", "    default:", "      sniStrict: false"],
        ),
    ),
    (VerdictId::TlsClientCertificate, Remedy::text("remove clientAuth from the router's TLS options")),
    (VerdictId::LoginRequired, Remedy::text("remove the middleware forwardAuth from {app}'s router")),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("remove the middleware basicAuth, digestAuth or forwardAuth from {app}'s router"),
    ),
    (
        VerdictId::AnswersAlternate,
        Remedy::paste(
            "in Traefik's dynamic configuration: take out what is not {app}; a health check skips a server that does not answer",
            &[
                "http:",
                "  services:",
                "    dante:",
                "      loadBalancer:",
                "        healthCheck:",
                "          path: {prefix}/hosting.json",
            ],
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::paste(
            "in Traefik's dynamic configuration, the middleware of {app}'s router:",
            &[
                "http:",
                "  middlewares:",
                "    limit:",
                "      rateLimit:",
                "        average: 50",
                "        burst: 200",
            ],
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "in Traefik's dynamic configuration, the middleware of {app}'s router; each reader needs two:",
            &["http:", "  middlewares:", "    limit:", "      inFlightReq:", "        amount: 1000"],
        ),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::text(
            "the middleware stripPrefix strips the prefix; without it, start dante --prefix {prefix}",
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::text("look at stripPrefix, addPrefix and replacePathRegex: none may leave two slashes"),
    ),
    (VerdictId::HostHeaderLost, HOST_HEADER),
    (VerdictId::CorsBlocked, OWN_ORIGIN),
    // pkg/middlewares/headers/header.go: it sets the header, whatever came (tried: 3.7).
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "two behind Traefik set it, which itself replaces what comes: let only one of them do so, or Traefik, in Traefik's dynamic configuration, by a middleware of {app}'s router with your pages' origins:",
            &[
                "http:",
                "  middlewares:",
                "    origins:",
                "      headers:",
                "        accessControlAllowOriginList: [\"https://shop.example\"]",
            ],
        ),
    ),
    (
        VerdictId::ProxyProtocol,
        Remedy::text("remove proxyProtocol from the TCP service; or use an HTTP router"),
    ),
    (VerdictId::TlsToServer, PLAIN_HTTP),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (VerdictId::Http2Cut, OVER_HTTP_1),
    // traefik/traefik#11412, golang/go#71128.
    (
        VerdictId::ExtendedConnectRefused,
        Remedy::text(
            "update Traefik, which since January 2025 offers no WebSocket over HTTP/2 unless GODEBUG=http2xconnect=1 is in its environment",
        ),
    ),
    (VerdictId::Http2ToServer, PLAIN_HTTP),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in Traefik's dynamic configuration: it must point to where {app} listens, with http:// (like most servers, {app} speaks plain HTTP/1.1)",
            SERVICE,
        ),
    ),
    (VerdictId::OriginTlsFailed, PLAIN_HTTP),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::LibraryMissing, EVERYTHING),
    (VerdictId::FilesMissing, EVERYTHING),
    (VerdictId::HtmlInsteadOfFile, EVERYTHING),
    (
        VerdictId::FileTypeRefused,
        Remedy::text(
            "look for a middleware headers whose customResponseHeaders has Content-Type, in {app}'s router",
        ),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (
        VerdictId::BlockedByCsp,
        Remedy::paste(
            "in Traefik's dynamic configuration: where another middleware of {app}'s router sets contentSecurityPolicy, change it to this",
            &[
                "http:",
                "  middlewares:",
                "    policy:",
                "      headers:",
                "        contentSecurityPolicy: \"default-src 'self'\"",
            ],
        ),
    ),
    (VerdictId::StreamRefused, EVERYTHING),
    (VerdictId::NoStickiness, STICKY),
    (
        VerdictId::CookieNotReturned,
        Remedy::paste(
            "in Traefik's dynamic configuration: without domain, without a path other than /, and with secure only where the page comes over https",
            &[
                "http:",
                "  services:",
                "    dante:",
                "      loadBalancer:",
                "        sticky:",
                "          cookie: {}",
            ],
        ),
    ),
    (
        VerdictId::PostRefused,
        Remedy::text("look for Method(`GET`) in the router's rule, and for the middlewares"),
    ),
    (
        VerdictId::BodyLimit,
        Remedy::text(
            "raise maxRequestBodyBytes of the middleware buffering, or remove it: it also holds streams back",
        ),
    ),
    (
        VerdictId::RequestBuffered,
        Remedy::text("remove the middleware buffering: without it, Traefik passes bodies on as they come"),
    ),
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "Traefik passes upgrades on by default: look for a middleware headers that sets Connection or Upgrade",
        ),
    ),
    (VerdictId::UpgradeUnanswered, Remedy::text(NO_MIDDLEWARE)),
    (VerdictId::PageRefused, Remedy::text("look at the middleware ipAllowList and others of {app}'s router")),
    (VerdictId::WebsocketForbidden, Remedy::text(NO_MIDDLEWARE)),
    (
        VerdictId::Buffered,
        Remedy::text("remove the middleware buffering from the router: it waits for whole answers"),
    ),
    (
        VerdictId::CompressedStream,
        Remedy::paste(
            "in Traefik's dynamic configuration, the middleware of {app}'s router:",
            &[
                "http:",
                "  middlewares:",
                "    compress:",
                "      compress:",
                "        excludedContentTypes: [text/event-stream]",
            ],
        ),
    ),
    (VerdictId::DoubleCompression, Remedy::text("remove the middleware compress from {app}'s router")),
    (VerdictId::AgeCut, TIMES),
    (VerdictId::IdleCut, TIMES),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        instead_of: &[Host::Go],
        remedies: TRAEFIK,
        tried: Some("3.7"),
        ..Profile::new(
            Host::Traefik,
            "Traefik",
            Role::Proxy,
            &[
                // pkg/proxy/httputil: the status's text and nothing else (502 tried: 3.7).
                Sign::Bare("Bad Gateway"),
                Sign::Bare("Gateway Timeout"),
                Sign::Bare("Client Closed Request"),
                // The certificate where none is given (doc.traefik.io, TLS, default certificate).
                Sign::Certificate("traefik default cert"),
                Sign::Malformed(Refusal::StatusLine),
            ],
        )
    },
    Profile {
        like: Some(Host::Traefik),
        tried: Some("as Traefik and Caddy"),
        ..Profile::new(
            Host::Go,
            "a Go server such as Traefik",
            Role::Proxy,
            &[
                // net/http `NotFound` (server.go; tried with Traefik).
                Sign::Bare("404 page not found\n"),
                Sign::Malformed(Refusal::StatusLine),
            ],
        )
    },
];
