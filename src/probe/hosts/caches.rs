//! Proxies that are made for caching: Varnish, Squid, Traffic Server.

use super::{
    Host, Limit, Profile, Role, ServerHeader, Wait,
    signs::{Refusal, Sign},
};
use crate::probe::verdicts::{Remedy, VerdictId};

/// varnish-cache.org, "Adding WebSockets support".
const PIPE: Remedy = Remedy::paste(
    "in the VCL:",
    &[
        "sub vcl_recv {",
        "    if (req.http.Upgrade ~ \"(?i)websocket\") { return (pipe); }",
        "}",
        "sub vcl_pipe {",
        "    if (req.http.Upgrade) {",
        "        set bereq.http.Upgrade = req.http.Upgrade;",
        "        set bereq.http.Connection = req.http.Connection;",
        "    }",
        "}",
    ],
);

/// varnishd -x parameter: 60 s each, `send_timeout` 600 s for the whole answer (7.1).
const VARNISH_PATIENCE: Remedy = Remedy::paste(
    "start varnishd with:",
    &["-p pipe_timeout=600", "-p between_bytes_timeout=600", "-p first_byte_timeout=600"],
);

const VARNISH_PASS: Remedy = Remedy::paste(
    "in the VCL, before other rules:",
    &["sub vcl_recv {", "    if (req.url ~ \"^{prefix}/\") { return (pass); }", "}"],
);

const VARNISH_STREAM: Remedy = Remedy::paste(
    "in the VCL, before other rules, and without do_stream = false and do_esi = true for these paths:",
    &[
        "sub vcl_backend_response {",
        "    if (beresp.http.Content-Type ~ \"^text/event-stream\") {",
        "        set beresp.do_stream = true;",
        "        set beresp.do_gzip = false;",
        "        set beresp.uncacheable = true;",
        "    }",
        "}",
    ],
);

const VARNISH_BACKEND: &[&str] =
    &["backend default {", "    .host = \"127.0.0.1\";", "    .port = \"8888\";", "}"];

const VARNISH_STICKY: Remedy = Remedy::paste(
    "in the VCL, for several backends (here one, named default):",
    &[
        "import directors;",
        "sub vcl_init {",
        "    new dante = directors.hash();",
        "    dante.add_backend(default, 1.0);",
        "}",
        "sub vcl_recv {",
        "    set req.backend_hint = dante.backend(client.identity);",
        "}",
    ],
);

const VARNISH: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::AnswersAlternate,
        Remedy::paste(
            "in the VCL: take out the backend that is not Dante; a probe skips one that does not answer",
            &[
                "backend default {",
                "    .host = \"127.0.0.1\";",
                "    .port = \"8888\";",
                "    .probe = { .url = \"{prefix}/hosting.json\"; .interval = 10s; }",
                "}",
            ],
        ),
    ),
    (VerdictId::RateLimited, Remedy::text("look for vsthrottle in the VCL, and exempt Dante's path")),
    (
        VerdictId::ConnectionLimited,
        Remedy::text("raise .max_connections of the backend: each reader keeps a connection open"),
    ),
    (VerdictId::StaleAnswer, VARNISH_PASS),
    (
        VerdictId::QueryLost,
        Remedy::text("look for regsub of req.url in vcl_recv: it must keep the query of {prefix}/socket.io/"),
    ),
    (
        VerdictId::SidLost,
        Remedy::text("look for regsub of req.url in vcl_recv: it must keep the query of {prefix}/socket.io/"),
    ),
    (
        VerdictId::UrlChanged,
        Remedy::text(
            "look for set req.url and bereq.url in the VCL, std.tolower and std.querysort among them",
        ),
    ),
    (
        VerdictId::HostHeaderLost,
        Remedy::text("look for set and unset of req.http.Host and bereq.http.Host in the VCL"),
    ),
    (VerdictId::ProxyProtocol, Remedy::text("remove .proxy_header from the backend")),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste("in the VCL: it must point to where dante listens", VARNISH_BACKEND),
    ),
    (VerdictId::GuestTooSlow, VARNISH_PATIENCE),
    (VerdictId::EngineCached, VARNISH_PASS),
    (VerdictId::NoStickiness, VARNISH_STICKY),
    (VerdictId::StickinessByCookie, VARNISH_STICKY),
    (VerdictId::PostRefused, Remedy::text("look for req.method and synth(405) in vcl_recv")),
    (VerdictId::UpgradeStripped, PIPE),
    (VerdictId::UpgradeUnanswered, PIPE),
    (VerdictId::ClosedAfter101, PIPE),
    (VerdictId::WebsocketForbidden, Remedy::text("look for synth(403) in vcl_recv")),
    (VerdictId::Buffered, VARNISH_STREAM),
    (VerdictId::CompressedStream, VARNISH_STREAM),
    (VerdictId::EarlyEnd, VARNISH_PATIENCE),
    (VerdictId::AgeCut, Remedy::paste("start varnishd with:", &["-p send_timeout=86400"])),
    (VerdictId::IdleCut, VARNISH_PATIENCE),
];

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
    "in squid.conf: where dante listens, without tls (Dante speaks plain HTTP/1.1)",
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
        Remedy::text("look for an acl with maxconn, and exempt Dante's path; raise max_filedescriptors"),
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
    (VerdictId::EarlyEnd, SQUID_PATIENCE),
    (VerdictId::AgeCut, Remedy::paste("in squid.conf:", &["client_lifetime 7 days"])),
    (VerdictId::IdleCut, SQUID_PATIENCE),
];

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
            "in remap.config: the right side must be where dante listens, with http://",
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
    (VerdictId::EarlyEnd, ATS_PATIENCE),
    (VerdictId::AgeCut, ATS_AGE),
    (VerdictId::IdleCut, ATS_PATIENCE),
    (VerdictId::CorsBlocked, ATS_HOST_HEADER),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        caches: true,
        remedies: VARNISH,
        limits: &[
            Limit::new(Wait::FirstByte, 60, "first_byte_timeout", "varnishd -x parameter (7.1)"),
            Limit::new(Wait::Silence, 60, "between_bytes_timeout", "varnishd -x parameter (7.1)"),
            Limit::new(Wait::Silence, 60, "pipe_timeout", "varnishd -x parameter (7.1)"),
            Limit::new(Wait::Age, 600, "send_timeout", "varnishd -x parameter (7.1)"),
        ],
        tried: Some("7.1"),
        ..Profile::new(
            Host::Varnish,
            "Varnish",
            Role::Cache,
            &[
                // Added to what it passes on, but not to what it pipes (tried: 7.1).
                Sign::Header("x-varnish", ""),
                Sign::Via("varnish"),
                // builtin.vcl, `vcl_synth` and `vcl_backend_error` (tried).
                Sign::Own("server", "varnish"),
                Sign::Words("<h3>Guru Meditation:</h3>"),
                // cache_http1_fsm.c answers what is not HTTP with a status line alone (tried).
                Sign::Malformed(Refusal::Nothing),
            ],
        )
    },
    Profile {
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
    },
    Profile {
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
    },
];
