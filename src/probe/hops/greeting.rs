//! HTTP/2's greeting and nothing else: what a server without TLS says that does not know it.

use std::time::Duration;

use super::verbatim::Verbatim;
use crate::probe::{
    client::{connector::Connector, http2},
    evidence::Exchange,
    target::Target,
};

/// Sends the greeting, and reads the answer: frames of HTTP/2, or the words of a server that takes it for a request of HTTP/1.1.
pub(super) async fn ask(connector: &Connector, target: &Target, limit: Duration) -> Exchange {
    // So the greeting reads to such a server (RFC 9113, 3.4).
    let exchange = Exchange { method: "PRI".to_owned(), url: target.to_string(), ..Exchange::default() };
    let greeting =
        Verbatim { bytes: http2::GREETING, is_enough: |came| http2::is_answer(came) == Some(true) };
    greeting.ask(connector, target, limit, exchange).await
}
