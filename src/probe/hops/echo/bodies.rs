//! Bodies of POST requests of many sizes, each in a request of its own.

use super::{
    at,
    grow::{STEP, grow},
};
use crate::{
    contract::echo as contract,
    probe::{
        client::http::{self, Request},
        context::Context,
        evidence::{EchoSizes, EchoStep, Exchange, Failure, FailureKind},
    },
};

/// Bodies that we send; the echo says how large each one was.
pub(super) async fn bodies(context: &Context, top: u64) -> EchoSizes {
    let target = at(context, contract::POST, &[]);
    let mut first: Option<Exchange> = None;
    let steps = grow(top, async |bytes| {
        let body = "x".repeat(usize::try_from(bytes).unwrap_or(usize::MAX));
        let request = Request::post(target.clone(), body, context.limit().min(STEP));
        let (exchange, answer) = http::fetch(&context.connector, request).await;
        first.get_or_insert_with(|| exchange.clone());
        let received: contract::Received = serde_json::from_slice(&answer).unwrap_or_default();
        // Waiting for a place among the connections is not the host's time.
        let step = EchoStep { bytes, ms: exchange.ms, ..EchoStep::default() };
        if exchange.is(200) && received.bytes == bytes {
            return EchoStep { passed: true, ..step };
        }
        let failure = exchange.failure.clone().or_else(|| {
            let text = format!("{} bytes came of {bytes}", received.bytes);
            exchange.is(200).then(|| Failure::new(FailureKind::Garbage, text))
        });
        EchoStep { failure, exchange: Some(exchange), ..step }
    })
    .await;
    EchoSizes { url: target.to_string(), exchange: first.unwrap_or_default(), steps }
}
