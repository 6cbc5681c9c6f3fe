//! Who parses HTTP first on the path: asked by a request that no parser can accept.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::probe::{
    client::{
        as_it_came::read,
        carriage::Carriage,
        connector::{Connector, millis},
        failures::of_io,
        gate::Pass,
    },
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// How much of the answer is read: a head, and the first words of a page.
const MAX: u64 = 4096;

/// Asks for a path with a Content-Length that is not a number. Nobody can tell where such a request ends, so whoever parses it
/// has to answer 400 and close (RFC 9112, 6.3), and none of the proxies that were tried (docs/known-hosts.md) passes it on: it is
/// refused by the first of them, in its own words.
pub(crate) async fn ask(connector: &Connector, target: &Target) -> Exchange {
    let pass = connector.gate().enter().await;
    let start = Instant::now();
    let limit = connector.budget().answer();
    let mut exchange = Exchange {
        method: "GET".to_owned(),
        url: target.to_string(),
        sent: vec![("content-length".to_owned(), "x".to_owned())],
        ..Exchange::default()
    };
    let mut bytes = Vec::new();
    let result = timeout(limit, send(connector, target, pass, &mut bytes)).await;
    exchange.ms = millis(start);
    match result {
        // However it ended, an answer that came is one.
        _ if !bytes.is_empty() => read(&bytes, &mut exchange),
        Ok(Err(failure)) => exchange.failure = Some(failure),
        Ok(Ok(())) => {
            let text = "the connection was closed before an answer";
            exchange.failure = Some(Failure::new(FailureKind::Closed, text));
        }
        Err(_) => {
            let text = format!("no answer within {:.1} s", limit.as_secs_f64());
            exchange.failure = Some(Failure::new(FailureKind::Timeout, text));
        }
    }
    exchange
}

async fn send(
    connector: &Connector,
    target: &Target,
    pass: Pass,
    bytes: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut connection = connector.open(target, Carriage::Tunnelled, pass).await?;
    let (path, host) = (target.path_and_query(), target.authority());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: x\r\n\r\n");
    connection.write_all(request.as_bytes()).await.map_err(|error| of_io(&error))?;
    connection.take(MAX).read_to_end(bytes).await.map_err(|error| of_io(&error))?;
    Ok(())
}
