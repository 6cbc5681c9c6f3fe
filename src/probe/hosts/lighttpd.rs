//! lighttpd.

use super::{Host, Profile, Role, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[Profile {
    ..Profile::new(
        Host::Lighttpd,
        "lighttpd",
        Role::Proxy,
        &[
            // Where the server sends none (tried: 1.4.69). Its own pages have no name in them.
            Sign::Server("lighttpd"),
        ],
    )
}];
