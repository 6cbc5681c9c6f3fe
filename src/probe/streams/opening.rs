//! How each transport is opened.

use serde_json::json;

use super::{
    Asked, Offset,
    source::{EventStream, Source},
};
use crate::{
    contract::{QUIET, paths},
    probe::{
        client::{
            engineio,
            http::{self, Request},
            websocket::{self, Style},
        },
        context::Context,
        engine_session::EngineSession,
        evidence::Stream,
        target::Target,
    },
    transport::{EngineTransport, Transport},
};

/// What is opened for a transport.
pub(crate) fn url(context: &Context, transport: Transport, asked: Asked<'_>) -> Target {
    let target = match transport {
        Transport::SocketIoWebSocket => context.engine(EngineTransport::WebSocket, None),
        Transport::SocketIoPolling => context.poll(None),
        Transport::WebSocket => {
            let from = asked.offset.map(|offset| offset.from.to_string());
            let from = from.as_deref().map(|from| ("from", from));
            let edition = asked.offset.map(|offset| ("edition", offset.edition.as_str()));
            let pairs = [("format", "json")].into_iter().chain(from).chain(edition);
            context.below(paths::WEBSOCKET).with_query(pairs)
        }
        // Coming back, the event's id says where, as a browser does it.
        Transport::Sse => context.below(paths::SSE),
    };
    let quiet = asked.quiet.map(|quiet| quiet.as_secs().to_string());
    target.and_query(quiet.as_deref().map(|quiet| (QUIET, quiet)))
}

/// Opens a transport, and keeps in `stream` what was seen; nothing more is to be said where it fails.
pub(crate) async fn open(
    context: &Context,
    transport: Transport,
    target: &Target,
    offset: Option<&Offset>,
    stream: &mut Stream,
) -> Result<Source, ()> {
    let limit = context.limit();
    match transport {
        Transport::SocketIoWebSocket | Transport::SocketIoPolling => {
            let opened = if transport == Transport::SocketIoWebSocket {
                EngineSession::by_websocket(context, target, Style::Plain).await
            } else {
                EngineSession::by_polling(context, target).await
            };
            let (exchange, mut engine) = opened.map_err(|error| {
                stream.exchange = error.exchange;
                stream.garbage = error.garbage;
                stream.ended = error.ended;
            })?;
            stream.exchange = exchange;
            let auth = offset.map(|at| json!({"from": at.from, "edition": at.edition}));
            let joined = engine.send(&engineio::join("/", auth.as_ref())).await;
            joined.map_err(|failure| stream.ended = Some(engine.ended(&failure)))?;
            Ok(Source::Engine(Box::new(engine)))
        }
        Transport::WebSocket => {
            let (connector, cookie) = (&context.connector, context.cookies.header(target));
            let opened = websocket::open(connector, target, Style::Plain, cookie.as_deref(), limit).await;
            let (exchange, socket) = opened.map_err(|exchange| stream.exchange = *exchange)?;
            stream.exchange = exchange;
            Ok(Source::WebSocket(Box::new(socket)))
        }
        Transport::Sse => {
            let mut request = context
                .with_cookies(Request::get(target.clone(), limit))
                .with("accept", "text/event-stream")
                .with("cache-control", "no-cache")
                // As browsers send it, without what only browsers can unpack.
                .with("accept-encoding", "gzip");
            if let Some(Offset { from, edition }) = offset {
                request = request.with("last-event-id", format!("{edition}:{}", from.saturating_sub(1)));
            }
            let answer = match http::send(&context.connector, request).await {
                Ok(answer) => answer,
                Err(exchange) => {
                    stream.exchange = *exchange;
                    return Err(());
                }
            };
            if answer.exchange.status != Some(200)
                || (is_page(answer.exchange.header("content-type")) && !answer.exchange.is_ours())
            {
                stream.exchange = answer.finish().await.0;
                return Err(());
            }
            stream.exchange = answer.exchange.clone();
            Ok(Source::Sse(Box::new(EventStream::new(answer))))
        }
    }
}

/// Whether a type is that of a page or a message, which no event stream is taken for. Of any other wrong type it is listened to all
/// the same: then it is known whether it streams.
fn is_page(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"))
}
