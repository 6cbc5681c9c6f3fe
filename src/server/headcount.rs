//! [`Headcount`]: how many there are of something that clients have, in all and from each [`Network`].

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
};

/// What counts as one address: of IPv6 the network, since one subscriber has at least a /64 (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Network {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
        }
    }
}

/// How many there are.
#[derive(Debug, Default)]
pub(super) struct Headcount {
    all: usize,
    /// Only networks that have one.
    networks: HashMap<Network, usize>,
}

impl Headcount {
    /// How many there are in all.
    pub(super) fn all(&self) -> usize {
        self.all
    }

    /// How many there are from this network; of one that is not known, nobody is counted.
    pub(super) fn of(&self, network: Option<Network>) -> usize {
        network.and_then(|network| self.networks.get(&network)).copied().unwrap_or_default()
    }

    /// Counts one more.
    pub(super) fn enter(&mut self, network: Option<Network>) {
        self.all += 1;
        if let Some(network) = network {
            *self.networks.entry(network).or_default() += 1;
        }
    }

    /// Counts one that entered as gone.
    pub(super) fn leave(&mut self, network: Option<Network>) {
        self.all -= 1;
        let Some(network) = network else { return };
        if let Some(count) = self.networks.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&network);
            }
        }
    }

    /// Whether nobody is there, and nothing is kept of those who were.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all == 0 && self.networks.is_empty()
    }
}
