//! Time: quiet connections that only ping, and coming back after a drop.

use std::{
    sync::atomic::AtomicUsize,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::probe::{
    client::{
        connector::millis,
        engineio::{self, Packet},
        websocket::Style,
    },
    context::Context,
    engine_session::EngineSession,
    evidence::{Comeback, Evidence, Hold, Quiet, Resume, Stream},
    hop::Hop,
    streams::{self, Offset, Span},
};

/// Dante's namespace in which nothing is said unasked. A session that joins none is closed by the server
/// after 45 s (socketioxide and socket.io: `connectTimeout`).
const QUIET: &str = "/hello";

/// Holds a quiet connection by WebSocket, and one by polling.
pub async fn hold(context: &Context, time: Duration) -> Hold {
    // The sessions outlive the deadline of the other hops; only their opening is bound by it.
    let (websocket, polling) =
        tokio::join!(quiet(context, "websocket", time), quiet(context, "polling", time),);
    Hold { quiet: vec![websocket, polling] }
}

async fn quiet(context: &Context, transport: &str, time: Duration) -> Quiet {
    let wanted_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut quiet = Quiet { transport: transport.to_owned(), wanted_ms, ..Quiet::default() };
    let opened = match transport {
        "websocket" => EngineSession::by_websocket(context, Style::Plain).await,
        _ => EngineSession::by_polling(context, true, None).await,
    };
    let mut engine = match opened {
        Ok((_, engine)) => engine,
        Err(error) => {
            quiet.ended = error.ended;
            quiet.failure = Some(error.exchange.failure.unwrap_or_else(|| {
                let status = error.exchange.status.unwrap_or_default();
                crate::probe::evidence::Failure::new(Default::default(), format!("it was answered {status}"))
            }));
            return quiet;
        }
    };
    let start = Instant::now();
    let namespace = if context.connector.plan().socketio.is_some() { "/" } else { QUIET };
    let holding = async {
        engine.send(&engineio::join(namespace, None)).await?;
        loop {
            let packets = engine.recv().await?;
            quiet.pings += packets.iter().filter(|packet| matches!(packet, Packet::Ping(_))).count();
        }
    };
    let result: Result<Result<(), _>, _> = timeout(time, holding).await;
    quiet.held_ms = millis(start);
    match result {
        Ok(Err(failure)) => quiet.ended = Some(engine.ended(&failure)),
        _ => engine.close().await,
    }
    quiet
}

/// Comes back on every transport that has said something, asking for the stanza after the last one.
pub async fn resume(context: &Context, evidence: &Evidence) -> Resume {
    let streams = Hop::STREAMS.into_iter().filter_map(|hop| Some((hop, evidence.stream(hop)?)));
    let comebacks =
        streams.filter_map(|(hop, stream)| Some(come_back(context, hop, stream, offset(stream)?)));
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

async fn come_back(context: &Context, hop: Hop, before: &Stream, offset: Offset) -> Comeback {
    let span = Span { stanzas: 1, time: context.limit() };
    let stream = streams::listen(context, hop, Some(&offset), span, &AtomicUsize::new(0)).await;
    let node = |stream: &Stream| Some(stream.opening.as_ref()?["node"].as_str()?.chars().take(64).collect());
    Comeback {
        transport: hop.name().trim_start_matches("stream-").to_owned(),
        wanted: offset.from,
        from: stream.opening.as_ref().and_then(|opening| opening["from"].as_u64()),
        index: stream.arrivals.first().and_then(|arrival| arrival.index),
        failure: stream.exchange.failure.clone(),
        nodes: [node(before), node(&stream)].into_iter().flatten().collect(),
    }
}
