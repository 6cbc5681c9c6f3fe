//! HTTP/2: all that a browser does over one connection, beside the same over HTTP/1.1.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicUsize},
};

use futures_util::future::{OptionFuture, join_all};

use super::{
    page,
    upgrade::{self, Proof},
};
use crate::{
    probe::{
        app,
        client::{
            http::{self, Request},
            websocket::Style,
        },
        context::Context,
        diagnose::http2::failed_alone,
        evidence::{AppWay, Evidence, Exchange, Http2, Stream},
        streams::{self, Asked, Span},
        subject::{Kind, Listening, Subject},
    },
    transport::{EngineTransport, Transport},
};

/// Gets the page and its client library, and listens to these transports, to WebSocket only where the server offers it over HTTP/2: all at
/// once, so that it takes no longer than the same over HTTP/1.1.
pub(crate) async fn look(
    context: &Context,
    library: Option<&str>,
    transports: &[Transport],
    span: Span,
) -> Http2 {
    let over = over_http2(context);
    let page = Request::get(over.page.clone(), over.limit()).with("accept", "text/html");
    let library = page::library_request(&over, library);
    let streams = join_all(transports.iter().map(|transport| Box::pin(listen(&over, *transport, span))));
    let (page, library, streams) =
        tokio::join!(Box::pin(get(&over, page)), Box::pin(get(&over, library)), streams);
    let streams = BTreeMap::from_iter(streams.into_iter().flatten());
    let seen = Http2 { page: Some(page), client_library: Some(library), streams, ..Http2::default() };
    with_connections(seen, &over)
}

/// Listens to one transport; none where the server does not offer it over HTTP/2.
async fn listen(over: &Context, transport: Transport, span: Span) -> Option<(Transport, Stream)> {
    if transport.is_websocket() && !offers_websocket(over).await {
        return None;
    }
    let count = AtomicUsize::new(0);
    Some((transport, streams::listen(over, transport, Asked::default(), span, &count).await))
}

/// Where only an engine is asked for: opens a session, and a WebSocket where the server offers it over HTTP/2.
pub(crate) async fn look_at_engine(context: &Context) -> Http2 {
    let over = over_http2(context);
    let request = Request::get(over.engine(EngineTransport::Polling, None), over.limit());
    let handshake = get(&over, request).await;
    let offered = handshake.status.is_some() && offers_websocket(&over).await;
    let proof = Proof::Packets { polling: false };
    let upgrade =
        OptionFuture::from(offered.then(|| Box::pin(upgrade::direct(&over, Style::Chrome, proof)))).await;
    with_connections(Http2 { handshake: Some(handshake), upgrade, ..Http2::default() }, &over)
}

/// The stream of an application; none where it is a WebSocket that the server does not offer over HTTP/2. What is posted is not posted
/// once more: it may cost something.
pub(crate) async fn look_at_stream(
    context: &Context,
    subject: &Subject,
    way: AppWay,
    listening: Listening,
) -> Option<Http2> {
    let over = over_http2(context);
    if subject.kind() == Kind::Post || (way == AppWay::WebSocket && !offers_websocket(&over).await) {
        return None;
    }
    // Whether compression of messages works is another matter.
    let compressed = way != AppWay::WebSocket;
    let app = app::listen(&over, subject, way, compressed, listening, &AtomicUsize::new(0)).await;
    Some(with_connections(Http2 { app: Some(app), ..Http2::default() }, &over))
}

/// Looks once more, over a fresh connection and with nothing else open, at what failed over HTTP/2 alone: one sample may be chance.
pub(crate) async fn look_again(context: &Context, evidence: &mut Evidence, span: Span) {
    let Some(failed) = failed_alone(evidence) else { return };
    let _alone = context.connector.gate().alone().await;
    let library = evidence.page.as_ref().and_then(|page| page.client_library.as_deref());
    let again = look(context, library, &failed, span).await;
    keep(evidence, again);
}

/// The same where only an engine is asked for.
pub(crate) async fn look_engine_again(context: &Context, evidence: &mut Evidence) {
    if failed_alone(evidence).is_some() {
        let _alone = context.connector.gate().alone().await;
        keep(evidence, look_at_engine(context).await);
    }
}

/// The same for the stream of an application.
pub(crate) async fn look_at_stream_again(
    context: &Context,
    subject: &Subject,
    way: AppWay,
    listening: Listening,
    evidence: &mut Evidence,
) {
    if failed_alone(evidence).is_some()
        && let Some(again) = look_at_stream(context, subject, way, listening).await
    {
        keep(evidence, again);
    }
}

fn keep(evidence: &mut Evidence, again: Http2) {
    if let Some(seen) = &mut evidence.http2 {
        seen.again = Some(Box::new(again));
    }
}

/// The same, with one connection of HTTP/2 for everything.
fn over_http2(context: &Context) -> Context {
    Context { connector: Arc::new(context.connector.over_http2()), ..context.clone() }
}

async fn get(over: &Context, request: Request) -> Exchange {
    http::fetch(&over.connector, request).await.0
}

async fn offers_websocket(over: &Context) -> bool {
    let shared = over.connector.http2().expect("the connector was made for HTTP/2");
    shared.offers_websocket(&over.connector, &over.page, over.limit()).await.unwrap_or(false)
}

fn with_connections(seen: Http2, over: &Context) -> Http2 {
    let connections = over.connector.http2().map(|shared| shared.seen()).unwrap_or_default();
    Http2 { connections, ..seen }
}
