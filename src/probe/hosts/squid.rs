//! Squid.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// squid-cache.org, http_upgrade_request_protocols: the name is compared with case, and clients send it in lower case (tried: 5.7).
const SQUID_UPGRADE: Remedy =
    Remedy::paste("in squid.conf:", &["http_upgrade_request_protocols websocket allow all"]);

const SQUID_UNCACHED: Remedy =
    Remedy::paste("in squid.conf:", &["acl dante urlpath_regex ^{prefix}/", "cache deny dante"]);

const SQUID_LET_IN: Remedy = Remedy::paste(
    "in squid.conf, before other http_access lines:",
    &["acl dante urlpath_regex ^{prefix}/", "http_access allow dante"],
);

const SQUID_PEER: Remedy = Remedy::paste(
    "in squid.conf: where {app} listens, without tls (like most servers, {app} speaks plain HTTP/1.1)",
    &["cache_peer 127.0.0.1 parent 8888 0 no-query originserver name=dante"],
);

const SQUID_PATIENCE: Remedy =
    Remedy::paste("in squid.conf:", &["read_timeout 1 hour", "write_timeout 1 hour"]);

const SQUID: &[(VerdictId, Remedy)] = &[
    (VerdictId::StaleAnswer, SQUID_UNCACHED),
    (VerdictId::CredentialsRequired, SQUID_LET_IN),
    (VerdictId::PageRefused, SQUID_LET_IN),
    (VerdictId::PostRefused, SQUID_LET_IN),
    (VerdictId::WebsocketForbidden, SQUID_LET_IN),
    (
        VerdictId::ConnectionLimited,
        Remedy::text("look for an acl with maxconn, and exempt this path; raise max_filedescriptors"),
    ),
    (VerdictId::TlsToServer, SQUID_PEER),
    (VerdictId::GuestNotStarted, SQUID_PEER),
    (VerdictId::GuestTooSlow, SQUID_PATIENCE),
    (VerdictId::QueryLost, Remedy::text("look at url_rewrite_program: it must keep the query")),
    (VerdictId::EngineCached, SQUID_UNCACHED),
    (VerdictId::NoStickiness, Remedy::text("add sourcehash to each cache_peer")),
    (VerdictId::BodyLimit, Remedy::paste("in squid.conf:", &["request_body_max_size 2 MB"])),
    (VerdictId::UpgradeStripped, SQUID_UPGRADE),
    (VerdictId::UpgradeUnanswered, SQUID_UPGRADE),
    (VerdictId::AgeCut, Remedy::paste("in squid.conf:", &["client_lifetime 7 days"])),
    (VerdictId::IdleCut, SQUID_PATIENCE),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    caches: true,
    remedies: SQUID,
    limits: &[
        Limit::new(Wait::Silence, 900, "read_timeout", "squid-cache.org, read_timeout"),
        Limit::new(Wait::Age, 86400, "client_lifetime", "squid-cache.org, client_lifetime"),
    ],
    tried: Some("5.7"),
    ..Profile::new(
        Host::Squid,
        "Squid",
        Role::Cache,
        &[
            // Added to all answers but 101 (tried: 5.7).
            Sign::Via("(squid/"),
            Sign::Header("x-cache-lookup", ""),
            Sign::Own("x-squid-error", ""),
            Sign::Own("server", "squid/"),
        ],
    )
}];
