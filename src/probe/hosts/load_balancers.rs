//! Load balancers of clouds. None of them was run here: what is said of them is from their documentation.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// docs.aws.amazon.com, Application Load Balancers: attributes, target groups, troubleshooting.
const ALB_IDLE: Remedy = Remedy::paste(
    "set the load balancer's idle timeout:",
    &[
        "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN --attributes Key=idle_timeout.timeout_seconds,Value=600",
    ],
);

const ALB_STICKY: Remedy = Remedy::paste(
    "turn on stickiness of the target group (clients without cookies: WebSocket only, or one target):",
    &[
        "aws elbv2 modify-target-group-attributes --target-group-arn ARN --attributes Key=stickiness.enabled,Value=true Key=stickiness.type,Value=lb_cookie",
    ],
);

const ALB: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::LoginRequired,
        Remedy::text("take the authenticate action out of the listener's rule for {prefix}/*"),
    ),
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("find the rule in AWS WAF's sampled requests, and exempt {prefix}/*"),
    ),
    (
        VerdictId::AnswersAlternate,
        Remedy::text(
            "look at the target group: take out what is not {app}; its health check must ask for a path that answers (Dante: {prefix}/hosting.json)",
        ),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "look at the target group's health: port, path (Dante: {prefix}/hosting.json), protocol HTTP and version HTTP1; {app} must listen on 0.0.0.0",
        ),
    ),
    (
        VerdictId::TlsToServer,
        Remedy::text(
            "the target group's protocol must be HTTP: like most servers, {app} speaks plain HTTP/1.1",
        ),
    ),
    (VerdictId::Http2ToServer, Remedy::text("the target group's protocol version must be HTTP1")),
    (
        VerdictId::ProxyProtocol,
        Remedy::text("a Network Load Balancer's target group sends it: proxy_protocol_v2.enabled=false"),
    ),
    (VerdictId::GuestTooSlow, ALB_IDLE),
    (VerdictId::NoStickiness, ALB_STICKY),
    (VerdictId::IdleCut, ALB_IDLE),
];

/// learn.microsoft.com, Application Gateway: backend settings, WAF, health probes.
const GATEWAY_PATIENCE: Remedy = Remedy::text("backend settings: raise the request time-out");

const GATEWAY: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::BlockedByFirewall,
        Remedy::text("find the rule in the WAF's log, and add an exclusion for this path"),
    ),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text("find the rule in the WAF's log, and add an exclusion for this path"),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "look at backend health: the probe must ask for a path that answers (Dante: {prefix}/hosting.json) by http, on the port where {app} listens (0.0.0.0)",
        ),
    ),
    (
        VerdictId::TlsToServer,
        Remedy::text(
            "backend settings: protocol HTTP, since, like most servers, {app} speaks plain HTTP/1.1",
        ),
    ),
    (VerdictId::HostHeaderLost, Remedy::text("backend settings: do not override the host name")),
    (VerdictId::CorsBlocked, Remedy::text("backend settings: do not override the host name")),
    // learn.microsoft.com, Application Gateway, "Configure request and response proxy buffers": on by default.
    (
        VerdictId::RequestBuffered,
        Remedy::paste(
            "nothing, unless the server has to read a body while it is sent; then, with your names:",
            &[
                "az network application-gateway update --name GATEWAY --resource-group GROUP --set globalConfiguration.enableRequestBuffering=false",
            ],
        ),
    ),
    (VerdictId::BodyLimit, Remedy::text("the WAF policy: raise the maximum request body size")),
    (
        VerdictId::NoStickiness,
        Remedy::text(
            "backend settings: turn on cookie-based affinity (clients without cookies: WebSocket only)",
        ),
    ),
    (
        VerdictId::Buffered,
        Remedy::text("turn off response buffering (globalConfiguration.enableResponseBuffering: false)"),
    ),
    (VerdictId::GuestTooSlow, GATEWAY_PATIENCE),
    (VerdictId::IdleCut, GATEWAY_PATIENCE),
];

/// cloud.google.com/load-balancing/docs: for a WebSocket, the backend service's time-out is the longest time that it may be open,
/// whether it is idle or not.
const GOOGLE_TIME: Remedy = Remedy::paste(
    "set the backend service's time-out (30 s by default), in seconds:",
    &["gcloud compute backend-services update NAME --global --timeout=86400"],
);

const GOOGLE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::LoginRequired,
        Remedy::text("Identity-Aware Proxy is on for the backend service: turn it off for {app}'s"),
    ),
    (VerdictId::BlockedByFirewall, Remedy::text("find the rule in Cloud Armor's log, and allow {prefix}/*")),
    (VerdictId::RateLimited, Remedy::text("raise the rate in Cloud Armor's rule, or exempt {prefix}/*")),
    (
        VerdictId::StaleAnswer,
        Remedy::text("turn off Cloud CDN for the backend service, and invalidate {prefix}/*"),
    ),
    (
        VerdictId::EngineCached,
        Remedy::text("turn off Cloud CDN for the backend service, and invalidate {prefix}/*"),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "look at the backend service's health: the health check must ask for {prefix}/hosting.json, and the firewall must let 35.191.0.0/16 and 130.211.0.0/22 in",
        ),
    ),
    (
        VerdictId::TlsToServer,
        Remedy::text(
            "the backend service's protocol must be HTTP: like most servers, {app} speaks plain HTTP/1.1",
        ),
    ),
    (
        VerdictId::Http2ToServer,
        Remedy::text(
            "the backend service's protocol must be HTTP: like most servers, {app} speaks plain HTTP/1.1",
        ),
    ),
    (
        VerdictId::NoStickiness,
        Remedy::paste(
            "turn on session affinity by address:",
            &["gcloud compute backend-services update NAME --global --session-affinity=CLIENT_IP"],
        ),
    ),
    (VerdictId::GuestTooSlow, GOOGLE_TIME),
    (VerdictId::AgeCut, GOOGLE_TIME),
    (VerdictId::IdleCut, GOOGLE_TIME),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: ALB,
        limits: &[Limit::new(
            Wait::Silence,
            60,
            "idle_timeout.timeout_seconds",
            "docs.aws.amazon.com, load balancer attributes",
        )],
        ..Profile::new(
            Host::AwsAlb,
            "AWS Application Load Balancer",
            Role::Balancer,
            &[
                // docs.aws.amazon.com, Application Load Balancers: sticky sessions; the name of its own answers.
                Sign::Own("server", "awselb/"),
                Sign::Cookie("AWSALB"),
                Sign::Cookie("AWSELB"),
            ],
        )
    },
    Profile {
        remedies: GATEWAY,
        ..Profile::new(
            Host::ApplicationGateway,
            "Azure Application Gateway",
            Role::Balancer,
            &[
                // learn.microsoft.com, Application Gateway: error pages, cookie-based affinity.
                Sign::Own("server", "microsoft-azure-application-gateway"),
                Sign::Cookie("ApplicationGatewayAffinity"),
                Sign::Words("<center>Microsoft-Azure-Application-Gateway/"),
            ],
        )
    },
    Profile {
        caches: true,
        remedies: GOOGLE,
        limits: &[Limit::new(
            Wait::Age,
            30,
            "time-out of the backend service",
            "cloud.google.com, Ingress for external Application Load Balancers",
        )],
        ..Profile::new(
            Host::GoogleLoadBalancer,
            "Google Cloud load balancer",
            Role::Balancer,
            &[
                // cloud.google.com/load-balancing/docs/https: `Via: 1.1 google`, cookie GCLB; the titles of its own pages.
                Sign::Via("1.1 google"),
                Sign::Cookie("GCLB="),
                Sign::Words(")!!1</title>"),
            ],
        )
    },
];
