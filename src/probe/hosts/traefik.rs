//! Traefik, and other programs with the HTTP server of Go.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        instead_of: &[Host::Go],
        ..Profile::new(
            Host::Traefik,
            "Traefik",
            Role::Proxy,
            &[
                // pkg/proxy/httputil: the status's text and nothing else (tried: 3.7).
                Sign::Bare("Bad Gateway"),
                Sign::Bare("Gateway Timeout"),
                Sign::Bare("Client Closed Request"),
                // The certificate where none is given (doc.traefik.io, TLS, default certificate; tried).
                Sign::Certificate("traefik default cert"),
                Sign::Malformed(Refusal::StatusLine),
            ],
        )
    },
    Profile {
        like: Some(Host::Traefik),
        ..Profile::new(
            Host::Go,
            "a server written in Go, such as Traefik",
            Role::Proxy,
            &[
                // net/http `NotFound` (server.go; tried with Traefik).
                Sign::Bare("404 page not found\n"),
                Sign::Malformed(Refusal::StatusLine),
            ],
        )
    },
];
