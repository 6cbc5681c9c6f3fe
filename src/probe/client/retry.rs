//! Requests are made once more where a connection breaks off: one of many may be reset by chance, by a host that resets some,
//! or by one of several servers. So that one reset does not decide a hop, and is seen for what it is.

use super::{
    connection::Kept,
    connector::Connector,
    gate::Pass,
    http::{Answer, Method, Request, Way, send_once, send_over},
};
use crate::probe::evidence::{Exchange, FailureKind};

/// Sends a request, and waits for the head of the answer. What a host refuses for now is asked again after the time that it
/// asks for; what came first is the `again` of the answer.
///
/// # Errors
/// With what came instead.
pub(crate) async fn send(connector: &Connector, request: Request) -> Result<Answer, Box<Exchange>> {
    send_at(connector, connector.enter().await, request).await
}

/// The same, from a place among the open connections.
async fn send_at(connector: &Connector, pass: Pass, request: Request) -> Result<Answer, Box<Exchange>> {
    let gate = connector.gate();
    let first = send_from(connector, pass.clone(), request.clone()).await?;
    let Some(pass) = gate.pause_after(&first.exchange, pass).await else { return Ok(first) };
    let (first, _) = first.finish().await;
    let mut second = send_from(connector, pass, request).await;
    let exchange = match &mut second {
        Ok(answer) => &mut answer.exchange,
        Err(exchange) => &mut **exchange,
    };
    gate.paused(exchange);
    exchange.again = Some(Box::new(first));
    second
}

/// The same, whatever the host asks for.
async fn send_from(connector: &Connector, pass: Pass, request: Request) -> Result<Answer, Box<Exchange>> {
    let first = match send_over(connector, request.clone(), Way::Fresh(pass.clone())).await {
        Err(first) if first.broke_off() => first,
        result => return result,
    };
    if !is_early(&first, &request) {
        connector.log().broke_off(&first, false);
        return Err(first);
    }
    let pass = connector.gate().enter_again(&pass);
    let second = send_over(connector, request, Way::Fresh(pass)).await;
    connector.log().broke_off(&first, second.is_ok());
    match second {
        Ok(mut answer) => {
            answer.exchange.before = Some(first);
            Ok(answer)
        }
        // That time ran out says less than how the first one ended.
        Err(second) if second.failed_by(FailureKind::Timeout) => Err(first),
        Err(mut second) => {
            second.before = Some(first);
            Err(second)
        }
    }
}

/// The same, and reads the body, as far as it is bounded. One that is cut off is asked for once more, unless it is a poll of a
/// session: what the first one brought would not come again.
pub(crate) async fn fetch(connector: &Connector, request: Request) -> (Exchange, Vec<u8>) {
    fetch_at(connector, connector.enter().await, request).await
}

/// The same, over a fresh connection from a place that is held.
pub(crate) async fn fetch_at(connector: &Connector, pass: Pass, request: Request) -> (Exchange, Vec<u8>) {
    let repeatable = request.method == Method::GET && request.target.query_value("sid").is_none();
    let (first, body) = match send_at(connector, pass, request.clone()).await {
        Ok(answer) => answer.finish().await,
        Err(exchange) => return (*exchange, Vec::new()),
    };
    if first.status.is_some() && first.failed_by(FailureKind::Timeout) {
        connector.line().endless();
    }
    if !(first.broke_off() && first.before.is_none() && repeatable && is_early(&first, &request)) {
        return (first, body);
    }
    let (mut second, second_body) = match send_once(connector, request).await {
        Ok(answer) => answer.finish().await,
        Err(exchange) => (*exchange, Vec::new()),
    };
    connector.log().broke_off(&first, second.status.is_some() && second.failure.is_none());
    if second.status.is_none() || second.failed_by(FailureKind::Timeout) {
        return (first, body);
    }
    second.before = Some(Box::new(first));
    (second, second_body)
}

/// The same over a kept connection, or over a fresh one if there is none or the server has closed it meanwhile. A server may
/// close an idle connection just when a request comes; that says nothing of the request (RFC 9112, 9.3.1), and so it is
/// asked again. Browsers do that for any method (Chromium: `HttpNetworkTransaction::ShouldResendRequest`).
pub(crate) async fn fetch_kept(
    connector: &Connector,
    kept: &mut Kept,
    request: Request,
) -> (Exchange, Vec<u8>) {
    let mut sent = None;
    if let Some(connection) = kept.take().await {
        match send_over(connector, request.clone(), Way::Open(connection)).await {
            Err(exchange) if exchange.broke_off() && is_early(&exchange, &request) => {}
            answered => sent = Some(answered),
        }
    }
    let sent = match sent {
        Some(sent) => sent,
        None => {
            let place = kept.pass(connector).await;
            send_from(connector, place, request).await
        }
    };
    match sent {
        Ok(answer) => {
            let (exchange, body, connection) = answer.read().await;
            if let Some(connection) = connection {
                kept.put(connection);
            }
            (exchange, body)
        }
        Err(exchange) => (*exchange, Vec::new()),
    }
}

/// Within this time after a request its connection breaks off, if it was broken already.
const AT_ONCE_MS: u128 = 1_500;

/// Whether it ended soon. One that ends late ends for a reason of time, and the next one would, too: a poll, which waits for what
/// the server has to say, after a second or two.
fn is_early(exchange: &Exchange, request: &Request) -> bool {
    let is_poll = request.method == Method::GET && request.target.query_value("sid").is_some();
    u128::from(exchange.ms) <= if is_poll { AT_ONCE_MS } else { request.limit.as_millis() / 2 }
}
