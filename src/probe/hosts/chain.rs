//! [`chain`]: which hosts stand in front of the server, and in which order.

use super::{
    Host, Profile, ServerHeader,
    signs::{Sign, author, contains},
};
use crate::{
    contract::FAULT_HEADER,
    probe::{
        classify::comes_from_cache,
        evidence::{Evidence, Exchange},
    },
};

/// All hosts that the evidence shows, the one nearest to the client first.
///
/// The order comes from what only one order can bring about, the surest first: who refuses what is not HTTP stands first; what is
/// added to a host's own answer was added by hosts before it; a proxy adds to `Via` at the end (RFC 9110, 7.6.3); who replaces
/// `Server` and is named there stands before others that replace it. What is left goes by what hosts are for.
pub(crate) fn chain(evidence: &Evidence) -> Vec<Host> {
    // What a port of TLS says to plain HTTP, it says itself.
    let plain = evidence.tls.iter().filter_map(|tls| tls.plain.as_ref());
    let exchanges: Vec<&Exchange> =
        plain.chain(evidence.exchanges().into_iter().map(|(_, exchange)| exchange)).collect();
    let mut found: Vec<Host> = Profile::all()
        .filter(|profile| {
            exchanges.iter().any(|exchange| shows(profile, exchange)) || certified(profile, evidence)
        })
        .map(|profile| profile.host)
        .collect();
    if let Some(host) = started_by(evidence) {
        found.push(host);
    }
    let mut order = Order::default();
    if let Some(first) = evidence.malformed().and_then(|answer| outermost(answer, &found)) {
        found.push(first);
        found.iter().for_each(|host| order.add(first, *host));
    }
    found.sort_by_key(|host| (host.profile().role, *host));
    found.dedup();
    let same: Vec<Host> = found.iter().flat_map(|host| host.profile().instead_of).copied().collect();
    found.retain(|host| !same.contains(host));
    for exchange in exchanges.iter().filter(|exchange| !is_stored(exchange)) {
        order.read(exchange, &found);
    }
    order.sort(found)
}

/// Those of a chain that do not write their name into `Server` of all that passes them, as far as the evidence shows.
pub(crate) fn nameless(evidence: &Evidence, chain: &[Host]) -> Vec<Host> {
    let exchanges = evidence.exchanges();
    let writes = |host: &&Host| {
        let profile = host.profile();
        let named = |sign: &Sign| {
            matches!(sign, Sign::Server(_)) && exchanges.iter().any(|(_, exchange)| sign.is_in(exchange))
        };
        profile.server == ServerHeader::Replaces && profile.signs.iter().any(named)
    };
    chain.iter().filter(|host| !writes(host)).copied().collect()
}

/// Whether an answer shows this host. One from a store shows only what the cache itself adds to it.
fn shows(profile: &Profile, exchange: &Exchange) -> bool {
    if !is_stored(exchange) {
        return profile.signs.iter().any(|sign| sign.is_in(exchange));
    }
    profile.caches && profile.signs.iter().any(|sign| sign.is_added_to_stored() && sign.is_in(exchange))
}

/// Whether an answer was kept from another request.
fn is_stored(exchange: &Exchange) -> bool {
    comes_from_cache(exchange).is_some()
}

/// Whether the certificate is one that this host makes for itself.
fn certified(profile: &Profile, evidence: &Evidence) -> bool {
    let Some(tls) = &evidence.tls else { return false };
    profile.signs.iter().any(|sign| match sign {
        Sign::Certificate(part) => contains(&tls.subject, part) || contains(&tls.issuer, part),
        _ => false,
    })
}

/// The host that Dante says has started it, unless a cache says so.
fn started_by(evidence: &Evidence) -> Option<Host> {
    let fresh = evidence.hosting.as_ref().is_some_and(|hosting| !is_stored(&hosting.exchange));
    match evidence.hosting_status().filter(|_| fresh)?.host.value.as_str() {
        "iisnode" => Some(Host::Iisnode),
        "httpplatform" => Some(Host::HttpPlatform),
        "aspnetcore" => Some(Host::AspNetCore),
        "azure" => Some(Host::Azure),
        _ => None,
    }
}

/// Who refused what is not HTTP: the first parser of HTTP on the path, in its own words. Where several hosts answer the same, it
/// is one of those that were recognised, or the first in the table.
fn outermost(answer: &Exchange, found: &[Host]) -> Option<Host> {
    let named = || {
        // A refusal was written by who parsed the request, so `Server` is its own.
        let server = |sign: &Sign| matches!(sign, Sign::Server(_)) && sign.is_in(answer);
        Profile::all().find(|profile| profile.signs.iter().any(server)).map(|profile| profile.host)
    };
    let alike = || {
        let refuses = |sign: &Sign| matches!(sign, Sign::Malformed(form) if form.is(answer));
        let mut all = Profile::all().filter(|profile| profile.signs.iter().any(refuses)).map(|one| one.host);
        // The names for whatever is written in a language are sure; others that answer alike have to show themselves.
        let sure = |host: &Host| found.contains(host) || matches!(host, Host::Node | Host::Go);
        all.find(sure)
    };
    if answer.status.is_none_or(|status| status < 400) || answer.header(FAULT_HEADER).is_some() {
        return None;
    }
    author(answer).or_else(named).or_else(alike)
}

/// What is known of who stands before whom; what contradicts something surer is not taken.
#[derive(Default)]
struct Order(Vec<(Host, Host)>);

impl Order {
    fn add(&mut self, before: Host, after: Host) {
        if before != after && !self.is_before(after, before) {
            self.0.push((before, after));
        }
    }

    fn is_before(&self, before: Host, after: Host) -> bool {
        self.0.iter().any(|(one, other)| *one == before && (*other == after || self.is_before(*other, after)))
    }

    /// What one answer tells.
    fn read(&mut self, exchange: &Exchange, found: &[Host]) {
        let shown: Vec<&Profile> =
            found.iter().map(|host| host.profile()).filter(|profile| shows(profile, exchange)).collect();
        if let Some(author) = author(exchange) {
            shown.iter().for_each(|other| self.add(other.host, author));
        }
        let named = |entry: &str| {
            let names = |sign: &Sign| matches!(sign, Sign::Via(part) if contains(entry, part));
            shown.iter().find(|profile| profile.signs.iter().any(names)).map(|profile| profile.host)
        };
        let via = exchange.headers.iter().filter(|(name, _)| name == "via");
        let via: Vec<Host> = via.flat_map(|(_, value)| value.split(',')).filter_map(named).collect();
        via.windows(2).for_each(|pair| self.add(pair[1], pair[0]));
        // In the request it is the other way round.
        let via = exchange.saw.as_ref().and_then(|saw| saw.via.as_deref()).unwrap_or_default();
        let via: Vec<Host> = via.split(',').filter_map(named).collect();
        via.windows(2).for_each(|pair| self.add(pair[0], pair[1]));
        let replaces = |profile: &&&Profile| profile.server == ServerHeader::Replaces;
        let named = |profile: &&&Profile| {
            profile.signs.iter().any(|sign| matches!(sign, Sign::Server(_)) && sign.is_in(exchange))
        };
        if let Some(first) = shown.iter().filter(replaces).find(named) {
            shown.iter().filter(replaces).for_each(|other| self.add(first.host, other.host));
        }
    }

    /// The hosts in this order, and else as they were.
    fn sort(&self, mut hosts: Vec<Host>) -> Vec<Host> {
        let mut sorted = Vec::new();
        while !hosts.is_empty() {
            let free = |host: &Host| hosts.iter().all(|other| !self.is_before(*other, *host));
            let next = hosts.iter().position(free).expect("an order has no circle, so something comes first");
            sorted.push(hosts.remove(next));
        }
        sorted
    }
}
