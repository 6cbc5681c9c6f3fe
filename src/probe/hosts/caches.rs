//! Proxies that are made for caching: Varnish, Squid, Traffic Server.

use super::{
    Host, Profile, Role, ServerHeader,
    signs::{Refusal, Sign},
};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        caches: true,
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
        ..Profile::new(
            Host::TrafficServer,
            "Apache Traffic Server",
            Role::Cache,
            &[
                // In every answer: `proxy.config.http.response_server_enabled` (tried: 9.2).
                Sign::Server("ats/"),
                Sign::Server("trafficserver"),
                Sign::Via("trafficserver"),
                Sign::Via("apachetrafficserver"),
                // proxy/body_factory (tried).
                Sign::Words("<FONT FACE=\"Helvetica,Arial\"><B>\nDescription: "),
            ],
        )
    },
];
