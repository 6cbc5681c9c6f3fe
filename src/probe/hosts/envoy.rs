//! Envoy, and Istio, which is made of it.

use super::{Host, Profile, Role, ServerHeader, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        ..Profile::new(
            Host::Envoy,
            "Envoy",
            Role::Proxy,
            &[
                // `server_header_transformation` replaces by default (tried: 1.40).
                Sign::Server("envoy"),
                // The router adds it to what it passes on (tried).
                Sign::Header("x-envoy-upstream-service-time", ""),
                // Where the server cannot be reached, or breaks off (source/common/http/utility.cc; tried).
                Sign::Words("upstream connect error or disconnect/reset before headers"),
                Sign::Words("no healthy upstream"),
                Sign::Words("upstream request timeout"),
                Sign::Words("RBAC: access denied"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::Envoy],
        like: Some(Host::Envoy),
        ..Profile::new(
            Host::Istio,
            "Istio",
            Role::Proxy,
            &[
                // istio.io: its gateways are Envoys of this name (not run here).
                Sign::Server("istio-envoy"),
            ],
        )
    },
];
