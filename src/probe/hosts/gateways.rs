//! What is made of nginx, and has a configuration of its own: Kubernetes' ingress-nginx, Kong, APISIX.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// What an Ingress says, as annotations (kubernetes.github.io/ingress-nginx, user-guide/nginx-configuration/annotations.md).
const INGRESS: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "the Service's port must lead to where {app} listens (0.0.0.0, not 127.0.0.1), and its pods must be ready",
        ),
    ),
    (VerdictId::GuestTooSlow, ANNOTATED_PATIENCE),
    (VerdictId::IdleCut, ANNOTATED_PATIENCE),
    (VerdictId::TlsToServer, ANNOTATED_HTTP),
    (VerdictId::Http2ToServer, ANNOTATED_HTTP),
    (
        VerdictId::NoStickiness,
        Remedy::paste(
            "in the Ingress's annotations:",
            &["nginx.ingress.kubernetes.io/upstream-hash-by: \"$remote_addr\""],
        ),
    ),
    (
        VerdictId::BodyLimit,
        Remedy::paste(
            "in the Ingress's annotations:",
            &["nginx.ingress.kubernetes.io/proxy-body-size: \"2m\""],
        ),
    ),
    (
        VerdictId::RequestBuffered,
        Remedy::paste(
            "nothing, unless the server has to read a body while it is sent; then, in the Ingress's annotations:",
            &["nginx.ingress.kubernetes.io/proxy-request-buffering: \"off\""],
        ),
    ),
    (
        VerdictId::Buffered,
        Remedy::paste(
            "in the Ingress's annotations:",
            &["nginx.ingress.kubernetes.io/proxy-buffering: \"off\""],
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text(
            "raise nginx.ingress.kubernetes.io/limit-rps and limit-rpm in the Ingress's annotations",
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::text("raise nginx.ingress.kubernetes.io/limit-connections in the Ingress's annotations"),
    ),
    (
        VerdictId::TlsSelfSigned,
        Remedy::text(
            "the Ingress has no certificate for this name: check its tls section, and that the Secret is there",
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::text("check nginx.ingress.kubernetes.io/rewrite-target: it must not add a second slash"),
    ),
];

const ANNOTATED_PATIENCE: Remedy = Remedy::paste(
    "in the Ingress's annotations:",
    &[
        "nginx.ingress.kubernetes.io/proxy-read-timeout: \"600\"",
        "nginx.ingress.kubernetes.io/proxy-send-timeout: \"600\"",
    ],
);

const ANNOTATED_HTTP: Remedy = Remedy::paste(
    "in the Ingress's annotations:",
    &["nginx.ingress.kubernetes.io/backend-protocol: \"HTTP\""],
);

const KONG_PATHS: Remedy = Remedy::text("the route's paths must have the prefix itself, not only the page");

/// docs.konghq.com: services and routes have these attributes.
const KONG: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::GuestNotStarted,
        Remedy::text("the service's url must point to where {app} listens, with http://"),
    ),
    (VerdictId::TlsToServer, Remedy::text("the service's protocol must be http")),
    (
        VerdictId::PrefixMismatch,
        Remedy::text("the route's strip_path says whether the prefix is stripped: true by default"),
    ),
    (VerdictId::NoSocketio, KONG_PATHS),
    (VerdictId::OnlyPartPassed, KONG_PATHS),
    (
        VerdictId::IdleCut,
        Remedy::text("raise the service's read_timeout and write_timeout (60000 ms by default)"),
    ),
    (VerdictId::GuestTooSlow, Remedy::text("raise the service's read_timeout (60000 ms by default)")),
    (VerdictId::Buffered, Remedy::text("set the route's response_buffering to false")),
    (
        VerdictId::UpgradeStripped,
        Remedy::text("the route's protocols must have http and https, which let WebSocket pass"),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("raise the limits of the plugin rate-limiting, or disable it on this route"),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("give the key, or disable the authentication plugin on this route"),
    ),
    (VerdictId::BodyLimit, Remedy::text("raise allowed_payload_size of the plugin request-size-limiting")),
    (VerdictId::PostRefused, Remedy::text("add POST to the route's methods, or leave them empty")),
    (VerdictId::HostHeaderLost, Remedy::text("set the route's preserve_host to true")),
    (VerdictId::CorsBlocked, Remedy::text("set the route's preserve_host to true")),
    (VerdictId::NoStickiness, Remedy::text("set the upstream's hash_on to ip")),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::Nginx],
        remedies: INGRESS,
        limits: &[Limit::new(Wait::Silence, 60, "proxy-read-timeout", "ingress-nginx docs, annotations.md")],
        ..Profile::new(
            Host::IngressNginx,
            "ingress-nginx",
            Role::Proxy,
            &[
                // Its certificate where none is given (ingress-nginx docs, user-guide/tls.md; not run here).
                Sign::Certificate("kubernetes ingress controller fake certificate"),
                // The default name of its affinity cookie (annotations.md, Session Affinity).
                Sign::Cookie("INGRESSCOOKIE="),
                // The default backend (user-guide/default-backend.md).
                Sign::Words("default backend - 404"),
            ],
        )
    },
    Profile {
        instead_of: &[Host::OpenResty, Host::Nginx],
        remedies: KONG,
        limits: &[Limit::new(Wait::Silence, 60, "read_timeout", "docs.konghq.com, Services")],
        ..Profile::new(
            Host::Kong,
            "Kong Gateway",
            Role::Proxy,
            &[
                // docs.konghq.com, kong.conf `headers`: what it adds to answers by default (not run here).
                Sign::Header("x-kong-upstream-latency", ""),
                Sign::Header("x-kong-proxy-latency", ""),
                Sign::Via("kong/"),
                Sign::Own("server", "kong/"),
                // Where no route fits (docs.konghq.com, Routes).
                Sign::Words("no Route matched with those values"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::OpenResty, Host::Nginx],
        ..Profile::new(
            Host::ApiSix,
            "Apache APISIX",
            Role::Proxy,
            &[
                // apisix.apache.org: `Server: APISIX/3.x`, and its answer where no route fits (not run here).
                Sign::Server("apisix"),
                Sign::Words("404 Route Not Found"),
            ],
        )
    },
];
