//! Content delivery networks and tunnels. None of them was run here: what is said of them is from their documentation.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// developers.cloudflare.com: cache rules, WebSockets, WAF, SSL modes, errors 5xx.
const CLOUDFLARE_UNCACHED: Remedy =
    Remedy::text("Caching, Cache Rules: bypass the cache for {prefix}/*, and purge what is kept");

const CLOUDFLARE_WEBSOCKETS: Remedy = Remedy::text("Network: turn on WebSockets");

const CLOUDFLARE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::TextAdded,
        Remedy::text(
            "turn off Rocket Loader, Email Address Obfuscation and Web Analytics' automatic setup for {prefix}/*",
        ),
    ),
    (
        VerdictId::RedirectLoop,
        Remedy::text(
            "SSL/TLS: set the mode to Full, since with Flexible the origin is asked by http and redirects to https for ever",
        ),
    ),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("Security, Events names the rule: add a WAF custom rule that skips it for {prefix}/*"),
    ),
    (
        VerdictId::LoginRequired,
        Remedy::text(
            "Zero Trust, Access: add a bypass policy for {prefix}/*, or give the probe a service token by --header",
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("Security, WAF, Rate limiting rules: raise the rate, or exempt {prefix}/*"),
    ),
    (VerdictId::StaleAnswer, CLOUDFLARE_UNCACHED),
    (VerdictId::EngineCached, CLOUDFLARE_UNCACHED),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "the origin does not answer Cloudflare: check its address in DNS, its firewall, and its port (502 and 521: nobody listens; 522: no route; with a tunnel, the service's URL)",
        ),
    ),
    (
        VerdictId::GuestTooSlow,
        Remedy::text("the origin was silent for longer than the Proxy Read Timeout (120 s)"),
    ),
    (
        VerdictId::OriginTlsFailed,
        Remedy::text(
            "SSL/TLS: Full (strict) needs a valid certificate on the origin; 525 is no TLS there, 526 a certificate that does not hold",
        ),
    ),
    (VerdictId::UpgradeStripped, CLOUDFLARE_WEBSOCKETS),
    (VerdictId::UpgradeRefused, CLOUDFLARE_WEBSOCKETS),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text("Network: turn on WebSockets; Security, Events: look for a rule that blocks them"),
    ),
    (
        VerdictId::CompressedStream,
        Remedy::text("Rules, Compression Rules: turn compression off for text/event-stream"),
    ),
];

/// docs.aws.amazon.com, CloudFront: cache policies, origin request policies, behaviours.
const CLOUDFRONT_UNCACHED: Remedy =
    Remedy::text("the behaviour for {prefix}/*: cache policy CachingDisabled; then invalidate {prefix}/*");

const ALL_VIEWER: Remedy = Remedy::text(
    "the behaviour for {prefix}/*: origin request policy AllViewer, which passes on all headers, cookies and the query",
);

const CLOUDFRONT: &[(VerdictId, Remedy)] = &[
    (VerdictId::StaleAnswer, CLOUDFRONT_UNCACHED),
    (VerdictId::EngineCached, CLOUDFRONT_UNCACHED),
    (VerdictId::QueryLost, ALL_VIEWER),
    (VerdictId::SidLost, ALL_VIEWER),
    (VerdictId::UpgradeStripped, ALL_VIEWER),
    (VerdictId::StickinessByCookie, ALL_VIEWER),
    (VerdictId::NoStickiness, ALL_VIEWER),
    (VerdictId::HostHeaderLost, ALL_VIEWER),
    (VerdictId::CorsBlocked, ALL_VIEWER),
    (
        VerdictId::PostRefused,
        Remedy::text("the behaviour for {prefix}/*: allow all HTTP methods, POST among them"),
    ),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("find the rule in AWS WAF's sampled requests, and exempt {prefix}/*"),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text("the origin does not answer: check its name, port and security group"),
    ),
    (VerdictId::GuestTooSlow, Remedy::text("raise the origin's response timeout (30 s by default)")),
    (
        VerdictId::OriginTlsFailed,
        Remedy::text("the origin's protocol policy: HTTP only, or a certificate on the origin for its name"),
    ),
    (VerdictId::AgeCut, Remedy::text("remove the origin's response completion timeout")),
    (
        VerdictId::CompressedStream,
        Remedy::text("the behaviour for {prefix}/*: turn off Compress objects automatically"),
    ),
];

/// fastly.com/documentation: WebSockets, bereq.first_byte_timeout, pass.
const FASTLY_PASS: Remedy = Remedy::text("in vcl_recv: return(pass) for {prefix}/; then purge");

const FASTLY_WEBSOCKETS: Remedy = Remedy::text(
    "turn on WebSockets for the service, and in vcl_recv: return(upgrade) for requests with Upgrade",
);

const FASTLY_PATIENCE: Remedy =
    Remedy::text("raise the backend's first byte timeout (15 s by default) and between bytes timeout");

const FASTLY: &[(VerdictId, Remedy)] = &[
    (VerdictId::StaleAnswer, FASTLY_PASS),
    (VerdictId::EngineCached, FASTLY_PASS),
    (VerdictId::UpgradeStripped, FASTLY_WEBSOCKETS),
    (VerdictId::UpgradeRefused, FASTLY_WEBSOCKETS),
    (
        VerdictId::Buffered,
        Remedy::text("in vcl_fetch: set beresp.do_stream = true (Streaming Miss) for {prefix}/"),
    ),
    (VerdictId::GuestTooSlow, FASTLY_PATIENCE),
    (VerdictId::IdleCut, FASTLY_PATIENCE),
];

/// learn.microsoft.com, Azure Front Door: routes, caching, origin groups.
const FRONT_DOOR: &[(VerdictId, Remedy)] = &[
    (VerdictId::StaleAnswer, Remedy::text("the route for {prefix}/*: turn off caching, and purge")),
    (VerdictId::EngineCached, Remedy::text("the route for {prefix}/*: turn off caching, and purge")),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("find the rule in the WAF's log, and add an exclusion for this path"),
    ),
    (
        VerdictId::NoStickiness,
        Remedy::text("the origin group: turn on session affinity (clients without cookies: WebSocket only)"),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text("the origin group's health probes must find {app} (Dante: path {prefix}/hosting.json)"),
    ),
    (
        VerdictId::GuestTooSlow,
        Remedy::text("raise the origin response timeout of the profile (at most 240 s)"),
    ),
    (
        VerdictId::OriginTlsFailed,
        Remedy::text("the route's forwarding protocol: HTTP only, or a valid certificate on the origin"),
    ),
];

/// ngrok.com/docs.
const NGROK: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::GuestNotStarted,
        Remedy::paste("start the agent with the port where {app} listens:", &["ngrok http 8888"]),
    ),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text(
            "the free plan shows browsers a page first: --header 'ngrok-skip-browser-warning: 1' for the probe",
        ),
    ),
    (
        VerdictId::TlsToServer,
        Remedy::paste("start the agent with http://, not https://:", &["ngrok http http://127.0.0.1:8888"]),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("the plan limits requests and connections a minute: choose a larger one"),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        caches: true,
        remedies: CLOUDFLARE,
        limits: &[Limit::new(
            Wait::Silence,
            120,
            "Proxy Read Timeout",
            "developers.cloudflare.com, connection limits; 100 in earlier years",
        )],
        ..Profile::new(
            Host::Cloudflare,
            "Cloudflare",
            Role::Edge,
            &[
                // developers.cloudflare.com, HTTP headers.
                Sign::Server("cloudflare"),
                Sign::Header("cf-ray", ""),
                // Its pages of errors: 1xxx, 5xx, and of its parser.
                Sign::Words("<center>cloudflare</center>"),
                Sign::Words("id=\"cf-error-details\""),
            ],
        )
    },
    Profile {
        caches: true,
        remedies: CLOUDFRONT,
        limits: &[
            Limit::new(
                Wait::Silence,
                30,
                "response timeout of the origin",
                "docs.aws.amazon.com, CloudFront, origin settings",
            ),
            Limit::new(
                Wait::Silence,
                600,
                "the WebSocket's, which cannot be changed",
                "docs.aws.amazon.com, CloudFront quotas",
            ),
        ],
        ..Profile::new(
            Host::CloudFront,
            "CloudFront",
            Role::Edge,
            &[
                // docs.aws.amazon.com, CloudFront, request and response behaviour.
                Sign::Via("(cloudfront)"),
                Sign::Header("x-amz-cf-id", ""),
                Sign::Own("server", "cloudfront"),
                Sign::Words("Generated by cloudfront (CloudFront)"),
            ],
        )
    },
    Profile {
        caches: true,
        instead_of: &[Host::Varnish],
        remedies: FASTLY,
        limits: &[Limit::new(
            Wait::FirstByte,
            15,
            "first byte timeout",
            "fastly.com/documentation, bereq.first_byte_timeout",
        )],
        ..Profile::new(
            Host::Fastly,
            "Fastly",
            Role::Edge,
            &[
                // fastly.com/documentation, X-Served-By; it is made of Varnish, and calls itself so in `Via`.
                Sign::Header("x-served-by", "cache-"),
                Sign::Header("x-fastly-request-id", ""),
                Sign::Words("Fastly error: "),
            ],
        )
    },
    Profile {
        caches: true,
        remedies: FRONT_DOOR,
        limits: &[Limit::new(
            Wait::FirstByte,
            60,
            "origin response timeout",
            "learn.microsoft.com, Front Door (from secondary sources)",
        )],
        ..Profile::new(
            Host::FrontDoor,
            "Azure Front Door",
            Role::Edge,
            &[
                // learn.microsoft.com, Azure Front Door, HTTP headers.
                Sign::Header("x-azure-ref", ""),
            ],
        )
    },
    Profile {
        remedies: NGROK,
        ..Profile::new(
            Host::Ngrok,
            "ngrok",
            Role::Edge,
            &[
                // ngrok.com/docs/errors.
                Sign::Own("ngrok-error-code", ""),
                Sign::Words("ERR_NGROK_"),
                Sign::Header("ngrok-agent-ips", ""),
            ],
        )
    },
];
