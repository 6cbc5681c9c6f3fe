//! Resuming: each transport is opened again, as after a drop, and asks for the next stanza.

use std::sync::atomic::AtomicUsize;

use futures_util::future::join_all;

use crate::probe::{
    context::Context,
    evidence::{Comeback, Evidence, Resume, Stream},
    streams::{self, Asked, Offset, Span},
};
use crate::transport::Transport;

/// Comes back on every transport that has said something, asking for the stanza after the last one.
pub(crate) async fn resume(context: &Context, evidence: &Evidence) -> Resume {
    let streams = evidence.streams.iter();
    let comebacks = streams
        .filter_map(|(transport, stream)| Some(come_back(context, *transport, stream, offset(stream)?)));
    Resume { comebacks: join_all(comebacks).await }
}

/// Where a stream was left; none where it said too little, or all there is.
fn offset(stream: &Stream) -> Option<Offset> {
    let opening = stream.opening.as_ref()?;
    let last = stream.arrivals.iter().filter_map(|arrival| arrival.index).next_back()?;
    let edition = opening["edition"].as_str()?.to_owned();
    let edition_is_plain = edition.len() < 100 && edition.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (edition_is_plain && last + 1 < opening["of"].as_u64()?).then_some(Offset { from: last + 1, edition })
}

async fn come_back(context: &Context, transport: Transport, before: &Stream, offset: Offset) -> Comeback {
    let span = Span { stanzas: 1, time: context.limit() };
    let asked = Asked { offset: Some(&offset), ..Asked::default() };
    let stream = streams::listen(context, transport, asked, span, &AtomicUsize::new(0)).await;
    let node = |stream: &Stream| Some(stream.opening.as_ref()?["node"].as_str()?.chars().take(64).collect());
    Comeback {
        transport: <&str>::from(transport).to_owned(),
        wanted: offset.from,
        from: stream.opening.as_ref().and_then(|opening| opening["from"].as_u64()),
        index: stream.arrivals.first().and_then(|arrival| arrival.index),
        edition: stream
            .opening
            .as_ref()
            .and_then(|opening| Some(opening["edition"].as_str()?.chars().take(64).collect())),
        failure: stream.exchange.failure.clone(),
        nodes: [node(before), node(&stream)].into_iter().flatten().collect(),
        ended: stream.ended,
        exchange: stream.exchange,
    }
}
