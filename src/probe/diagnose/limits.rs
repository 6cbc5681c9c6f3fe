//! Rules for limits: what was refused or hung only while other connections were open, or after many requests. Pure.

use crate::probe::{
    classify::{Class, classify},
    evidence::{Exchange, FailureKind, Stream},
};

/// Whether a stream did not come about for a reason that may be the number of open connections or of requests.
pub(super) fn may_be_crowded(stream: &Stream) -> bool {
    let poll = stream.ended.as_ref().and_then(|ended| ended.status);
    may_be_a_limit(&stream.exchange) || matches!(poll, Some(429 | 503))
}

/// Whether an answer may come of a limit and not of the request: it was refused for now, or did not come, while other
/// connections were open.
fn may_be_a_limit(exchange: &Exchange) -> bool {
    exchange.connections > 1
        && match classify(exchange) {
            Class::RateLimit | Class::Unavailable | Class::OriginDown | Class::OriginSlow => true,
            Class::None(kind) => {
                matches!(kind, FailureKind::Timeout | FailureKind::Reset | FailureKind::Closed)
            }
            _ => false,
        }
}
