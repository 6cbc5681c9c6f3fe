//! A look at the host: name, connection, certificate, page, node; light enough to be had every few seconds.

use std::{net::SocketAddr, time::Instant};

use crate::{
    contract::{HostingStatus, paths},
    probe::{
        client::{
            connector::{Connector, millis},
            http::{self, Request},
        },
        context::Context,
        evidence::{Exchange, Tls},
        target::Target,
    },
};

/// Headers by which hosts name the node that answers: Fastly, Varnish and many a configuration; HAProxy's and nginx's examples; Heroku
/// and others.
const NODE_HEADERS: [&str; 5] = ["x-served-by", "x-backend-server", "x-upstream", "x-instance-id", "x-node"];

/// Cookies whose value names a node and is the same for all clients: HAProxy's example (`cookie SERVERID insert`), Azure's
/// (ARRAffinity), Apache's (mod_proxy_balancer, `ROUTEID`).
const NODE_COOKIES: [&str; 4] = ["SERVERID", "SRVNAME", "ARRAffinity", "ROUTEID"];

/// What was seen at one look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The addresses of the name; of the proxy's, where there is one.
    pub(super) addresses: Vec<String>,
    /// How long the connection took, in milliseconds.
    pub(super) connect_ms: Option<u64>,
    /// How long the head of the page took, with its connection, in milliseconds.
    pub(super) first_byte_ms: Option<u64>,
    /// The certificate.
    pub(super) certificate: Option<Certificate>,
    /// How the page is answered: a status, or what went wrong; none if it was not asked for.
    pub(super) answer: Option<String>,
    /// Whether it is answered by what is no error.
    pub(super) is_good: bool,
    /// The node that answered, if it names itself.
    pub(super) node: Option<String>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Certificate {
    /// SHA-256 of it.
    pub(super) fingerprint: String,
    /// Whom it names, who issued it, until when it is valid.
    pub(super) text: String,
}

/// What the URL that is watched is, and so what can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// Dante's page, which knows its node.
    Dante,
    /// Another page.
    Other,
    /// A stream: to ask for it would be to open it.
    Stream,
}

/// Looks once.
pub(super) async fn look(context: &Context, kind: PageKind) -> Look {
    let connector = &context.connector;
    let page = &context.page;
    let mut seen = Look::default();
    let proxy = connector.plan().proxy_for(page).cloned();
    let place = proxy.as_ref().map_or_else(|| page.clone(), |proxy| proxy.place());
    let limit = connector.budget().connect();
    let (name, addresses) = connector.look_up(&place, limit).await;
    seen.addresses = name.addresses;
    seen.addresses.sort();
    if let Some(failure) = name.failure {
        seen.answer = Some(failure.text);
        return seen;
    }
    seen.connect_ms = connect(connector, &place, &addresses).await;
    if seen.connect_ms.is_some() && page.tls {
        seen.certificate = Certificate::of(&connector.greeting(page, limit).await);
    }
    if kind == PageKind::Stream {
        seen.is_good = seen.connect_ms.is_some();
        seen.answer = Some(if seen.is_good { "a connection" } else { "no connection" }.to_owned());
        return seen;
    }
    let request = Request::get(page.clone(), connector.budget().answer()).with("accept", "text/html, */*");
    let sent = Instant::now();
    let (exchange, _) = http::fetch(connector, request).await;
    seen.first_byte_ms = exchange.head_ms.or_else(|| exchange.status.map(|_| millis(sent)));
    seen.answer = Some(exchange.outcome());
    seen.is_good = is_good(&exchange);
    seen.node = node_of(&exchange);
    if kind == PageKind::Dante && seen.is_good {
        let request = Request::get(context.below(paths::HOSTING), connector.budget().answer());
        let (_, body) = http::fetch(connector, request).await;
        let status: Option<HostingStatus> = serde_json::from_slice(&body).ok();
        let node = status.map(|status| status.node).filter(|node| !node.is_empty());
        seen.node = node.or(seen.node);
    }
    seen
}

/// How long a connection takes, which is kept for the next request.
async fn connect(connector: &Connector, place: &Target, addresses: &[SocketAddr]) -> Option<u64> {
    let (tcp, stream) = connector.reach(place, addresses, connector.budget().connect()).await;
    connector.keep(place, stream?);
    tcp.attempts.last().map(|attempt| attempt.ms)
}

/// Whether a page is answered, and by what is no error of a server's.
pub(super) fn is_good(exchange: &Exchange) -> bool {
    exchange.failure.is_none() && exchange.status.is_some_and(|status| status < 500)
}

impl Certificate {
    /// The one that was shown, if one was.
    pub(super) fn of(tls: &Tls) -> Option<Self> {
        let fingerprint = tls.fingerprint.clone()?;
        let text = format!("{}, issued by {}, valid until {}", tls.subject, tls.issuer, tls.not_after);
        Some(Self { fingerprint, text })
    }
}

/// The node that an answer names.
fn node_of(exchange: &Exchange) -> Option<String> {
    let header = NODE_HEADERS.iter().find_map(|name| exchange.header(name));
    let cookies = exchange.headers.iter().filter(|(name, _)| name == "set-cookie");
    let cookie = || {
        cookies.filter_map(|(_, value)| value.split(';').next()?.split_once('=')).find_map(|(name, value)| {
            NODE_COOKIES.iter().any(|known| known.eq_ignore_ascii_case(name.trim())).then(|| value.trim())
        })
    };
    header.or_else(cookie).filter(|node| !node.is_empty()).map(|node| node.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_name_themselves() {
        let node = |name: &str, value: &str| {
            node_of(&Exchange { headers: vec![(name.into(), value.into())], ..Exchange::default() })
        };
        assert_eq!(node("x-served-by", "cache-fra-1").as_deref(), Some("cache-fra-1"));
        assert_eq!(node("set-cookie", "SERVERID=b; path=/").as_deref(), Some("b"));
        // Another one in each answer.
        assert_eq!(node("set-cookie", "AWSALB=x; path=/"), None);
        assert_eq!(node("server", "nginx"), None);
    }
}
