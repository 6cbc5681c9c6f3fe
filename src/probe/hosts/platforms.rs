//! Platforms that run programs, with the proxy in front of them. None of them was run here: what is said of them is from their
//! documentation.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// devcenter.heroku.com, "HTTP Routing", "Request Timeout", "Session Affinity".
const HEROKU: &[(VerdictId, Remedy)] = &[
    (VerdictId::SlowStart, Remedy::text("an Eco dyno sleeps after 30 minutes: choose Basic or larger")),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "{app} must listen on the port in $PORT within 60 s, as it does without --listen; heroku logs says more",
        ),
    ),
    (
        VerdictId::GuestTooSlow,
        Remedy::text("the router waits 30 s for the first byte (H12): heroku logs says for which request"),
    ),
    (
        VerdictId::NoStickiness,
        Remedy::paste(
            "turn on session affinity, or run one dyno (clients without cookies: WebSocket only):",
            &["heroku features:enable http-session-affinity"],
        ),
    ),
    (
        VerdictId::IdleCut,
        Remedy::text(
            "the router cuts what is silent for 55 s, which cannot be changed: something must be sent more often",
        ),
    ),
];

/// fly.io/docs/reference/configuration.
const FLY: &[(VerdictId, Remedy)] = &[
    (VerdictId::SlowStart, Remedy::text("in fly.toml: min_machines_running = 1")),
    (
        VerdictId::GuestNotStarted,
        Remedy::text("in fly.toml: internal_port must be the port where {app} listens, on 0.0.0.0"),
    ),
    (VerdictId::NoStickiness, Remedy::text("run one machine (fly scale count 1), or allow only WebSocket")),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "in fly.toml: raise hard_limit and soft_limit of concurrency: each reader keeps a connection open",
        ),
    ),
];

/// vercel.com/docs: functions end after their maximum duration.
const VERCEL: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "a rewrite to another host passes on requests, but no upgrade: let clients connect to {app}'s own address",
        ),
    ),
    (
        VerdictId::LoginRequired,
        Remedy::text("turn off Deployment Protection, or give the probe its bypass header by --header"),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("turn off Deployment Protection, or give the probe its bypass header by --header"),
    ),
    (
        VerdictId::AgeCut,
        Remedy::text(
            "a function ends after its maximum duration: let clients connect to {app}'s own address",
        ),
    ),
];

const PORT: Remedy =
    Remedy::text("{app} must listen on the port in $PORT, on 0.0.0.0, as it does without --listen");

const ONE_INSTANCE: Remedy =
    Remedy::text("run one instance, or allow only WebSocket: there are no sticky sessions");

/// azure-docs; sources are in docs/hosting.md.
const AZURE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::LoginRequired,
        Remedy::text("Authentication: allow unauthenticated requests, or exclude this path"),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("Authentication: allow unauthenticated requests, or exclude this path"),
    ),
    (VerdictId::SlowStart, Remedy::text("Configuration, General settings: turn on Always On")),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "check the log stream; the container must listen on the port in WEBSITES_PORT within 230 s",
        ),
    ),
    (
        VerdictId::GuestTooSlow,
        Remedy::text("check the log stream: Azure gives up after 230 s of silence, which cannot be changed"),
    ),
    (
        VerdictId::NoStickiness,
        Remedy::text(
            "Configuration, General settings: turn on ARR affinity; for clients without cookies, allow only WebSocket or run one instance",
        ),
    ),
    (VerdictId::UpgradeStripped, Remedy::text("Configuration, General settings: turn on Web sockets")),
    (
        VerdictId::IisWebsocketModuleOff,
        Remedy::text(
            "Configuration, General settings: turn on Web sockets (for iisnode, also <webSocket enabled=\"false\" /> in web.config)",
        ),
    ),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text(
            "Application Gateway or Front Door: allow the engine's path in the WAF rules; the plan's limit of WebSocket connections may be reached",
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "the plan limits WebSocket connections (Free: 5 for each instance, Basic: 350): choose a larger one",
        ),
    ),
    (VerdictId::Buffered, Remedy::text("<urlCompression doDynamicCompression=\"false\" /> in web.config")),
    (
        VerdictId::IdleCut,
        Remedy::text("Azure cuts connections that are silent for 230 s; Always On keeps the site loaded"),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: AZURE,
        limits: &[Limit::new(
            Wait::Silence,
            230,
            "the front end's, which cannot be changed",
            "docs/hosting.md",
        )],
        recipe: Some(Recipe::Azure),
        ..Profile::new(
            Host::Azure,
            "Azure App Service",
            Role::Balancer,
            &[
                // The affinity cookie of its front ends (azure-docs configure-common.md).
                Sign::Cookie("ARRAffinity"),
                Sign::Words("This web app is stopped."),
            ],
        )
    },
    Profile {
        remedies: FLY,
        limits: &[Limit::new(Wait::Silence, 60, "idle_timeout", "fly.io, community reports")],
        ..Profile::new(
            Host::Fly,
            "Fly.io",
            Role::Balancer,
            &[
                // fly.io/docs/networking/request-headers.
                Sign::Header("fly-request-id", ""),
                Sign::Server("fly/"),
                Sign::Via("fly.io"),
            ],
        )
    },
    Profile {
        remedies: HEROKU,
        limits: &[
            Limit::new(
                Wait::FirstByte,
                30,
                "the router's, which cannot be changed",
                "devcenter.heroku.com, Request Timeout",
            ),
            Limit::new(
                Wait::Silence,
                55,
                "the router's, which cannot be changed",
                "devcenter.heroku.com, HTTP Routing",
            ),
        ],
        ..Profile::new(
            Host::Heroku,
            "Heroku",
            Role::Balancer,
            &[
                // devcenter.heroku.com, HTTP routing: `Via: 1.1 vegur`, since 2024 `heroku-router`; error pages.
                Sign::Via("vegur"),
                Sign::Via("heroku-router"),
                Sign::Words("herokucdn.com/error-pages/"),
            ],
        )
    },
    Profile {
        caches: true,
        remedies: VERCEL,
        limits: &[Limit::new(
            Wait::Age,
            300,
            "maximum duration of a function",
            "vercel.com/docs, function duration",
        )],
        ..Profile::new(
            Host::Vercel,
            "Vercel",
            Role::Edge,
            &[
                // vercel.com/docs/headers/response-headers.
                Sign::Header("x-vercel-id", ""),
                Sign::Server("vercel"),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Cloudflare],
        remedies: &[
            (VerdictId::SlowStart, Remedy::text("free instances sleep after 15 minutes: choose a paid one")),
            (VerdictId::GuestNotStarted, PORT),
            (VerdictId::NoStickiness, ONE_INSTANCE),
        ],
        ..Profile::new(
            Host::Render,
            "Render",
            Role::Balancer,
            &[
                // Seen in public reports, not in documentation. It stands behind Cloudflare, which is Render's, too.
                Sign::Header("x-render-origin-server", ""),
                Sign::Header("rndr-id", ""),
            ],
        )
    },
    Profile {
        remedies: &[(VerdictId::GuestNotStarted, PORT), (VerdictId::NoStickiness, ONE_INSTANCE)],
        ..Profile::new(
            Host::Railway,
            "Railway",
            Role::Balancer,
            &[
                // docs.railway.com, public networking.
                Sign::Server("railway"),
                Sign::Header("x-railway-request-id", ""),
                Sign::Header("x-railway-edge", ""),
            ],
        )
    },
];
