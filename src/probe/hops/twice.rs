//! Asking twice: an answer that would name a cause is asked for again over a fresh connection, since one may be chance.

use crate::probe::{
    classify::{Class, classify},
    client::{
        connector::Connector,
        http::{self, Request},
    },
    evidence::{Exchange, FailureKind},
};

/// Sends a request, and once more if the answer is not `good`. The better answer is given, the other one is its `again`. What
/// was only slow is not waited for twice, and a limit on requests is not met again on purpose.
pub(super) async fn ask_twice(
    connector: &Connector,
    request: Request,
    good: impl Fn(&Exchange, &[u8]) -> bool,
) -> (Exchange, Vec<u8>) {
    let (first, body) = http::fetch(connector, request.clone()).await;
    let waited = first.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout);
    if good(&first, &body) || waited || first.again.is_some() || classify(&first) == Class::RateLimit {
        return (first, body);
    }
    let (second, second_body) = http::fetch(connector, request).await;
    let (mut better, body, other) =
        if good(&second, &second_body) { (second, second_body, first) } else { (first, body, second) };
    better.again = Some(Box::new(other));
    (better, body)
}
