//! Who parses HTTP first on the path: asked by a request that no parser can accept.

use super::verbatim::Verbatim;
use crate::probe::{client::connector::Connector, evidence::Exchange, target::Target};

/// Asks for a path with a Content-Length that is not a number. Nobody can tell where such a request ends, so whoever parses it
/// has to answer 400 and close (RFC 9112, 6.3), and none of the proxies that were tried (docs/known-hosts.md) passes it on: it is
/// refused by the first of them, in its own words.
pub(crate) async fn ask(connector: &Connector, target: &Target) -> Exchange {
    let (path, host) = (target.path_and_query(), target.authority());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: x\r\n\r\n");
    let exchange = Exchange {
        method: "GET".to_owned(),
        url: target.to_string(),
        sent: vec![("content-length".to_owned(), "x".to_owned())],
        ..Exchange::default()
    };
    let limit = connector.budget().answer();
    let request = Verbatim { bytes: request.as_bytes(), is_enough: |_| false };
    request.ask(connector, target, limit, exchange).await
}
