//! What is sent slowly: a body by us, events by the echo.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::at;
use crate::{
    contract::echo as contract,
    probe::{
        client::{
            events::Parser,
            http::{self, Request},
            unpack::Unpacker,
            upload::{self, Pieces},
        },
        context::Context,
        evidence::EchoPace,
    },
};

/// A body in four pieces, each as large as what Apache reads of a body before it asks the server (mod_proxy_http.c,
/// `MAX_MEM_SPOOL`): whoever holds back all four holds back any body.
const BODY: Pieces = Pieces { count: 4, size: 16 * 1024, every: Duration::from_millis(400) };

/// Events that are smaller than any buffer, and the time between two.
const EVENTS: u64 = 5;
const EVERY: Duration = Duration::from_millis(400);

/// A body that we send slowly: the echo says when each piece arrived. Once more if they did not arrive apart.
pub(super) async fn upload(context: &Context) -> EchoPace {
    let first = upload_once(context).await;
    if !came_together(&first) {
        return first;
    }
    let again = upload_once(context).await;
    EchoPace { again: Some(Box::new(again)), ..first }
}

async fn upload_once(context: &Context) -> EchoPace {
    let target = at(context, contract::POST, &[]);
    let limit = context.limit() + BODY.every * 4;
    let (exchange, answer, sent_ms) = upload::upload(&context.connector, &target, BODY, limit).await;
    let received: contract::Received = serde_json::from_slice(&answer).unwrap_or_default();
    let arrived_ms = received.pieces.iter().map(|piece| piece.at_ms).collect();
    EchoPace { url: target.to_string(), exchange, sent_ms, arrived_ms, again: None }
}

/// Events that the echo sends slowly. Once more if they did not arrive apart.
pub(super) async fn stream(context: &Context) -> EchoPace {
    let first = stream_once(context).await;
    if !came_together(&first) {
        return first;
    }
    let again = stream_once(context).await;
    EchoPace { again: Some(Box::new(again)), ..first }
}

async fn stream_once(context: &Context) -> EchoPace {
    let (count, every) = (EVENTS.to_string(), format!("{}ms", EVERY.as_millis()));
    let target = at(context, contract::SSE, &[(contract::COUNT, count.as_str()), (contract::EVERY, &every)]);
    let sent_ms = (0..EVENTS).map(|index| index * EVERY.as_millis() as u64).collect();
    let mut pace = EchoPace { url: target.to_string(), sent_ms, ..EchoPace::default() };
    // The head may be held back, too.
    let time = context.limit() + EVERY * EVENTS as u32;
    let request = Request::get(target, time)
        .with("accept", "text/event-stream")
        .with("cache-control", "no-cache")
        .with("accept-encoding", "gzip");
    let start = Instant::now();
    let mut answer = match http::send(&context.connector, request).await {
        Ok(answer) if answer.exchange.status == Some(200) => answer,
        Ok(answer) => return EchoPace { exchange: answer.finish().await.0, ..pace },
        Err(exchange) => return EchoPace { exchange: *exchange, ..pace },
    };
    pace.exchange = answer.exchange.clone();
    let mut unpacker = Unpacker::new(pace.exchange.header("content-encoding"));
    let mut parser = Parser::default();
    let reading = async {
        while pace.arrived_ms.len() < EVENTS as usize {
            let Some(bytes) = answer.chunk().await? else { break };
            let Ok(events) = unpacker.feed(&bytes).and_then(|text| parser.feed(&text)) else { break };
            let at_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            pace.arrived_ms.extend(events.iter().filter(|event| event.name.is_empty()).map(|_| at_ms));
        }
        Ok(())
    };
    pace.exchange.failure = timeout(time, reading).await.ok().and_then(Result::err);
    pace
}

/// Whether pieces that were sent apart arrived together.
fn came_together(pace: &EchoPace) -> bool {
    pace.arrived_ms.is_empty() || pace.arrived_span() < pace.sent_span() / 2
}
