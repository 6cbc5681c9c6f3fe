//! The proxy on the way out: whether it is there, and whether it opens a tunnel to the host.

use std::time::Duration;

use crate::probe::{
    client::connector::Connector,
    evidence::{Exchange, Failure, ProxySeen},
    target::Target,
    way_out::{Proxy, WayOut},
};

/// What is set, where requests do not go through it; none where nothing is set, or it is used.
pub(crate) fn excepted(connector: &Connector, target: &Target) -> Option<ProxySeen> {
    match connector.plan().way_out(target) {
        WayOut::Excepted(proxy, by) => {
            Some(ProxySeen { excepted_by: Some(by.to_owned()), ..named(proxy, target) })
        }
        WayOut::Direct | WayOut::Through(_) => None,
    }
}

/// Goes through the proxy as far as that leads. A tunnel is asked for also where pages need none: a WebSocket does.
pub(crate) async fn look(
    connector: &Connector,
    proxy: &Proxy,
    target: &Target,
    left: impl Fn() -> Duration,
) -> ProxySeen {
    let mut seen = named(proxy, target);
    let place = proxy.place();
    let (name, addresses) = connector.look_up(&place, left()).await;
    if let Some(failure) = name.failure {
        seen.failure = Some(failure);
        return seen;
    }
    let (tcp, stream) = connector.reach(&place, &addresses, left()).await;
    seen.failure = tcp.attempts.iter().rev().find_map(|attempt| attempt.failure.clone());
    seen.attempts = tcp.attempts;
    let Some(stream) = stream else { return seen };
    connector.keep(&place, stream);
    let (connect, failure) = ask(connector, proxy, target).await;
    (seen.connect, seen.failure) = (connect, failure);
    // What would name a cause is asked twice, over a fresh connection.
    if seen.failure.is_some() {
        let (again, failure) = ask(connector, proxy, target).await;
        let first = seen.connect.take().map(Box::new);
        seen.connect = again.map(|again| Exchange { again: first, ..again });
        seen.failure = failure;
    }
    seen
}

/// Asks for a tunnel once.
async fn ask(connector: &Connector, proxy: &Proxy, target: &Target) -> (Option<Exchange>, Option<Failure>) {
    let _pass = connector.gate().enter().await;
    let io = match connector.to_proxy(proxy).await {
        Ok(io) => io,
        Err(failure) => return (None, Some(failure)),
    };
    // The proxy has a way of its own to go, and a name to look up.
    let tunnel = connector.tunnel(proxy, target, io, connector.budget().first_answer()).await;
    (tunnel.exchange, tunnel.io.err())
}

fn named(proxy: &Proxy, target: &Target) -> ProxySeen {
    ProxySeen {
        url: proxy.to_string(),
        source: proxy.source.to_owned(),
        credentials: proxy.credentials.is_some(),
        forwards: !target.tls && proxy.speaks_http(),
        looks_names_up: proxy.looks_names_up(),
        ..ProxySeen::default()
    }
}
