//! [`Admission`]: how many readers there may be, in all and from one address. Whoever is let in holds a [`Place`] until the reader has left.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tracing::warn;

use super::{
    app::App,
    forwarded,
    headcount::{Headcount, Network},
    metrics,
};
use crate::reader_limits::ReaderLimits;

/// When a reader that was refused may ask again, in seconds.
const RETRY_AFTER: &str = "10";

/// One in so many places, and at least one, is kept beyond a limit for readers who come back: their old connection may be broken and not
/// noticed yet.
const RETURNING: usize = 20;

/// Lets readers in; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ReaderLimits,
    present: Mutex<Headcount>,
}

/// One reader's place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    admission: Admission,
    network: Option<Network>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.present().leave(self.network);
    }
}

/// Why a reader is not let in. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There are as many readers as there may be, so many.
    #[error("server-full: the limit of {0} for readers at once is reached; try again in a while")]
    Server(usize),
    /// There are as many from this address as there may be.
    #[error(
        "address-full: the limit of {0} for readers from one address is reached at yours; close some, or try again in a while"
    )]
    Address(usize),
}

impl Refusal {
    /// The word for programs, and all that a client of Socket.IO is told.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server(_) => "server-full",
            Self::Address(_) => "address-full",
        }
    }

    /// As what it is counted in the metrics.
    fn counted(self) -> metrics::Refusal {
        match self {
            Self::Server(_) => metrics::Refusal::ServerFull,
            Self::Address(_) => metrics::Refusal::AddressFull,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], format!("{self}\n"))
            .into_response()
    }
}

/// Lets the reader in that a request asks for, or logs why not. `returns` says whether it has read before.
///
/// # Errors
/// When there are too many readers already.
pub(super) fn admit(
    app: &App,
    extensions: &Extensions,
    headers: &HeaderMap,
    returns: bool,
) -> Result<Place, Refusal> {
    let address = forwarded::address(extensions, headers, app.trust_forwarded);
    app.admission.admit(address, returns).inspect_err(|refusal| {
        app.refusals.note(refusal.counted());
        let client = forwarded::client(extensions, headers, app.trust_forwarded);
        warn!(client, why = refusal.name(), "a reader was refused");
    })
}

/// A second place for a reader that was let in, whatever the limits, for when it is handed on.
pub(super) fn take(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Place {
    app.admission.take(forwarded::address(extensions, headers, app.trust_forwarded))
}

impl Admission {
    pub(super) fn new(limits: ReaderLimits) -> Self {
        Self(Arc::new(Inner { limits, present: Mutex::default() }))
    }

    fn admit(&self, address: Option<IpAddr>, returns: bool) -> Result<Place, Refusal> {
        let network = address.map(Network::from);
        let limits = self.0.limits;
        let most = |limit: usize| if returns { limit + (limit / RETURNING).max(1) } else { limit };
        let mut present = self.present();
        if present.all() >= most(limits.readers) {
            return Err(Refusal::Server(limits.readers));
        }
        if present.of(network) >= most(limits.per_address) {
            return Err(Refusal::Address(limits.per_address));
        }
        present.enter(network);
        Ok(Place { admission: self.clone(), network })
    }

    fn take(&self, address: Option<IpAddr>) -> Place {
        let network = address.map(Network::from);
        self.present().enter(network);
        Place { admission: self.clone(), network }
    }

    fn present(&self) -> MutexGuard<'_, Headcount> {
        // A panic in another thread cannot leave this half-changed.
        self.0.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(readers: usize, per_address: usize) -> Admission {
        Admission::new(ReaderLimits { readers, per_address })
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn so_many_and_no_more_until_one_has_left() {
        let admission = admission(2, 9);
        let first = admission.admit(None, false).unwrap();
        let _second = admission.admit(None, false).unwrap();
        assert_eq!(admission.admit(None, false).unwrap_err(), Refusal::Server(2));
        drop(first);
        let _third = admission.admit(None, false).unwrap();
        assert_eq!(admission.admit(None, false).unwrap_err(), Refusal::Server(2));
    }

    #[test]
    fn addresses_are_counted_by_network_and_only_if_they_are_known() {
        let admission = admission(99, 2);
        let mut places = Vec::new();
        for (address, is_let_in) in [
            (ip("192.0.2.1"), true),
            (ip("::ffff:192.0.2.1"), true),
            (ip("192.0.2.1"), false),
            (ip("192.0.2.2"), true),
            (ip("2001:db8::1"), true),
            (ip("2001:db8::ffff:1"), true),
            (ip("2001:db8:0:0:9::"), false),
            (ip("2001:db8:0:1::1"), true),
            (None, true),
            (None, true),
            (None, true),
        ] {
            let admitted = admission.admit(address, false);
            assert_eq!(admitted.is_ok(), is_let_in, "{address:?}");
            places.extend(admitted);
        }
        drop(places);
        assert!(admission.present().is_empty(), "what nobody reads from takes no memory");
    }

    #[test]
    fn who_comes_back_finds_a_place_while_the_old_connection_is_not_noticed_as_broken() {
        let all = |limit: usize, returns| {
            let (server, address) = (admission(limit, 9999), admission(9999, limit));
            let fill = |admission: Admission| {
                let places = std::iter::from_fn(|| admission.admit(ip("192.0.2.1"), returns).ok());
                places.collect::<Vec<_>>().len()
            };
            (fill(server), fill(address))
        };
        assert_eq!((all(1, false), all(1, true)), ((1, 1), (2, 2)));
        assert_eq!((all(1000, false), all(1000, true)), ((1000, 1000), (1050, 1050)));
    }

    #[test]
    fn a_place_can_be_handed_on() {
        let admission = admission(1, 1);
        let first = admission.admit(ip("192.0.2.1"), false).unwrap();
        let second = admission.take(ip("192.0.2.1"));
        drop(first);
        assert!(admission.admit(None, false).is_err());
        drop(second);
        assert!(admission.admit(ip("192.0.2.1"), false).is_ok());
    }
}
