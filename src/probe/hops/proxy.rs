//! The proxy on the way out: whether it is there, and whether it opens a tunnel to the host.

use std::time::Duration;

use tokio::time::timeout;

use crate::probe::{
    client::connector::Connector,
    evidence::{Exchange, Failure, FailureKind, ProxySeen},
    target::Target,
    way_out::{Proxy, ProxyKind, WayOut},
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
    // The proxy has a way of its own to go, and a name to look up.
    let limit = connector.budget().first_answer();
    let (connect, failure) = ask(connector, proxy, target, limit).await;
    (seen.connect, seen.failure) = (connect, failure);
    // What would name a cause is asked twice, over a fresh connection.
    if seen.failure.is_some() {
        let (again, failure) = ask(connector, proxy, target, limit).await;
        let first = seen.connect.take().map(Box::new);
        seen.connect = again.map(|again| Exchange { again: first, ..again });
        seen.failure = failure;
    }
    if let Some(kind) = seen.failure.as_ref().map(|failure| failure.kind)
        && seen.connect.as_ref().is_none_or(|connect| connect.status.is_none())
    {
        look_at_tls(connector, proxy, target, kind, &mut seen).await;
    }
    seen
}

/// Why TLS to the proxy came to nothing, or HTTP without it.
async fn look_at_tls(
    connector: &Connector,
    proxy: &Proxy,
    target: &Target,
    kind: FailureKind,
    seen: &mut ProxySeen,
) {
    let place = Target { tls: true, ..proxy.place() };
    let greet = async || connector.without_proxies().greeting(&place, connector.budget().connect()).await;
    match (proxy.kind, kind) {
        (ProxyKind::Https, FailureKind::Tls) => seen.tls = Some(Box::new(greet().await)),
        // One that waits for the end of a line, or takes the handshake for one.
        (ProxyKind::Https, FailureKind::Timeout | FailureKind::Closed | FailureKind::Reset) => {
            // Anyone can read this line.
            let plain = Proxy { kind: ProxyKind::Http, credentials: None, ..proxy.clone() };
            let answer = ask(connector, &plain, target, connector.budget().answer()).await.0;
            let speaks = answer.is_some_and(|answer| answer.status.is_some());
            seen.other_scheme = speaks.then(|| "HTTP without TLS".to_owned());
        }
        (ProxyKind::Http, FailureKind::NotHttp | FailureKind::Closed | FailureKind::Reset) => {
            let tls = greet().await;
            let alert = tls.failure.as_ref().is_some_and(|failure| failure.alert.is_some());
            seen.other_scheme = (tls.protocol.is_some() || alert).then(|| "TLS".to_owned());
        }
        _ => {}
    }
}

/// Asks for a tunnel once.
async fn ask(
    connector: &Connector,
    proxy: &Proxy,
    target: &Target,
    limit: Duration,
) -> (Option<Exchange>, Option<Failure>) {
    let _pass = connector.gate().enter().await;
    // One that does not speak TLS may wait for the end of a line.
    let io = match timeout(limit, connector.to_proxy(proxy)).await {
        Ok(Ok(io)) => io,
        Ok(Err(failure)) => return (None, Some(failure)),
        Err(_) => {
            let text = format!("no answer to the TLS handshake within {:.1} s", limit.as_secs_f64());
            return (None, Some(Failure::new(FailureKind::Timeout, text)));
        }
    };
    let tunnel = connector.tunnel(proxy, target, io, limit).await;
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
