//! The path to the host: name, TCP, TLS, and the first answer of HTTP.

use std::{net::SocketAddr, time::Duration};

use super::{greeting, proxy};
use crate::probe::{
    client::{
        connector::Connector,
        http::{self, Request},
    },
    evidence::{Exchange, FailureKind, Http, Name, ProxySeen, Tcp, Tls},
    target::Target,
    way_out::Proxy,
};

/// What was seen on the path to a host; what was not reached is missing.
#[derive(Debug, Default)]
pub(crate) struct ConnectionPath {
    /// The proxy.
    pub(crate) proxy: Option<ProxySeen>,
    /// The name.
    pub(crate) name: Option<Name>,
    /// TCP.
    pub(crate) tcp: Option<Tcp>,
    /// TLS.
    pub(crate) tls: Option<Tls>,
    /// All addresses of the name.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl ConnectionPath {
    /// Goes as far as it leads; `left` says how much time there is.
    pub(crate) async fn walk(connector: &Connector, target: &Target, left: impl Fn() -> Duration) -> Self {
        if let Some(proxy) = connector.plan().proxy_for(target) {
            return Self::walk_through(connector, proxy, target, left).await;
        }
        let (name, addresses) = connector.look_up(target, left()).await;
        let proxy = proxy::excepted(connector, target);
        let mut path = Self { proxy, name: Some(name), addresses, ..Self::default() };
        if path.addresses.is_empty() {
            return path;
        }
        let (tcp, stream) = connector.reach(target, &path.addresses, left()).await;
        path.tcp = Some(tcp);
        if let Some(stream) = stream {
            connector.keep(target, stream);
            path.tls = Self::handshake(connector, target, left).await;
        }
        path
    }

    /// The same through a proxy: TCP is the connection to it, and there is a name only where it is not the proxy that looks it up.
    async fn walk_through(
        connector: &Connector,
        proxy: &Proxy,
        target: &Target,
        left: impl Fn() -> Duration,
    ) -> Self {
        let mut path = Self::default();
        if !proxy.looks_names_up() {
            let (name, addresses) = connector.look_up(target, left()).await;
            path.name = Some(name);
            let Some(first) = addresses.first() else { return path };
            connector.remember(target, *first);
        }
        let seen = proxy::look(connector, proxy, target, &left).await;
        if seen.lets_through() {
            path.tcp = Some(Tcp { attempts: seen.attempts.clone(), ..Tcp::default() });
            path.tls = Self::handshake(connector, target, left).await;
        }
        path.proxy = Some(seen);
        path
    }

    /// TLS, where the target has it.
    async fn handshake(connector: &Connector, target: &Target, left: impl Fn() -> Duration) -> Option<Tls> {
        if !target.tls {
            return None;
        }
        let mut tls = connector.inspect(target, left()).await;
        if tls.failure.is_some() {
            tls.plain = Some(plain(connector, target, left()).await);
        }
        Some(tls)
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
            what_speaks(&tls).map(|what| format!("this port speaks {what}"))
        }
        _ => None,
    };
    let greeting = match connector.http2() {
        Some(_) if silent && !target.tls && kind != Some(FailureKind::Refused) => {
            Some(greeting::ask(connector, target, limit).await)
        }
        _ => None,
    };
    Http { first: first.clone(), greeting, other_scheme, ..Http::default() }
}

/// What a port speaks, if it is TLS, whether or not the handshake succeeds.
fn what_speaks(tls: &Tls) -> Option<String> {
    let alert = tls.failure.as_ref().and_then(|failure| failure.alert.as_ref());
    let old = tls.old_choice.as_ref().map(|old| old.choice.clone());
    let protocol = tls.protocol.as_ref().map(|protocol| protocol.replace("TLSv1_", "TLS 1."));
    protocol.or(old).or_else(|| alert.map(|alert| format!("TLS (its alert is {})", alert.name)))
}

/// What plain HTTP gives on a port where TLS came to nothing. The user's headers stay at home: anyone can read this line.
async fn plain(connector: &Connector, target: &Target, limit: Duration) -> Exchange {
    let plain = Target { tls: false, ..target.clone() };
    http::fetch(&connector.without_headers(), Request::get(plain, limit)).await.0
}
