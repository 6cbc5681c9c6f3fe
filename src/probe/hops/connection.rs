//! The path to the host: name, TCP, TLS, and the first answer of HTTP.

use std::time::Duration;

use crate::probe::{
    client::{
        connector::Connector,
        http::{self, Request},
    },
    evidence::{Exchange, FailureKind, Http, Name, Tcp, Tls},
    target::Target,
};

/// What was seen on the path to a host; what was not reached is missing.
#[derive(Debug, Default)]
pub(crate) struct ConnectionPath {
    /// The name.
    pub(crate) name: Option<Name>,
    /// TCP.
    pub(crate) tcp: Option<Tcp>,
    /// TLS.
    pub(crate) tls: Option<Tls>,
}

impl ConnectionPath {
    /// Goes as far as it leads; `left` says how much time there is.
    pub(crate) async fn walk(connector: &Connector, target: &Target, left: impl Fn() -> Duration) -> Self {
        let (name, addresses) = connector.look_up(target, left()).await;
        let tcp = match addresses.as_slice() {
            [] => None,
            addresses => Some(connector.reach(target, addresses, left()).await.0),
        };
        let through = tcp.as_ref().is_some_and(|tcp| tcp.attempts.iter().any(|one| one.failure.is_none()));
        let tls = if through && target.tls { Some(connector.inspect(target, left()).await) } else { None };
        Self { name: Some(name), tcp, tls }
    }

    /// Whether requests can be made.
    pub(crate) fn is_open(&self, target: &Target) -> bool {
        let tcp = self.tcp.as_ref().is_some_and(|tcp| tcp.attempts.iter().any(|one| one.failure.is_none()));
        let tls = !target.tls
            || self
                .tls
                .as_ref()
                .is_some_and(|tls| tls.failure.is_none() && (tls.untrusted.is_none() || tls.insecure));
        tcp && tls
    }
}

/// What the first answer says of HTTP; if there is none, what the other scheme gives on this port.
pub(crate) async fn http(connector: &Connector, target: &Target, first: &Exchange, limit: Duration) -> Http {
    let silent = first.status.is_none();
    let kind = first.failure.as_ref().map(|failure| failure.kind);
    let other_scheme = match kind {
        // A port of TLS answers plain HTTP with an alert, or closes.
        Some(FailureKind::NotHttp | FailureKind::Closed | FailureKind::Reset) if silent && !target.tls => {
            let tls = connector.inspect(&Target { tls: true, ..target.clone() }, limit).await;
            tls.protocol.map(|protocol| format!("this port speaks {protocol}"))
        }
        _ => None,
    };
    Http { first: first.clone(), other_scheme, malformed: None }
}

/// What plain HTTP gives on a port where TLS came to nothing.
pub(crate) async fn plain(connector: &Connector, target: &Target, limit: Duration) -> Option<String> {
    let plain = Target { tls: false, ..target.clone() };
    let (exchange, _) = http::fetch(connector, Request::get(plain, limit)).await;
    exchange.status.map(|status| format!("plain HTTP works on this port: it answers {status}"))
}
