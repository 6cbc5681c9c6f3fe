//! A thin client of HTTP: nothing hidden, everything bounded. Over HTTP/1.1 a request has a connection of its own, but for polls;
//! over HTTP/2 all share one.

use std::time::{Duration, Instant};

use http::Response;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::{
    answer::how_long_to_look,
    as_it_came::read_early,
    connection::HttpConnection,
    connector::{Connector, millis},
    excerpt::{truncate_headers, version},
    gate::Pass,
    recorded::FirstBytes,
    request::Form,
};
pub(crate) use super::{
    answer::{Answer, Upgraded},
    excerpt::{MAX_BODY, truncate_body},
    request::{Method, Request},
    retry::{fetch, fetch_at, fetch_kept, send},
};
use crate::contract::{ASK_HEADER, SAW_HEADER, SeenExchange};
use crate::probe::evidence::{Exchange, Failure, FailureKind};

/// Sends a request over a connection of its own, once, and waits for the head of the answer.
///
/// # Errors
/// With what came instead.
pub(super) async fn send_once(connector: &Connector, request: Request) -> Result<Answer, Box<Exchange>> {
    // Waiting for others is not the host's time, and so comes first.
    let pass = connector.enter().await;
    send_over(connector, request, Way::Fresh(pass)).await
}

/// The same, in this way.
///
/// # Errors
/// With what came instead.
pub(super) async fn send_over(
    connector: &Connector,
    mut request: Request,
    way: Way,
) -> Result<Answer, Box<Exchange>> {
    let (number, connections) = match &way {
        Way::Fresh(pass) => (pass.number, pass.connections),
        Way::Open(_) => (connector.gate().note(), connector.gate().connections()),
    };
    let start = Instant::now();
    if let Some(asked) = connector.ask() {
        request = request.with(ASK_HEADER, asked);
    }
    let mut exchange = Exchange {
        method: request.method.to_string(),
        url: request.target.to_string(),
        sent_at_ms: connector.now_ms(),
        number,
        connections,
        ..Exchange::default()
    };
    exchange.sent = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let (limit, glance) = (request.limit, request.glance);
    let mut first = None;
    // On one that was open before, earlier answers came first.
    let is_fresh = matches!(way, Way::Fresh(_)) && connector.http2().is_none();
    // Boxed, as are the hops: many of these run side by side, and a thread of Windows has a stack of 1 MiB.
    let result = match timeout(limit, Box::pin(attempt(connector, request, way, &mut first))).await {
        Ok(result) => result,
        Err(_) => {
            connector.line().unanswered();
            Err(too_late(limit))
        }
    };
    match result {
        Ok((response, connection)) => {
            exchange.status = Some(response.status().as_u16());
            exchange.version = version(response.version());
            exchange.headers = truncate_headers(response.headers());
            exchange.saw = take_saw(&mut exchange.headers);
            exchange.head_ms = Some(millis(start));
            exchange.ms = millis(start);
            let whole = connector.budget().body();
            let entry = connector.journal().note(&exchange);
            let glance = glance.and_then(|glance| how_long_to_look(response.headers(), glance));
            Ok(Answer { exchange, entry, start, response, limit, whole, glance, connection, first })
        }
        Err(failure) => {
            exchange.ms = millis(start);
            let early = first.as_ref().filter(|_| is_fresh);
            if !early.is_some_and(|first| read_early(&first.bytes(), &mut exchange)) {
                // Frames of HTTP/2 are none of an answer's text.
                let first = first.filter(|first| connector.http2().is_none() || !first.is_http2());
                exchange.raw = first.map(|first| first.escaped()).filter(|raw| !raw.is_empty());
                exchange.failure = Some(failure);
            }
            connector.journal().note(&exchange);
            Err(Box::new(exchange))
        }
    }
}

/// How a request goes to the host.
pub(super) enum Way {
    /// Over a connection that is to be opened.
    Fresh(Pass),
    /// Over one that is open.
    Open(HttpConnection),
}

async fn attempt(
    connector: &Connector,
    request: Request,
    way: Way,
    first: &mut Option<FirstBytes>,
) -> Result<(Response<Incoming>, HttpConnection), Failure> {
    let carriage = request.carriage();
    let forwards = connector.forwards(&request.target, carriage);
    let mut connection = match way {
        Way::Fresh(pass) => HttpConnection::open(connector, &request.target, carriage, pass, first).await?,
        Way::Open(connection) => {
            first.replace(connection.first_bytes().clone());
            connection
        }
    };
    let form = match &connection {
        HttpConnection::Two(_) => Form::Http2,
        HttpConnection::One(_) if forwards => Form::ToProxy(connector.proxy_authorization(&request.target)),
        HttpConnection::One(_) => Form::ToServer,
    };
    let request = request.written(connector.plan(), form)?;
    let sent = Instant::now();
    let response = connection.ask(request).await?;
    connector.line().answered(sent.elapsed());
    Ok((response, connection))
}

/// What the server says that it saw; it needs not stand among the headers, too.
fn take_saw(headers: &mut Vec<(String, String)>) -> Option<SeenExchange> {
    let at = headers.iter().position(|(name, _)| name == SAW_HEADER)?;
    Some(SeenExchange::of_header(&headers.remove(at).1))
}

fn too_late(limit: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("no answer within {:.1} s", limit.as_secs_f64()))
}
