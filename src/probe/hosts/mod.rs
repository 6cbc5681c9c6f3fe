//! The hosts that may stand in front of the server: how each shows itself, what fixes a verdict there, how long it waits.
//! One table, [`PROFILES`], in a file for each family. Pure.
//!
//! | file | what it knows |
//! |---|---|
//! | `host` | the names |
//! | `signs` | how a host shows itself in an answer |
//! | `chain` | which hosts stand in front, and in which order |
//! | the others | the hosts themselves |

mod chain;
#[cfg(test)]
mod document;
mod host;
mod limits;
#[cfg(test)]
#[cfg(unix)]
mod loaded;
#[cfg(test)]
mod recorded;
mod signs;

mod apache;
mod caddy;
mod cdns;
mod envoy;
mod gateways;
mod h2o;
mod haproxy;
mod iis;
mod iis_modules;
mod lighttpd;
mod load_balancers;
mod nginx;
mod node;
mod platforms;
mod python;
mod squid;
mod traefik;
mod traffic_server;
mod varnish;

pub(crate) use chain::{chain, nameless};
pub(crate) use host::Host;
pub(crate) use limits::{Wait, default_near, limit_on_age};
pub(crate) use signs::author;

use super::verdicts::{Remedy, VerdictId};
use crate::hosting::recipes::Recipe;
use limits::Limit;
use signs::Sign;

/// All hosts that are known, family by family.
const PROFILES: &[&[Profile]] = &[
    nginx::HOSTS,
    gateways::HOSTS,
    apache::HOSTS,
    caddy::HOSTS,
    haproxy::HOSTS,
    traefik::HOSTS,
    envoy::HOSTS,
    lighttpd::HOSTS,
    h2o::HOSTS,
    varnish::HOSTS,
    squid::HOSTS,
    traffic_server::HOSTS,
    iis::HOSTS,
    iis_modules::HOSTS,
    node::HOSTS,
    python::HOSTS,
    cdns::HOSTS,
    load_balancers::HOSTS,
    platforms::HOSTS,
];

/// What is known of a host.
#[derive(Debug)]
pub(crate) struct Profile {
    host: Host,
    /// As its makers write it.
    name: &'static str,
    /// What it is for, which says where it usually stands.
    role: Role,
    /// What it makes of the header `Server` of an answer that it passes on.
    server: ServerHeader,
    /// Whether it may answer from a store of its own.
    caches: bool,
    /// How it shows itself.
    signs: &'static [Sign],
    /// What fixes a verdict there.
    remedies: &'static [(VerdictId, Remedy)],
    /// Those that it is made of, or is part of: with it, they are one host.
    instead_of: &'static [Host],
    /// Another host with the same configuration, whose remedies hold where this one has none of its own.
    like: Option<Host>,
    /// How long it waits unless it is told otherwise.
    limits: &'static [Limit],
    /// What `dante hosting` prints for it.
    recipe: Option<Recipe>,
    /// Which versions were run here; none of what is known from documentation only.
    #[cfg_attr(not(test), allow(dead_code, reason = "docs/known-hosts.md shows it, which a test writes"))]
    tried: Option<&'static str>,
}

/// What a host is for, from the client inwards: where nothing else tells the order of two hosts, this does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// Near the clients, for many sites: a content delivery network, a tunnel.
    Edge,
    /// Spreads connections over machines.
    Balancer,
    /// Keeps answers.
    Cache,
    /// A web server or reverse proxy.
    Proxy,
    /// A module of a web server that starts programs, or a proxy on a developer's machine.
    Starter,
    /// Runs applications.
    Application,
}

/// What a host makes of the header `Server` of an answer that it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerHeader {
    /// Writes its own name over it.
    Replaces,
    /// Passes it on; some add their own where there is none.
    Keeps,
}

impl Profile {
    /// One with nothing but a name.
    const fn new(host: Host, name: &'static str, role: Role, signs: &'static [Sign]) -> Self {
        Self {
            host,
            name,
            role,
            server: ServerHeader::Keeps,
            caches: false,
            signs,
            remedies: &[],
            instead_of: &[],
            like: None,
            limits: &[],
            recipe: None,
            tried: None,
        }
    }

    /// All of them.
    fn all() -> impl Iterator<Item = &'static Self> {
        PROFILES.iter().copied().flatten()
    }
}

impl Host {
    /// What is known of it.
    fn profile(self) -> &'static Profile {
        Profile::all().find(|profile| profile.host == self).expect("a test finds every host in the table")
    }

    /// What fixes a verdict on each host where that is known.
    #[cfg(test)]
    pub(crate) fn remedies(id: VerdictId) -> impl Iterator<Item = (Self, Remedy)> {
        let of = move |profile: &'static Profile| profile.remedies.iter().filter(move |(of, _)| *of == id);
        Profile::all().flat_map(move |profile| of(profile).map(|(_, remedy)| (profile.host, *remedy)))
    }

    /// What `dante hosting` prints for it, where there is that.
    pub(crate) fn recipe(self) -> Option<Recipe> {
        self.profile().recipe
    }

    /// What fixes a verdict on this host.
    pub(crate) fn remedy(self, id: VerdictId) -> Option<Remedy> {
        let profile = self.profile();
        let own = profile.remedies.iter().find(|(of, _)| *of == id).map(|(_, remedy)| *remedy);
        own.or_else(|| profile.like?.remedy(id))
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_host_is_in_the_table_once() {
        for host in Host::VARIANTS {
            assert_eq!(Profile::all().filter(|profile| profile.host == *host).count(), 1, "{host}");
        }
    }

    #[test]
    fn no_host_has_two_remedies_for_one_verdict() {
        for profile in Profile::all() {
            for (id, _) in profile.remedies {
                let same = profile.remedies.iter().filter(|(of, _)| of == id);
                assert_eq!(same.count(), 1, "{}: {id}", profile.name);
            }
        }
    }
}
