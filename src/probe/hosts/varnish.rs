//! Varnish.

use super::{
    Host, Limit, Profile, Role, Wait,
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
            "in the VCL: take out the backend that is not {app}; a probe skips one that does not answer",
            &[
                "backend default {",
                "    .host = \"127.0.0.1\";",
                "    .port = \"8888\";",
                "    .probe = { .url = \"{prefix}/hosting.json\"; .interval = 10s; }",
                "}",
            ],
        ),
    ),
    (VerdictId::RateLimited, Remedy::text("look for vsthrottle in the VCL, and exempt this path")),
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
        Remedy::paste("in the VCL: it must point to where {app} listens", VARNISH_BACKEND),
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
    (VerdictId::AgeCut, Remedy::paste("start varnishd with:", &["-p send_timeout=86400"])),
    (VerdictId::IdleCut, VARNISH_PATIENCE),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
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
}];
