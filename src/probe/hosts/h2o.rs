//! h2o and nghttpx, proxies known for HTTP/2.

use super::{Host, Profile, Role, ServerHeader, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        ..Profile::new(
            Host::H2o,
            "h2o",
            Role::Proxy,
            &[
                // In every answer (tried: 2.2.5).
                Sign::Server("h2o"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        ..Profile::new(
            Host::Nghttpx,
            "nghttpx",
            Role::Proxy,
            &[
                // In every answer (tried: 1.52).
                Sign::Server("nghttpx"),
                Sign::Via("nghttpx"),
                Sign::Words("<footer>nghttpx</footer>"),
            ],
        )
    },
];
