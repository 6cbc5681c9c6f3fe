//! Server-sent events of many sizes: all that grow in one stream, then one in each.

use std::collections::VecDeque;

use super::{
    at,
    grow::{FIRST, GROWTH, grow, sizes, step},
};
use crate::{
    contract::echo as contract,
    probe::{
        client::{
            events::{Event, Parser},
            http::{self, Answer, Request},
            unpack::Unpacker,
        },
        context::Context,
        evidence::{EchoSizes, EchoStep, Exchange, Failure, FailureKind},
        target::Target,
    },
};

/// A stream of events that is open.
struct Events {
    answer: Answer,
    parser: Parser,
    unpacker: Unpacker,
    ready: VecDeque<Event>,
}

impl Events {
    async fn open(context: &Context, target: &Target, largest: u64) -> Result<Self, Box<Exchange>> {
        let request = Request::get(target.clone(), context.limit())
            .with("accept", "text/event-stream")
            .with("cache-control", "no-cache")
            .with("accept-encoding", "gzip");
        let answer = http::send(&context.connector, request).await?;
        if answer.exchange.status != Some(200) {
            return Err(Box::new(answer.finish().await.0));
        }
        let unpacker = Unpacker::new(answer.exchange.header("content-encoding"));
        // An event has some more than its data.
        let largest = usize::try_from(largest).unwrap_or(usize::MAX).saturating_add(1024);
        Ok(Self { answer, parser: Parser::bounded(largest), unpacker, ready: VecDeque::new() })
    }

    /// The size of the next event's data.
    async fn next(&mut self) -> Result<u64, Failure> {
        let garbage = |text: String| Failure::new(FailureKind::Garbage, text);
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event.data.len() as u64);
            }
            let Some(bytes) = self.answer.chunk().await? else {
                return Err(Failure::new(FailureKind::Closed, "the stream ended"));
            };
            let text = self.unpacker.feed(&bytes).map_err(garbage)?;
            self.ready.extend(self.parser.feed(&text).map_err(garbage)?);
        }
    }
}

/// Events that the echo sends.
pub(super) async fn events(context: &Context, top: u64) -> EchoSizes {
    let (count, first, growth) = (sizes(top).count().to_string(), FIRST.to_string(), GROWTH.to_string());
    let target = at(
        context,
        contract::SSE,
        &[
            (contract::COUNT, count.as_str()),
            (contract::SIZE, &first),
            (contract::GROW, &growth),
            (contract::EVERY, "0s"),
        ],
    );
    let url = target.to_string();
    let mut stream = match Events::open(context, &target, top).await {
        Ok(stream) => Some(stream),
        Err(exchange) => return EchoSizes { url, exchange: *exchange, steps: Vec::new() },
    };
    let exchange = stream.as_ref().map(|stream| stream.answer.exchange.clone()).unwrap_or_default();
    let steps = grow(top, async |bytes| {
        step(context, bytes, async {
            let mut open = match stream.take() {
                Some(open) => open,
                None => {
                    let size = bytes.to_string();
                    let one = [(contract::COUNT, "1"), (contract::SIZE, size.as_str())];
                    let opened = Events::open(context, &at(context, contract::SSE, &one), bytes).await;
                    opened.map_err(|exchange| EchoStep {
                        failure: exchange.failure.clone(),
                        exchange: Some(*exchange),
                        ..EchoStep::default()
                    })?
                }
            };
            let failed = |failure| EchoStep { failure: Some(failure), ..EchoStep::default() };
            let came = open.next().await.map_err(failed)?;
            if came != bytes {
                return Err(failed(Failure::new(
                    FailureKind::Garbage,
                    format!("{came} bytes came of {bytes}"),
                )));
            }
            stream = Some(open);
            Ok(EchoStep::default())
        })
        .await
    })
    .await;
    EchoSizes { url, exchange, steps }
}
