//! Apache Traffic Server.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// docs.trafficserver.apache.org, remap.config: WebSockets have a map of their own (tried: 9.2).
const ATS_MAP: Remedy = Remedy::paste(
    "in remap.config, with your host's name, before the map for http://:",
    &["map ws://example.org{prefix}/ ws://127.0.0.1:8888{prefix}/"],
);

const ATS_HTTP_MAP: &[&str] = &["map http://example.org{prefix}/ http://127.0.0.1:8888{prefix}/"];

const ATS_EVERYTHING: Remedy =
    Remedy::paste("in remap.config, for everything below the prefix:", ATS_HTTP_MAP);

const ATS_PATIENCE: Remedy = Remedy::paste(
    "in records.config:",
    &[
        "CONFIG proxy.config.http.transaction_no_activity_timeout_in INT 600",
        "CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 600",
        "CONFIG proxy.config.websocket.no_activity_timeout INT 600",
    ],
);

const ATS_AGE: Remedy = Remedy::paste(
    "in records.config:",
    &[
        "CONFIG proxy.config.http.transaction_active_timeout_in INT 0",
        "CONFIG proxy.config.websocket.active_timeout INT 0",
    ],
);

const ATS_UNCACHED: Remedy =
    Remedy::paste("in cache.config:", &["url_regex=.*{prefix}/.* action=never-cache"]);

const ATS_HOST_HEADER: Remedy =
    Remedy::paste("in records.config:", &["CONFIG proxy.config.url_remap.pristine_host_hdr INT 1"]);

const ATS: &[(VerdictId, Remedy)] = &[
    (VerdictId::StaleAnswer, ATS_UNCACHED),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in remap.config: this keeps the prefix (dante --prefix {prefix}); without it on the right, it is stripped",
            ATS_HTTP_MAP,
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste("in remap.config: a slash at the end of both, or of neither", ATS_HTTP_MAP),
    ),
    (VerdictId::HostHeaderLost, ATS_HOST_HEADER),
    (
        VerdictId::TlsToServer,
        Remedy::paste("in remap.config: http:// and not https:// on the right", ATS_HTTP_MAP),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in remap.config: the right side must be where {app} listens, with http://",
            ATS_HTTP_MAP,
        ),
    ),
    (VerdictId::GuestTooSlow, ATS_PATIENCE),
    (VerdictId::HostingUnreadable, ATS_EVERYTHING),
    (VerdictId::OnlyPartPassed, ATS_EVERYTHING),
    (VerdictId::EngineCached, ATS_UNCACHED),
    (VerdictId::UpgradeStripped, ATS_MAP),
    (VerdictId::UpgradeRefused, ATS_MAP),
    (VerdictId::UpgradeUnanswered, ATS_MAP),
    (VerdictId::AgeCut, ATS_AGE),
    (VerdictId::IdleCut, ATS_PATIENCE),
    (VerdictId::CorsBlocked, ATS_HOST_HEADER),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    server: ServerHeader::Replaces,
    caches: true,
    remedies: ATS,
    limits: &[
        Limit::new(
            Wait::Silence,
            30,
            "proxy.config.http.transaction_no_activity_timeout_out",
            "records.config of 9.2",
        ),
        Limit::new(
            Wait::Age,
            900,
            "proxy.config.http.transaction_active_timeout_in",
            "records.config of 9.2",
        ),
        Limit::new(
            Wait::Silence,
            600,
            "proxy.config.websocket.no_activity_timeout",
            "docs.trafficserver.apache.org, records.config",
        ),
        Limit::new(
            Wait::Age,
            3600,
            "proxy.config.websocket.active_timeout",
            "docs.trafficserver.apache.org, records.config",
        ),
    ],
    tried: Some("9.2"),
    ..Profile::new(
        Host::TrafficServer,
        "Apache Traffic Server",
        Role::Cache,
        &[
            // In every answer: `proxy.config.http.response_server_enabled` (tried: 9.2).
            Sign::Server("ats/"),
            Sign::Via("trafficserver"),
            // proxy/body_factory (tried).
            Sign::Words("<FONT FACE=\"Helvetica,Arial\"><B>\nDescription: "),
        ],
    )
}];
